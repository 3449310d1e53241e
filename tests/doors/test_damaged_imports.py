"""An import is checked like a run that is made here: all that is wrong is said at once, with its place in the file."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors.everything import Everything
from tests.doors.test_exports import exported
from tests.web.server import Lab

Damage = Callable[[dict[str, Any]], Any]
DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "no slug": (lambda run: run.update(simulation="Not A Slug/"), "simulation", "May hold up to 100"),
    "a reserved slug": (lambda run: run.update(simulation="new"), "simulation", "not be a reserved word"),
    "no text for a name": (lambda run: run.update(simulation=7), "simulation", "Must be a text"),
    "another scenario": (lambda run: run.update(simulation="who-gets-rich"), "simulation", "of the scenario 'wealth'"),
    "keys that are no list": (
        lambda run: run.update(metric_keys="turn.actions.total"),
        "metric_keys",
        "Must be a list",
    ),
    "keys that are numbers": (lambda run: run.update(metric_keys=[1]), "metric_keys.0", "Must be a text"),
    "an unknown key": (lambda run: run.update(metric_keys=["turn.no.such"]), "metric_keys", "Unknown metric"),
    "a seed below 0": (lambda run: run.update(seed=-1), "seed", "Must be at least 0"),
    "a seed beyond 2^53": (lambda run: run.update(seed=2**60), "seed", "Must be at most 9007199254740991"),
    "a seed of half": (lambda run: run.update(seed=0.5), "seed", "Must be a whole number"),
    "an end before the start": (
        lambda run: run.update(started_at="2026-11-20T00:00:00Z", finished_at="2026-11-19T00:00:00Z"),
        "finished_at",
        "Must not lie before",
    ),
    "a measurement that was changed": (
        lambda run: run["turn_rows"][1]["metrics"].update({"turn.actions.total": 12345}),
        "fingerprint",
        "some of them were changed",
    ),
    "a turn that was taken out": (lambda run: run["turn_rows"].pop(1), "fingerprint", "some of them were changed"),
    "a fingerprint of nothing": (lambda run: run.update(fingerprint="0" * 64), "fingerprint", "Is not that of"),
    "a fingerprint that is none": (lambda run: run.update(fingerprint="x"), "fingerprint", "Is not of the form"),
    "no turns": (lambda run: run.update(turns=0), "turns", "Must be at least 1"),
    "too many turns": (lambda run: run.update(turns=2**40), "turns", "Must be at most"),
    "more turns done": (lambda run: run.update(turns_done=9), "turns_done", "Must be at most its turns, 3"),
    "a turn twice": (lambda run: run["turn_rows"].append(run["turn_rows"][0]), "turn_rows.3.number", "1 is also in"),
    "a turn too many": (lambda run: run["turn_rows"][0].update(number=7), "turn_rows.0.number", "Must be at most"),
    "turn zero": (lambda run: run["turn_rows"][0].update(number=0), "turn_rows.0.number", "Must be at least 1"),
    "a wrong measurement": (
        lambda run: run["turn_rows"][1]["metrics"].update(x=[1]),
        "turn_rows.1.metrics.x",
        "Must be a number, null, an object",
    ),
    "actions of half": (lambda run: run["turn_rows"][0]["actions"].update(x=0.5), "turn_rows.0.actions.x", "whole"),
    "a cost in words": (lambda run: run.update(total_cost_usd="much"), "total_cost_usd", "Must be a number"),
    "a cost beyond all columns": (lambda run: run.update(total_cost_usd=1e12), "total_cost_usd", "Must be at most"),
    "a negative cost": (lambda run: run.update(total_cost_usd=-1), "total_cost_usd", "Must be at least 0"),
    "a decision's cost": (lambda run: run["decisions"][0].update(cost_usd=1e12), "decisions.0.cost_usd", "at most"),
    "tokens of half": (lambda run: run.update(total_tokens=1.5), "total_tokens", "Must be a whole number"),
    "true for a number": (lambda run: run.update(total_tokens=True), "total_tokens", "Must be a whole number"),
    "a text for a number": (lambda run: run.update(duration_ms="3"), "duration_ms", "Must be a whole number"),
    "a date that is none": (lambda run: run.update(created_at="yesterday"), "created_at", "Must be a moment"),
    "a date of year 1": (lambda run: run.update(created_at="0001-01-01T00:00:00Z"), "created_at", "between 1970"),
    "a date to come": (lambda run: run.update(finished_at="9999-12-31T00:00:00Z"), "finished_at", "tomorrow"),
    "a date without zone": (lambda run: run.update(started_at="2026-01-01T00:00:00"), "started_at", "time zone"),
    "no end": (lambda run: run.update(finished_at=None), "finished_at", "Must be a moment"),
    "an unknown status": (lambda run: run.update(status="asleep"), "status", "Must be one of queued"),
    "a run that runs": (lambda run: run.update(status="running"), "status", "had not ended"),
    "a failure of nothing": (lambda run: run.update(failure_kind="model"), "failure_kind", "only for one"),
    "an unknown severity": (
        lambda run: run["problems"].append({"severity": "terrible"}),
        "problems.0.severity",
        "Must be one of 'critical', 'warning' or 'minor'",
    ),
    "counts that contradict": (lambda run: run["counts"].update(critical_count=9), "counts.problem_count", "at least"),
    "a tag with a comma": (lambda run: run.update(tags=["a,b"]), "tags", "holds no comma"),
    "tags that are no list": (lambda run: run.update(tags={}), "tags", "Must be a list"),
    "parameters that are none": (lambda run: run.update(params=[]), "params", "Must be an object"),
    "a parameter out of bounds": (lambda run: run["params"].update(agents=0), "params.agents", "Must be at least 1"),
    "half a character": (lambda run: run.update(notes="\ud800"), "notes", "half a character"),
    "a NUL in a parameter": (lambda run: run["params"].update(note="\0"), "params", "NUL"),
    "a packaged lie": (lambda run: run.update(environment={"packages": [1]}), "environment.packages", "an object"),
    "an output that is none": (lambda run: run.update(output_data=[1]), "output_data", "Must be an object"),
    "an endless output": (lambda run: run.update(output_data={"x": "y" * 70_000}), "output_data", "64,000 characters"),
    "nodes beyond number": (
        lambda run: run.update(nodes_executed=["n"] * 201),
        "nodes_executed",
        "at most 200",
    ),
    "more nodes than counted": (lambda run: run.update(nodes_executed=["n"]), "counts.node_count", "at least the 1"),
    "a start before the play": (
        lambda run: run["decisions"][0].update(started_ms=-1.0),
        "decisions.0.started_ms",
        "Must be at least 0",
    ),
    "no run at all": (lambda run: run.clear(), "id", "Is required"),
}


@pytest.fixture(scope="session")
def sound(server: Any, token: str) -> Any:
    """An export of one good run with decisions."""
    lab = Lab(server.base, token)
    with lab.client:
        run = lab.ended(lab.run(lab.simulation("Sound", "deciding", 3), seed=5))["id"]
        return exported(lab, run)


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_wrong_is_refused_with_its_place(lab: Lab, sound: Any, damage: str) -> None:
    data = copy.deepcopy(sound)
    change, place, says = DAMAGES[damage]
    change(data["runs"][0])
    answer = lab.client.post("/runs/import", content=json.dumps(data))
    assert answer.status_code == 422, answer.text
    messages = {".".join(error["loc"]): error["msg"] for error in answer.json()["errors"]}
    assert says in messages.get(f"runs.0.{place}", ""), messages


def test_all_errors_of_all_runs_are_said_at_once(lab: Lab, sound: Any) -> None:
    data = copy.deepcopy(sound)
    data["runs"] = [copy.deepcopy(sound["runs"][0]) for _ in range(3)]
    data["runs"][0].update(seed=-1, total_cost_usd="x")
    data["runs"][2]["id"] += 10
    data["runs"][2]["turn_rows"][0]["number"] = 2
    answer = lab.client.post("/runs/import", json=data).json()
    places = {".".join(error["loc"]) for error in answer["errors"]}
    assert places == {"runs.0.seed", "runs.0.total_cost_usd", "runs.2.turn_rows.1.number"}
    data["runs"] = [{} for _ in range(100)]
    answer = lab.client.post("/runs/import", json=data).json()
    assert len(answer["errors"]) == 101
    assert "more errors" in answer["errors"][-1]["msg"]


def test_the_same_file_is_imported_once(lab: Lab, sound: Any) -> None:
    data = copy.deepcopy(sound)
    data["runs"][0]["id"] += 1000
    [made] = lab.client.post("/runs/import", json=data).raise_for_status().json()
    again = lab.client.post("/runs/import", json=data)
    assert again.status_code == 422
    assert again.json()["errors"] == [
        {"loc": ["runs", "0", "id"], "msg": f"It was imported before, as run {made['id']}."}
    ]
    lab.delete(made["id"])
    told = lab.client.post("/runs/import", json=data).json()["errors"][0]["msg"]
    assert told == f"It was imported before, as run {made['id']}, which was deleted: restore it."
    data["runs"] *= 2
    assert "is also runs.0" in lab.client.post("/runs/import", json=data).json()["detail"]


def test_a_run_of_a_scenario_that_is_not_here_is_kept_and_shown(lab: Lab, sound: Any, everything: Everything) -> None:
    data = copy.deepcopy(sound)
    data["runs"][0].update(scenario="from-elsewhere", simulation="from-elsewhere", params={"items": [1]})
    [made] = lab.client.post("/runs/import", json=data).raise_for_status().json()
    lab.made.append("from-elsewhere")
    assert everything.broken("from-elsewhere", [made["id"]]) == []


TEXTS = st.text(st.characters(codec=None), max_size=20) | st.text(st.characters(codec="utf-8"), max_size=20)
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.sampled_from(["items", "", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "completed", "x" * 5000]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=6,
)


def odd_like(value: Any) -> st.SearchStrategy[Any]:
    """Of the same type, which is often taken, or anything at all."""
    same = {str: TEXTS, int: st.integers(0, 2**33), float: st.floats(0, 1e16), bool: st.booleans()}.get(type(value))
    if isinstance(value, dict):
        same = st.dictionaries(TEXTS, ODD | st.integers(0, 9), max_size=3).map(lambda more: {**value, **more})
    return ODD if same is None else same | ODD


def places(value: Any, *path: Any) -> list[tuple[Any, ...]]:
    """Every place within the value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, item in inside for place in places(item, *path, name))]


def test_nothing_that_a_file_holds_breaks_a_page(lab: Lab, sound: Any, everything: Everything) -> None:
    taken: list[int] = []
    numbers = iter(range(10**6, 10**9))

    @settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def import_something(data: st.DataObject) -> None:
        document = copy.deepcopy(sound)
        [run] = document["runs"]
        # Of a version whose parameters and metrics nobody here knows, and without a fingerprint that would tell of changes.
        run.update(id=next(numbers), scenario_version="of another lab", fingerprint=None)
        for _ in range(data.draw(st.integers(1, 4))):
            *path, name = data.draw(st.sampled_from(places(run)[1:]))
            holder: Any = run
            for step in path:
                holder = holder[step]
            holder[name] = data.draw(odd_like(holder[name]))
        answer = lab.client.post("/runs/import", content=json.dumps(document))
        assert answer.status_code in {201, 400, 422}, answer.text
        if answer.status_code == 201:
            taken.append(answer.json()[0]["id"])

    import_something()
    assert taken
    slugs = {lab.get(run)["simulation"] for run in taken}
    chosen = random.Random(1).sample(taken, min(10, len(taken)))
    assert [failed for slug in slugs for failed in everything.broken(slug, chosen)] == []
    lab.made.extend(slugs)
