"""What a newcomer finds without any key: agents that decide, spend tokens and money, and say that all of it is made up."""

from __future__ import annotations

from tests.web.server import Lab

ONE_DATABASE = "it is about what a newcomer meets, who has SQLite"


def test_a_ready_made_simulation_spends_made_up_tokens_and_says_so(lab: Lab) -> None:
    told = lab.client.get("/simulations/haggling").json()
    assert told["scenario"] == "haggling"
    description = lab.client.get("/scenarios/haggling").json()["description"]
    assert "made up" in description
    run = lab.ended(lab.run("haggling", seed=1))
    assert run["status"] == "completed"
    assert run["total_tokens"] > 10_000
    assert run["total_cost_usd"] > 0.05
    assert "made up" in run["narrative"]
    turns = lab.client.get(f"/runs/{run['id']}/turns", params={"limit": 100}).json()["items"]
    assert sum(turn["tokens"] for turn in turns) == run["total_tokens"]
    decisions = lab.client.get(f"/runs/{run['id']}/decisions", params={"limit": 100}).json()["items"]
    assert all(decision["reasoning"] for decision in decisions if decision["outcome"] == "success")
    assert {decision["outcome"] for decision in decisions} >= {"success", "failure"}
    assert run["problem_count"] > 0
