"""What a model says is bounded when it is read: over the bound its run fails as the model's, and nobody else waits."""

from __future__ import annotations

import pytest

from tests.web.server import Lab

ONE_DATABASE = "what is over a bound never comes to the database"


@pytest.fixture
def slug(lab: Lab) -> str:
    return lab.simulation("Rude", "rude", 3)


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ("decisions", "A turn is told in 11,"),
        ("problems", "A turn is told in 12,"),
        ("actions", "A turn is told in 12,"),
        ("rows", "A turn is told in 12,"),
        ("names", "A turn is told in 12,"),
        ("checkpoint", "A turn is told in 9,"),
        ("run-rows", "The end of the run is told in 12,"),
    ],
)
def test_a_model_that_says_too_much_at_once_fails_and_the_bound_is_named(
    lab: Lab, slug: str, how: str, what: str
) -> None:
    run = lab.ended(lab.run(slug, params={"how": how}), 60)
    assert (run["status"], run["failure_kind"]) == ("failed", "model")
    assert run["error"]["message"].startswith(what)
    assert "at most 8,388,608 are read" in run["error"]["message"]
    assert run["error"]["turn"] == (3 if how == "run-rows" else 2)
    assert "names the bound" in lab.client.get(f"/runs/{run['id']}/summary").json()["analysis"]["suggestions"][-1]
    assert lab.ended(lab.run(slug))["status"] == "completed"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("pipe", "a message of over 8,388,608 bytes"),
        ("no-json", "wrote '{]' where simweb's own messages belong"),
        ("no-message", "wrote '[1]' where"),
        ("deep", "wrote '[[[["),
    ],
)
def test_a_model_that_writes_into_the_pipe_of_messages_fails(lab: Lab, slug: str, how: str, says: str) -> None:
    run = lab.ended(lab.run(slug, params={"how": how}), 60)
    assert (run["status"], run["failure_kind"], run["error"]["turn"]) == ("failed", "model", 2)
    assert says in run["error"]["message"]


@pytest.mark.parametrize(
    ("how", "status", "says"),
    [
        ("construct", "failed", "at construction"),
        ("input", "failed", "EOF when reading a line"),
        ("exit-lines", "failed", "characters are left out here"),
        ("view-exit", "completed", "The world cannot be shown: SystemExit: in a view"),
        ("view", "completed", "The world cannot be shown: ValueError"),
    ],
)
def test_where_ever_a_model_leaves_or_asks_it_is_told(lab: Lab, slug: str, how: str, status: str, says: str) -> None:
    run = lab.ended(lab.run(slug, params={"how": how}), 60)
    problems = lab.client.get(f"/runs/{run['id']}/problems").json()["items"]
    told = (run["error"] or {}).get("message", "") + "".join(problem["description"] for problem in problems)
    assert run["status"] == status
    assert says in told
    assert run["failure_kind"] in {None, "model"}


def test_a_player_goes_first_when_the_memory_of_the_machine_runs_out(lab: Lab, slug: str) -> None:
    run = lab.ended(lab.run(slug))
    turns = lab.client.get(f"/runs/{run['id']}/turns").json()["items"]
    assert {turn["metrics"]["turn.rude.goes"] for turn in turns} == {1000}


@pytest.mark.parametrize("params", [{"how": "check"}, {"numbers": ["x"] * 200_000}, {"numbers": ["x"] * 500}])
def test_what_is_wrong_with_parameters_is_told_in_bounds(lab: Lab, slug: str, params: dict[str, object]) -> None:
    refused = lab.client.post(f"/simulations/{slug}/runs", json={"params": params})
    assert refused.status_code == 422
    assert len(refused.content) < 100_000
    assert refused.json()["errors"]
