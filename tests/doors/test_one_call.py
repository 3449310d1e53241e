"""The one call of the brief, as its author would make it."""

from __future__ import annotations

import pytest

from tests.web.server import Lab

BUILT_IN = {
    "run.actions.total",
    "run.actions.total_by_type",
    "turn.actions.counts_by_type",
    "turn.actions.total",
}


@pytest.mark.parametrize("seed", range(5))
def test_the_briefs_own_call_gives_something_to_look_at(lab: Lab, seed: int) -> None:
    told = lab.client.post("/simulations/run", json={"num_agents": 2, "num_turns": 1, "seed": seed}).json()
    assert told["status"] == "completed"
    assert told["run_metrics"]["run.actions.total"] > 0
    assert sum(told["turns"][0]["total_actions"].values()) == told["run_metrics"]["run.actions.total"]


@pytest.mark.parametrize("keys", [{}, {"metric_keys": None}, {"metric_keys": []}])
def test_no_keys_are_the_built_ins_and_the_scenarios_own_whatever_was_saved(lab: Lab, keys: dict[str, None]) -> None:
    changes = {"metric_keys": ["turn.opinion.mean"], "params": {"activity": 0.01, "start_hour": 4}, "turns": 7}
    before = lab.client.get("/simulations/social-feed").json()
    lab.client.patch("/simulations/social-feed", json=changes).raise_for_status()
    try:
        told = lab.client.post("/simulations/run", json={"num_agents": 2, "num_turns": 1, "seed": 1, **keys}).json()
    finally:
        kept = {name: before[name] for name in ("metric_keys", "params", "turns")}
        lab.client.patch("/simulations/social-feed", json=kept).raise_for_status()
    config = lab.client.get(f"/simulations/runs/{told['run_id']}").json()["config"]
    default = lab.client.get("/simulations/config/default").json()["metric_keys"]
    own = lab.client.get("/metrics", params={"scenario": "social-feed"}).json()
    assert config["metric_keys"] == default
    assert set(default) == BUILT_IN | {metric["key"] for metric in own if metric["is_default"]}
    assert config["params"]["activity"] == 10.0
    assert told["run_metrics"]["run.actions.total"] > 0


def test_an_unknown_key_is_refused_by_name(lab: Lab) -> None:
    answer = lab.client.post("/simulations/run", json={"num_agents": 2, "metric_keys": ["unknown.metric"]})
    assert answer.status_code == 422
    assert "unknown.metric" in answer.json()["detail"]
