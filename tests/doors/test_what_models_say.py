"""Whatever a model says is kept, or is a Problem of its run, or ends its run as the model's failure; no page breaks of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors.everything import Everything
from tests.odd_worlds import ENDS, SAYS
from tests.web.server import Lab


@pytest.fixture
def slug(lab: Lab) -> str:
    return lab.simulation("Odd", "odd", 4)


def problems(lab: Lab, run: int) -> list[str]:
    items = lab.client.get(f"/runs/{run}/problems", params={"limit": 100}).json()["items"]
    return [item["description"] for item in items]


@pytest.mark.parametrize(
    ("ends", "error_type", "message"),
    [
        ("exit", "SystemExit", "bad config"),
        ("exit-silently", "SystemExit", "no message"),
        ("interrupt", "KeyboardInterrupt", "by the model"),
        ("cancelled", "CancelledError", "no longer wanted"),
        ("generator-exit", "GeneratorExit", "gone"),
        ("mute", "Mute", "<Mute whose text cannot be made: ValueError>"),
        ("leaving", "Leaving", "<Leaving whose text cannot be made: SystemExit>"),
        ("unspeakable", "Unspeakable", "<Unspeakable whose text cannot be made: ValueError>"),
        ("surrogate", "RuntimeError", "half a � character and �"),
        ("nothing", "TypeError", "turn() must return a TurnReport, and returned NoneType"),
        ("no-problem", "TypeError", "the problems of a TurnReport must be instances of Problem"),
    ],
)
def test_an_end_that_a_model_brought_about_is_the_models(
    lab: Lab, slug: str, ends: str, error_type: str, message: str
) -> None:
    run = lab.ended(lab.run(slug, params={"ends": ends}))
    assert (run["status"], run["failure_kind"], run["turns_done"]) == ("failed", "model", 2)
    assert (run["error"]["type"], run["error"]["message"]) == (error_type, message)
    assert run["error"]["turn"] == 3
    assert "Traceback" in run["error"]["traceback"]


@pytest.mark.parametrize(
    ("says", "cost", "tokens", "problem"),
    [
        ("cost-huge", None, None, "cost_usd is left out: expected a number from 0 to 99,999,999"),
        ("cost-nan", None, None, "cost_usd is left out: expected a finite number, got nan"),
        ("cost-negative", None, None, "cost_usd is left out"),
        ("cost-text", None, None, "cost_usd is left out: expected a number, got str"),
        ("cost-numpy", 2.0, 12, ""),
        ("cost-adds-up", 60_000_000.0, None, "cost_usd is left out"),
        ("tokens-huge", None, None, "tokens is left out: expected a whole number"),
        ("tokens-fraction", None, None, "tokens is left out: expected a whole number"),
        ("tokens-negative", None, None, "tokens is left out"),
        ("decision-cost", None, None, "cost_usd of decision 'choose' is left out"),
        ("decision-numpy", 1.0, 28, ""),
        ("start-nan", None, None, "start_ms of decision 'choose' is left out: expected a finite number, got nan"),
        ("start-negative", None, None, "start_ms of decision 'choose' is left out"),
        ("start-late", None, None, "start_ms of decision 'choose' is left out"),
        ("start-text", None, None, "start_ms of decision 'choose' is left out: expected a number, got str"),
        ("settled-cost", None, None, "cost_usd of decision 'k' is left out: expected a finite number"),
    ],
)
def test_a_number_is_kept_or_is_a_problem(
    lab: Lab, slug: str, says: str, cost: float | None, tokens: int | None, problem: str
) -> None:
    run = lab.ended(lab.run(slug, params={"says": says}))
    assert (run["status"], run["total_cost_usd"], run["total_tokens"]) == ("completed", cost, tokens)
    noted = [text for text in problems(lab, run["id"]) if "left out" in text]
    assert any(problem in text for text in noted) == bool(problem)
    assert bool(noted) == bool(problem)


def test_actions_are_whole_numbers_and_others_are_problems(lab: Lab, slug: str) -> None:
    run = lab.ended(lab.run(slug, params={"says": "actions"}, turns=1))
    [turn] = lab.client.get(f"/runs/{run['id']}/turns").json()["items"]
    assert turn["actions"] == {"fine": 3}
    assert sum("The count of the action" in text for text in problems(lab, run["id"])) == 4


def test_long_texts_keep_their_beginning_and_their_end(lab: Lab, slug: str) -> None:
    failed = lab.ended(lab.run(slug, params={"ends": "long"}))
    message = failed["error"]["message"]
    assert message.startswith("beginxxx")
    assert message.endswith("xxxend")
    assert "characters are left out here" in message
    assert len(message) <= 4_000
    assert len(failed["error"]["traceback"]) <= 16_000
    said = lab.ended(lab.run(slug, params={"says": "long"}, turns=1))
    [decision] = lab.client.get(f"/runs/{said['id']}/decisions").json()["items"]
    assert decision["reasoning"].startswith("beginrrr")
    assert decision["reasoning"].endswith("rrrend")
    assert len(decision["reasoning"]) <= 16_000
    [problem] = [text for text in problems(lab, said["id"]) if text.startswith("begin")]
    assert problem.endswith("end")


def test_a_log_is_text_for_people(lab: Lab, slug: str) -> None:
    run = lab.ended(lab.run(slug, params={"says": "prints"}, turns=1))["id"]
    log = lab.client.get(f"/runs/{run}/log").json()["text"]
    assert log == "red\n100%\n" + "ü" * 70_000 + "\n"


def test_a_list_of_long_failures_is_short_and_compressed(lab: Lab, slug: str) -> None:
    runs = [lab.run(slug, params={"ends": "long"}) for _ in range(5)]
    for run in runs:
        lab.ended(run)
    answer = lab.client.get(f"/simulations/{slug}/runs", params={"limit": 10})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.content) < 100_000
    assert {item["error"]["traceback"] for item in answer.json()["items"]} == {None}
    assert "Traceback" in lab.get(runs[0])["error"]["traceback"]


def test_no_page_breaks_of_what_a_model_said(lab: Lab, slug: str, everything: Everything) -> None:
    asked = [{"says": says} for says in SAYS] + [{"ends": ends} for ends in ENDS]
    runs = [lab.run(slug, params=params) for params in asked]
    for run in runs:
        lab.ended(run)
    assert everything.broken(slug, runs) == []


TEXTS = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(["", "items", "\ud800", "x" * 9000])
NUMBERS = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats() | TEXTS
CELLS = st.dictionaries(TEXTS, NUMBERS, max_size=4)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "actions": CELLS,
        "tokens": NUMBERS,
        "cost_usd": NUMBERS,
        "number": NUMBERS,
        "mapping": CELLS | NUMBERS,
        "table": st.lists(CELLS | NUMBERS, max_size=3),
        "narrative": TEXTS,
        "problems": st.lists(TEXTS, max_size=3),
        "output": CELLS | NUMBERS | st.lists(CELLS, max_size=2) | st.dictionaries(TEXTS, st.lists(CELLS), max_size=3),
        "view": st.lists(NUMBERS, max_size=3),
        "raises": TEXTS,
        "decisions": st.lists(
            st.fixed_dictionaries(
                {"agent": TEXTS, "intent": TEXTS},
                optional={
                    "key": TEXTS,
                    "chosen": TEXTS,
                    "reasoning": TEXTS,
                    "context": CELLS,
                    "tokens": NUMBERS,
                    "cost_usd": NUMBERS,
                    "latency_ms": NUMBERS,
                    "start_ms": NUMBERS,
                    "node": TEXTS,
                    "error": TEXTS,
                    "outcome": st.sampled_from(["pending", "success", "failure"]),
                },
            ),
            max_size=3,
        ),
    },
)


def test_a_model_may_say_anything_and_every_page_goes_on(lab: Lab, everything: Everything) -> None:
    slug = lab.simulation("Anything", "anything", 2)
    runs: list[int] = []

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(SAID)
    def say(said: dict[str, Any]) -> None:
        runs.append(lab.run(slug, params={"says": json.dumps(said)}))

    say()
    kinds = {lab.ended(run, 120)["failure_kind"] for run in runs}
    assert kinds == {None, "model"}
    assert everything.broken(slug, runs[-15:]) == []
