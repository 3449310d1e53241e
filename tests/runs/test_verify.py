"""Verify: the run is played again, and its page says what came of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs import services, verification
from runs.models import Run, Turn
from runs.simulations import create_simulation
from runs.states import Trigger
from tests.conftest import Api, MakeRun
from tests.runs.lives import lead_to
from tests.scenarios import Toy

pytestmark = pytest.mark.django_db(transaction=True)


def play(scenario: str, turns: int = 6, **params: Any) -> Run:
    """A completed run."""
    simulation = create_simulation(name=scenario, scenario=scenario, turns=turns, params=params)
    keys = ["turn.chance.drawn"] if scenario == "unseeded" else None
    [run] = services.create_runs(simulation, trigger=Trigger.MANUAL, seed=3, metric_keys=keys)
    assert Run.objects.get(pk=run.pk).status == "completed"
    return Run.objects.get(pk=run.pk)


def verified(run: Run) -> dict[str, Any]:
    """What stands on the run when its replay is over."""
    services.verify(Run.objects.get(pk=run.pk), by=None)
    found = Run.objects.get(pk=run.pk).verification
    assert found is not None
    return dict(found)


@pytest.mark.parametrize("scenario", ["toy", "wealth", "schelling"])
def test_a_seeded_run_repeats_itself(played: None, scenario: str) -> None:
    run = play(scenario)
    replay = services.verify(run, by=None)
    assert replay is not None
    found = Run.objects.get(pk=run.pk).verification
    assert found == {"status": "verified", "runs": [replay.pk], "turn": None, "metric": None, "reason": ""}
    assert Run.objects.get(pk=replay.pk).trigger == "verify"


def test_a_hundred_of_a_hundred_seeded_runs_verify(played: None) -> None:
    simulation = create_simulation(name="Feed", scenario="social-feed", turns=2, params={"agents": 60})
    runs = services.create_runs(simulation, trigger=Trigger.MANUAL, seed=1, replicates=100)
    assert {verified(run)["status"] for run in runs} == {"verified"}


def test_one_unseeded_number_is_caught_in_its_turn_and_metric(played: None) -> None:
    found = verified(play("unseeded", since=4))
    assert (found["status"], found["turn"], found["metric"]) == ("differs", 4, "turn.chance.drawn")


def test_what_differs_over_the_whole_run_and_what_is_missing_is_named(make_run: MakeRun) -> None:
    one, other = lead_to(make_run(), "completed"), lead_to(make_run(), "completed")
    assert verification.first_difference(one.pk, other.pk) == (None, None)
    third = make_run()
    lead_to(third, "cancelled")
    assert verification.first_difference(one.pk, third.pk) == (1, None)
    Turn.objects.filter(run=other, number=2).delete()
    assert verification.first_difference(one.pk, other.pk) == (2, None)


def test_a_changed_environment_is_named_with_a_difference() -> None:
    before = {"python": "3.11.7", "packages": {"numpy": "2.1", "old": "1"}, "git": {"commit": "a"}}
    now = {"python": "3.11.7", "packages": {"numpy": "2.2"}, "git": {"commit": "b"}}
    assert verification.environment_changes(before, now) == [
        "git commit was a, is b",
        "numpy was 2.1, is 2.2",
        "old was 1, is not there",
    ]


def test_a_run_that_cannot_be_verified_says_why(
    played: None, api: Api, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    improvised = play("improvising")
    assert "does not promise to repeat itself" in verified(improvised)["reason"]
    run = play("toy")
    monkeypatch.setattr(Toy, "version", "8")
    answer = api.post(f"/runs/{run.pk}/verify")
    assert answer.status_code == 200
    told = answer.json()["verification"]
    assert (told["status"], told["runs"]) == ("impossible", [])
    assert told["reason"] == "The scenario is now version 8; the run was played with version 7."
    assert "Cannot be verified" in browser.get(f"/runs/{run.pk}/").content.decode()


def test_a_plug_in_that_is_gone_is_said(played: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = play("toy")
    monkeypatch.setenv("SIMWEB_SCENARIOS", "")
    assert verified(run)["reason"] == "Its code is gone or broken. Unknown scenario 'toy'."


def test_a_replay_counts_for_nothing_in_the_success_of_its_simulation(played: None) -> None:
    run = play("toy")
    verified(run)
    simulation = run.simulation
    simulation.refresh_from_db()
    assert (simulation.completed_runs, simulation.runs.count()) == (1, 2)


def test_a_replay_that_is_stopped_leaves_the_question_open(make_run: MakeRun) -> None:
    run = lead_to(make_run(), "completed")
    replay = services.verify(run, by=None)
    assert replay is not None
    assert (Run.objects.get(pk=run.pk).verification or {})["status"] == "pending"
    services.cancel(replay, by=None)
    found = Run.objects.get(pk=run.pk).verification or {}
    assert (found["status"], found["reason"]) == (
        "impossible",
        f"The replay, run {replay.pk}, is cancelled. It was stopped.",
    )


@pytest.mark.parametrize("status", ["queued", "running", "failed", "cancelled"])
def test_only_a_completed_run_is_verified(api: Api, make_run: MakeRun, status: str) -> None:
    run = lead_to(make_run(), status)
    assert api.post(f"/runs/{run.pk}/verify").status_code == 409
