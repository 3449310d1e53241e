"""One call: start a run, wait for it, have its measurements."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Run, Simulation
from tests.conftest import Api
from tests.runs.test_api_errors import fields, is_problem

ANSWER = {"run_id", "created_at", "status", "num_agents", "num_turns", "turns", "run_metrics", "error"}
DETAIL = {"run_id", "status", "created_at", "started_at", "completed_at", "config", "turns", "run_metrics", "error"}


@pytest.mark.django_db(transaction=True)
def test_a_social_feed_is_run_and_its_measurements_come_back(api: Api, played: None) -> None:
    body = {"num_agents": 4, "num_turns": 3, "feed_algorithm": "chronological", "seed": 5}
    answer = api.post("/simulations/run", body)
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == ANSWER
    assert isinstance(told["run_id"], str)
    assert (told["status"], told["num_agents"], told["num_turns"], told["error"]) == ("completed", 4, 3, None)
    assert [turn["turn_number"] for turn in told["turns"]] == [1, 2, 3]
    assert set(told["turns"][0]) == {"turn_number", "created_at", "total_actions", "metrics"}
    assert told["run_metrics"]["run.actions.total"] == sum(sum(t["total_actions"].values()) for t in told["turns"])
    again = api.client.get(answer["Location"]).json()
    assert set(again) == DETAIL
    assert again["turns"] == told["turns"]
    assert (again["config"]["num_agents"], again["config"]["feed_algorithm"]) == (4, "chronological")


@pytest.mark.django_db(transaction=True)
def test_the_same_call_with_the_same_seed_measures_the_same(api: Api, played: None) -> None:
    body = {"num_agents": 4, "num_turns": 3, "seed": 5}
    one, two = (api.post("/simulations/run", body).json() for _ in range(2))
    assert one["run_id"] != two["run_id"]
    assert [turn["metrics"] for turn in one["turns"]] == [turn["metrics"] for turn in two["turns"]]
    assert one["run_metrics"] == two["run_metrics"]


@pytest.mark.django_db(transaction=True)
def test_any_simulation_is_run_by_its_slug(api: Api, simulation: Simulation, played: None) -> None:
    body = {"simulation": "a-toy", "params": {"agents": 2}, "turns": 2, "metric_keys": ["turn.walk.place"]}
    told = api.post("/simulations/run", body).json()
    assert (told["status"], len(told["turns"])) == ("completed", 2)
    assert set(told["turns"][0]["metrics"]) == {"turn.walk.place"}


@pytest.mark.django_db(transaction=True)
def test_a_run_that_fails_is_an_answer_and_says_why(api: Api, played: None) -> None:
    api.post("/simulations", {"name": "Crash", "scenario": "crashing"})
    answer = api.post("/simulations/run", {"simulation": "crash"})
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "failed"
    assert set(told["error"]) == {"code", "message", "detail"}
    assert told["error"]["message"] == "RuntimeError: the bank is empty"
    assert "Traceback" in told["error"]["detail"]
    assert len(told["turns"]) == 2


def test_a_run_that_is_not_over_in_time_is_told_as_it_stands(api: Api, simulation: Simulation) -> None:
    answer = api.client.post("/api/v1/simulations/run?wait=0", {"simulation": "a-toy"}, content_type="application/json")
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["turns"], told["run_metrics"], told["error"]) == ("queued", [], None, None)
    assert answer["Location"] == f"/api/v1/simulations/runs/{told['run_id']}"
    assert api.client.get(answer["Location"]).json()["started_at"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "num_agents"),
        ({"num_agents": 0}, None),
        ({"num_agents": -1}, None),
        ({"num_agents": "x"}, "num_agents"),
        ({"num_agents": 3, "num_turns": 0}, None),
        ({"num_agents": 3, "feed_algorithm": "magic"}, None),
        ({"num_agents": 3, "feed_algorithm_config": {"volume": 11}}, "feed_algorithm_config.volume"),
        ({"num_agents": 3, "metric_keys": ["turn.no.such"]}, "metric_keys"),
        ({"num_agents": 3, "seed": -1}, "seed"),
        ({"num_agents": 3, "params": {}}, "simulation"),
        ({"num_agents": 3, "surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_call_is_refused_and_starts_nothing(api: Api, body: dict[str, Any], field: str | None) -> None:
    wrong = fields(api.post("/simulations/run", body))
    assert field is None or field in wrong
    assert not Run.objects.exists()


@pytest.mark.parametrize("wait", [-1, 61, "long"])
def test_nobody_waits_for_ever(api: Api, simulation: Simulation, wait: Any) -> None:
    address = f"/api/v1/simulations/run?wait={wait}"
    answer = api.client.post(address, {"simulation": "a-toy"}, content_type="application/json")
    assert list(fields(answer)) == ["wait"]


def test_an_unknown_simulation_is_a_404(api: Api) -> None:
    is_problem(api.post("/simulations/run", {"simulation": "none"}), 404)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_runs_once(api: Api, simulation: Simulation, played: None) -> None:
    answers = [api.post("/simulations/run", {"simulation": "a-toy"}, Idempotency_Key="k").json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert Run.objects.count() == 1


def test_what_can_be_asked_for_is_listed(api: Api) -> None:
    brief = {"key", "display_name", "description", "scope", "author"}
    metrics = api.get("/simulations/metrics").json()
    assert metrics
    assert all(set(metric) == brief for metric in metrics)
    feeds = api.get("/simulations/feed-algorithms").json()
    assert "chronological" in {feed["id"] for feed in feeds}
    assert all(set(feed) == {"id", "display_name", "description", "config_schema"} for feed in feeds)
    default = api.get("/simulations/config/default").json()
    assert set(default) == {"num_agents", "num_turns", "metric_keys"}
    assert set(default["metric_keys"]) <= {metric["key"] for metric in metrics}
