"""Questions about a run, asked of a server over HTTP: it plays the run again, and says what it finds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.waiting import wait_until
from tests.web.server import Lab

ONE_DATABASE = "answers come from a child that has no database"

COST = "run.payments.cost"


@pytest.fixture
def castro(lab: Lab) -> int:
    """An ended run of the second Castro game."""
    return played(lab, "castro-2")


def played(lab: Lab, game: str) -> int:
    slug = lab.simulation(f"Asked {game}", "payments", 100, params={"game": game})
    [run] = lab.finished(slug, 1)
    return run


def ask(lab: Lab, run: int, question: str, **asked: Any) -> httpx.Response:
    return lab.client.get(f"/runs/{run}/answers/{question}", params=asked, timeout=90)


def table(answer: httpx.Response, title: str) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    [found] = [block for block in answer.json()["blocks"] if block.get("title") == title]
    return dict(found)


def test_each_question_is_told_with_what_it_takes(lab: Lab, castro: int) -> None:
    questions = {one["key"]: one for one in lab.client.get(f"/runs/{castro}/questions").json()}
    assert set(questions) == {"cost", "payment", "payments", "policy"}
    assert questions["cost"]["title"] == "Why this cost?"
    assert questions["cost"]["params"]["required"] == ["bank"]
    assert set(questions["cost"]["params"]["properties"]) == {"bank", "tick"}


def test_what_is_told_of_a_cost_adds_up_to_the_cost_that_the_run_has(lab: Lab, castro: int) -> None:
    for bank, cents in lab.get(castro)["run_metrics"][COST].items():
        answer = ask(lab, castro, "cost", bank=bank)
        assert answer.json()["question"] == "cost"
        by_tick = table(answer, "By tick, in cents")
        assert sum(row[-1] for row in by_tick["rows"]) == by_tick["foot"][-1] == cents > 0
        assert table(answer, "By kind")["foot"][-1] == cents


def test_the_rows_of_a_tick_add_up_to_what_was_measured_in_it(lab: Lab, castro: int) -> None:
    turns = lab.client.get(f"/runs/{castro}/turns").json()["items"]
    for turn in (turns[0], turns[-1]):
        rows = table(ask(lab, castro, "cost", bank="BANK_B", tick=turn["number"] - 1), "By kind")["rows"]
        assert sum(row[-1] for row in rows) == turn["metrics"]["turn.payments.cost"]["BANK_B"]


def test_what_there_is_not_is_refused_with_what_there_is(lab: Lab, castro: int) -> None:
    refused = ask(lab, castro, "cost", bank="BANK_AA")
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("There is no bank 'BANK_AA'. Did you mean \"BANK_A\"?")
    assert ask(lab, castro, "cost", bank="BANK_A", tick=12).json()["detail"] == (
        "There is no tick 12: the run has ticks 0 to 11."
    )


@pytest.mark.parametrize(
    ("asked", "place", "message"),
    [
        ({}, "bank", "Is required."),
        ({"bank": "BANK_A", "tick": "three"}, "tick", "Must be a whole number."),
        ({"bank": "BANK_A", "tick": "-1"}, "tick", "Must be at least 0."),
        ({"bank": "BANK_A", "day": "1"}, "day", "There is no such parameter."),
    ],
)
def test_a_parameter_that_is_wrong_is_named(
    lab: Lab, castro: int, asked: dict[str, str], place: str, message: str
) -> None:
    refused = ask(lab, castro, "cost", **asked)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"loc": [place], "msg": message}]


def test_a_question_that_nobody_answers_is_404(lab: Lab, castro: int) -> None:
    assert ask(lab, castro, "weather").status_code == 404
    [run] = lab.finished(lab.simulation("Asked for wealth", "wealth", 2), 1)
    assert lab.client.get(f"/runs/{run}/questions").json() == []
    refused = ask(lab, run, "cost", bank="BANK_A")
    assert (refused.status_code, refused.json()["detail"]) == (404, "wealth answers no questions")


def test_a_run_that_is_played_is_asked_about_the_turns_that_it_has_done(lab: Lab, tmp_path: Path) -> None:
    arrive, until = tmp_path / "arrive", tmp_path / "until"
    slug = lab.simulation("Asked early", "waiting", 6)
    run = lab.run(slug, params={"arrive": str(arrive), "until": str(until), "turn": 4})
    wait_until(lambda: lab.get(run)["turns_done"] == 3)
    answer = ask(lab, run, "walk")
    assert [row[0] for row in table(answer, "Places")["rows"]] == [1, 2, 3]
    until.touch()


def test_a_run_that_does_not_repeat_itself_is_not_asked(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Improvised", "improvising", 2), 1)
    refused = ask(lab, run, "walk")
    assert refused.status_code == 409
    assert "does not promise to repeat itself" in refused.json()["detail"]


def test_a_process_that_is_killed_is_told_and_the_next_is_answered(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Killed asked", "dying", 2), 1)
    refused = ask(lab, run, "walk", turns=3)
    assert refused.status_code == 502
    assert "was killed by SIGKILL, without an answer." in refused.json()["detail"]
    assert len(table(ask(lab, run, "walk", turns=2), "Places")["rows"]) == 2


def test_two_are_answered_at_once(lab: Lab, castro: int) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, lab, castro, "payments", bank=bank) for bank in ("BANK_A", "BANK_B", "", "BANK_A")]
        rows = [table(answer.result(), "Payments")["rows"] for answer in asked]
    assert rows[0] == rows[3] == rows[2] != []
