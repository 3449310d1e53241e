"""Experiments over HTTP and by command: started from YAML, watched, stopped, gone on with, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simweb.scenarios.optimization.llm.fake import fake_llm
from simweb.scenarios.optimization.subjects import templates
from simweb.scenarios.payments.files.games import game_text
from tests.doors.browser import Browser
from tests.waiting import wait_until
from tests.web.server import Lab, Server

BY_CHANCE = (
    templates()["castro-2"]
    .text.replace("num_samples: 50, holdout_samples: 200", "num_samples: 6, history_days: 2, holdout_samples: 4")
    .replace("max_iterations: 25", "max_iterations: 6")
    .replace("kind: best-response", "kind: random")  # which always proposes, and never rests
)
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
PUBLISHED = """\
name: exp1
description: "A published file, as it is"
scenario: configs/exp1_2period.yaml
evaluation:
  mode: deterministic
  ticks: 2
convergence:
  max_iterations: 25
  stability_threshold: 0.05
  stability_window: 5
  improvement_threshold: 0.01
llm:
  model: "anthropic:claude-sonnet-4-5"
  temperature: 0.0
policy_constraints:
  allowed_parameters:
    - name: initial_liquidity_fraction
      param_type: float
      min_value: 0.0
      max_value: 1.0
optimized_agents:
  - BANK_A
  - BANK_B
output:
  directory: results
"""


@pytest.fixture
def made(lab: Lab) -> Iterator[list[int]]:
    """Experiments to be deleted again."""
    numbers: list[int] = []
    yield numbers
    for number in numbers:
        lab.client.delete(f"/experiments/{number}")


def start(lab: Lab, made: list[int], yaml: str, **more: Any) -> dict[str, Any]:
    answer = lab.client.post("/experiments", json={"yaml": yaml, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/api/v1/experiments/{told['id']}"
    made.append(told["id"])
    return told


def ended(lab: Lab, number: int) -> dict[str, Any]:
    return wait_until(lambda: told if (told := get(lab, number))["status"] != "running" else None, 60)


def get(lab: Lab, number: int) -> dict[str, Any]:
    told: dict[str, Any] = lab.client.get(f"/experiments/{number}").raise_for_status().json()
    return told


def verification(lab: Lab, run: int) -> dict[str, Any]:
    """What stands on the run when its replay has ended."""
    return wait_until(lambda: found if (found := lab.get(run)["verification"])["status"] != "pending" else None, 60)


def items(lab: Lab, number: int, what: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        lab.client.get(f"/experiments/{number}/{what}", params=query).raise_for_status().json()["items"]
    )
    return found


def refused(lab: Lab, yaml: str, **more: Any) -> list[dict[str, Any]]:
    answer: httpx.Response = lab.client.post("/experiments", json={"yaml": yaml, **more})
    assert answer.status_code == 422, answer.text
    errors: list[dict[str, Any]] = answer.json()["errors"]
    return errors


@pytest.mark.parametrize(
    ("game", "fractions", "costs"), [(1, (0.0, 0.2), (0, 2000)), (3, (0.2, 0.2), (1998, 1998))], ids=["exp1", "exp3"]
)
def test_a_template_ends_at_the_known_answer(
    lab: Lab, made: list[int], game: int, fractions: tuple[float, float], costs: tuple[int, int]
) -> None:
    told = ended(lab, start(lab, made, templates()[f"castro-{game}"].text)["id"])
    assert (told["status"], told["kind"], told["trials"]) == ("completed", "optimization", 1)
    assert told["runs"] == {"wanted": 1, "queued": 0, "running": 0, "completed": 1, "failed": 0, "cancelled": 0}
    result = told["result"]
    assert (result["converged"], result["reason"]) == (True, "cost_stability")
    assert tuple(result["per_agent_costs"].values()) == costs
    found = [policy["parameters"]["initial_liquidity_fraction"] for policy in result["final_policies"].values()]
    assert found == pytest.approx(fractions, abs=0.001)
    iterations = items(lab, told["id"], "iterations")
    assert [one["iteration"] for one in iterations] == list(range(1, result["iterations"] + 1))
    assert iterations[-1]["total_cost"] == result["final_cost"] == sum(costs)
    assert {agent["accepted"] for agent in iterations[-1]["agents"].values()} == {None}


def test_a_proposal_is_kept_whole(lab: Lab, made: list[int]) -> None:
    number = ended(lab, start(lab, made, BY_CHANCE)["id"])["id"]
    proposals = items(lab, number, "proposals")
    assert [(one["iteration"], one["agent"]) for one in proposals[:3]] == [(1, "BANK_A"), (1, "BANK_B"), (2, "BANK_A")]
    for one in proposals:
        assert len(one["samples"]) == 6
        assert one["delta_sum"] == sum(sample["old"] - sample["new"] for sample in one["samples"])
        assert one["accepted"] is (one["delta_sum"] > 0)
        assert one["replaced"]["parameters"] != one["policy"]["parameters"]
    only = items(lab, number, "proposals", agent="BANK_B", iteration=2)
    assert only == [one for one in proposals if (one["iteration"], one["agent"]) == (2, "BANK_B")]


def test_its_run_is_a_run_like_any_other(lab: Lab, made: list[int]) -> None:
    told = ended(lab, start(lab, made, BY_CHANCE, overrides={"seed": 7, "max_iterations": 3})["id"])
    run = lab.get(told["run"])
    assert (run["trigger"], run["seed"], run["turns"], run["turns_done"]) == ("experiment", 7, 3, 3)
    assert run["simulation"] == told["simulation"]
    assert run["decision_count"] == 4
    lab.client.post(f"/runs/{run['id']}/verify").raise_for_status()
    assert verification(lab, run["id"])["status"] == "verified"
    assert get(lab, told["id"])["run"] == run["id"], "a replay is not the experiment's run"


def test_stopped_and_gone_on_with_it_ends_as_if_it_never_had_been(lab: Lab, made: list[int]) -> None:
    long = BY_CHANCE.replace("max_iterations: 6", "max_iterations: 12").replace(" num_samples: 6", " num_samples: 60")
    whole = ended(lab, start(lab, made, long)["id"])
    stopped = start(lab, made, long)["id"]
    wait_until(lambda: len(items(lab, stopped, "iterations")) >= 2, 60)
    lab.client.post(f"/experiments/{stopped}/cancel").raise_for_status()
    assert get(lab, stopped)["status"] == "cancelled"
    done = items(lab, stopped, "iterations")
    answer = lab.client.post(f"/experiments/{stopped}/retry-failed")
    assert answer.status_code == 202, answer.text
    again = ended(lab, stopped)
    assert again["run"] == answer.json()["id"]
    assert again["result"] == whole["result"]
    assert items(lab, stopped, "iterations")[: len(done)] == done
    assert items(lab, stopped, "proposals") == items(lab, whole["id"], "proposals")
    assert lab.get(again["run"])["fingerprint"] == lab.get(whole["run"])["fingerprint"]


def test_a_model_is_asked_every_call_can_be_read_and_a_replay_needs_none(lab: Lab, made: list[int]) -> None:
    with fake_llm() as model:
        text = templates()["castro-1-llm"].text.replace("http://127.0.0.1:8089/v1", model.base_url)
        told = ended(lab, start(lab, made, text)["id"])
        assert told["result"]["final_cost"] == 2000
        proposals = items(lab, told["id"], "proposals")
        calls = [call for one in proposals for call in one["interactions"]]
        assert len(calls) == len(model.requests) > 10
    assert told["spent"]["tokens"] == sum(call["prompt_tokens"] + call["completion_tokens"] for call in calls)
    assert told["budget"] == {"tokens": 2_000_000, "cost_usd": None}
    for call in calls:
        assert "policy" in json.loads(call["raw_answer"])
        assert call["agent"] in call["system_prompt"]
        assert ({"BANK_A", "BANK_B"} - {call["agent"]}).pop() + "'s" not in call["user_prompt"]
    lab.client.post(f"/runs/{told['run']}/verify").raise_for_status()
    assert verification(lab, told["run"])["status"] == "verified", "though nobody answers any more"
    [replay] = verification(lab, told["run"])["runs"]
    assert lab.get(replay)["total_tokens"] is None


def test_a_budget_ends_the_run_before_it_is_passed_and_a_larger_one_is_another_experiment(
    lab: Lab, made: list[int]
) -> None:
    with fake_llm() as model:
        text = templates()["castro-1-llm"].text.replace("http://127.0.0.1:8089/v1", model.base_url)
        small = ended(lab, start(lab, made, text.replace("tokens: 2000000", "tokens: 60000"))["id"])
    assert small["status"] == "failed"
    assert 0 < small["spent"]["tokens"] <= 60_000
    run = lab.get(small["run"])
    assert (run["failure_kind"], run["error"]["type"]) == ("budget", "BudgetExceeded")
    assert "of the budget of 60,000" in run["error"]["message"]
    assert len(items(lab, small["id"], "iterations")) == run["turns_done"], "the last one, which came to no end, too"


def test_what_has_ended_is_not_stopped_and_what_is_completed_not_tried_again(lab: Lab, made: list[int]) -> None:
    number = ended(lab, start(lab, made, templates()["castro-1"].text)["id"])["id"]
    for act, done in (("cancel", "cancelled"), ("retry-failed", "tried again")):
        answer = lab.client.post(f"/experiments/{number}/{act}")
        assert answer.status_code == 409
        assert answer.json()["detail"] == f"experiment {number} is completed, so it cannot be {done}"


def test_a_published_file_is_run_with_the_files_that_came_with_it(lab: Lab, made: list[int]) -> None:
    files = {"exp1_2period.yaml": game_text("castro-1")}
    told = start(lab, made, PUBLISHED, files=files, overrides={"proposer": "best-response"})
    assert ended(lab, told["id"])["result"]["final_cost"] == 2000


def test_a_dry_run_makes_nothing(lab: Lab) -> None:
    before = lab.client.get("/experiments").json()
    answer = lab.client.post("/experiments?dry_run=true", json={"yaml": BY_CHANCE})
    assert answer.status_code == 200
    assert (answer.json()["trials"], answer.json()["runs"]) == (1, 1)
    assert lab.client.get("/experiments").json() == before
    wrong = lab.client.post("/experiments?dry_run=true", json={"yaml": BY_CHANCE.replace("bootstrap", "bootstrip")})
    assert wrong.status_code == 422


def test_all_that_is_wrong_in_a_file_is_told_with_its_place_and_line(lab: Lab) -> None:
    wrong = BY_CHANCE.replace("bootstrap", "bootstrip").replace("kind: random", "kind: randon")
    lines = wrong.splitlines()
    assert [(error["loc"], lines[error["line"] - 1].split(":")[0]) for error in refused(lab, wrong)] == [
        (["evaluation", "mode"], "evaluation"),
        (["proposer", "kind"], "proposer"),
    ]
    [error] = refused(lab, BY_CHANCE.replace("ticks: 12", "ticks: 13"))
    assert error["loc"] == ["scenario"]
    [error] = refused(lab, BY_CHANCE.replace("[BANK_A, BANK_B]", "[BANK_A, BANK_C]"))
    assert error["loc"] == ["optimized_agents", "1"]
    assert 'no agent "BANK_C"' in error["msg"]
    [error] = refused(lab, BY_CHANCE, overrides={"max_iterations": 0})
    assert error["loc"] == ["overrides", "max_iterations"]


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        (BOMB, "alias"),
        ("name: x\nscenario: ../../../etc/passwd\n", "not among the files"),
        ("name: x\nscenario: /etc/passwd\n", "not a path that is read"),
        ("x: " + "y" * 3_000_000, "characters"),
        ("", "The text is empty"),
        ("- 1\n- 2", "Write fields here"),
    ],
    ids=["alias", "path", "absolute", "huge", "empty", "list"],
)
def test_what_could_do_harm_is_refused_and_nothing_is_started(lab: Lab, yaml: str, said: str) -> None:
    before = lab.client.get("/experiments").json()["items"]
    assert said in json.dumps(refused(lab, yaml), ensure_ascii=False)
    assert lab.client.get("/experiments").json()["items"] == before


def test_a_deleted_experiment_takes_its_runs_along_and_its_page_brings_all_back(
    lab: Lab, browser: Browser, server: Server, made: list[int]
) -> None:
    told = ended(lab, start(lab, made, templates()["castro-1"].text)["id"])
    address = f"/experiments/{told['id']}/"
    lab.client.delete(f"/experiments/{told['id']}").raise_for_status()
    assert lab.client.get(f"/experiments/{told['id']}").status_code == 404
    assert lab.client.get(f"/runs/{told['run']}").status_code == 404
    page = browser.client.get(address)
    assert "This experiment is deleted." in page.text
    secret = browser.client.cookies["csrftoken"]
    headers = {"X-CSRFToken": secret, "Referer": server.base}
    assert browser.client.post(f"{address}restore/", headers=headers).status_code == 200
    assert get(lab, told["id"])["run"] == told["run"]
    assert lab.get(told["run"])["status"] == "completed"


def test_every_page_of_an_experiment_answers(lab: Lab, browser: Browser, made: list[int]) -> None:
    number = ended(lab, start(lab, made, BY_CHANCE)["id"])["id"]
    pages = ["", "found/", "iterations/1/", "iterations/6/"]
    addresses = [
        "/experiments/",
        "/experiments/new/",
        f"/experiments/new/?from={number}",
        "/experiments/templates/castro-1/",
    ]
    for address in [*addresses, *(f"/experiments/{number}/{page}" for page in pages)]:
        assert browser.client.get(address).status_code == 200, address
    assert browser.client.get(f"/experiments/{number}/iterations/7/").status_code == 404
    assert "Find a policy of BANK_A" in browser.client.get(f"/runs/{get(lab, number)['run']}/?tab=decisions").text


def test_the_list_goes_on_with_its_cursor(lab: Lab, made: list[int]) -> None:
    numbers = [start(lab, made, templates()["castro-1"].text)["id"] for _ in range(3)]
    first = lab.client.get("/experiments", params={"limit": 2}).json()
    assert [one["id"] for one in first["items"]] == numbers[:0:-1]
    rest = lab.client.get("/experiments", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [one["id"] for one in rest["items"]] == [numbers[0]]


def test_the_command_runs_a_file_and_the_page_shows_it(
    lab: Lab, server: Server, tmp_path: Path, made: list[int]
) -> None:
    folder = tmp_path / "experiments"
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "exp1_2period.yaml").write_text(game_text("castro-1"))
    (folder / "exp1.yaml").write_text(PUBLISHED)
    asked = (str(folder / "exp1.yaml"), "--proposer", "best-response")
    assert "is right: exp1" in server.manage("experiment", "validate", *asked)
    told = server.manage("experiment", "run", *asked)
    assert "completed" in told
    assert "2,000" in told
    newest = lab.client.get("/experiments").json()["items"][0]
    made.append(newest["id"])
    assert (newest["name"], newest["result"]["final_cost"]) == ("exp1", 2000)
    assert server.manage("experiment", "template", "castro-1") == templates()["castro-1"].text.strip()
