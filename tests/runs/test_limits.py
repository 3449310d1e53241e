"""Limits: of time, of runs at once; retries by themselves; what a queued run waits for."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from runs import queries, recording
from runs.conductor import conduct
from runs.models import Run, Simulation
from runs.states import FailureKind
from tests.conftest import Api, MakeRun
from tests.runs.lives import ERROR, claimed, lead_to, turn

pytestmark = pytest.mark.django_db


class EndlessPlayer:
    """Alive for ever after its first turn; knows when it was left."""

    log = "its log"

    def __init__(self) -> None:
        self.left = False

    def play(self, spec: Any, memory_mb: int | None, journal: Any) -> Generator[list[dict[str, Any]]]:
        try:
            yield [turn(1)]
            while True:
                yield []
        finally:
            self.left = True

    def stop(self) -> None: ...


@pytest.mark.parametrize(
    ("limit", "words"), [("run_timeout_s", "The run took longer"), ("turn_timeout_s", "A turn took longer")]
)
def test_a_run_beyond_its_time_has_failed_with_what_it_recorded(make_run: MakeRun, limit: str, words: str) -> None:
    run = make_run()
    Run.objects.filter(pk=run.pk).update(**{limit: 0})
    player = EndlessPlayer()
    assert conduct(run.pk, player)  # type: ignore[arg-type]
    run.refresh_from_db()
    assert (run.status, run.failure_kind, run.error_type) == ("failed", "timeout", "Timeout")
    assert run.error_message.startswith(words)
    assert run.turns_done == 1
    assert player.left


def test_limits_are_the_simulations_at_the_moment_of_queueing(api: Api, simulation: Simulation) -> None:
    limits = {"run_timeout_s": 60, "turn_timeout_s": 5, "memory_limit_mb": 512}
    answer = api.patch("/simulations/a-toy", {"execution": limits})
    assert answer.status_code == 200
    assert answer.json()["execution"] == {
        **limits,
        "max_parallel": None,
        "retry_attempts": 0,
        "retry_backoff_s": 30,
        "retry_kinds": ["lost", "timeout"],
    }
    made = api.post("/simulations/a-toy/runs", {}).json()["id"]
    api.patch("/simulations/a-toy", {"execution": {"run_timeout_s": None}})
    run = Run.objects.get(pk=made)
    assert (run.run_timeout_s, run.turn_timeout_s, run.memory_limit_mb) == (60, 5, 512)


@pytest.mark.parametrize(
    "limits", [{"run_timeout_s": 0}, {"memory_limit_mb": 1}, {"max_parallel": 0}, {"retry_kinds": ["x"]}]
)
def test_senseless_limits_are_refused(api: Api, simulation: Simulation, limits: dict[str, Any]) -> None:
    answer = api.patch("/simulations/a-toy", {"execution": limits})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][:2] == ["execution", next(iter(limits))]


def test_a_simulation_plays_no_more_runs_at_once_than_it_may(make_run: MakeRun, simulation: Simulation) -> None:
    Simulation.objects.update(max_parallel=1)
    first, second = make_run(), make_run()
    holder = claimed(first)
    assert queries.next_queued() is None
    assert recording.claim(second.pk) is None
    holder.fail(FailureKind.MODEL, ERROR)
    assert queries.next_queued() == second.pk
    assert recording.claim(second.pk) is not None


def test_a_full_simulation_does_not_hold_up_others(make_run: MakeRun, simulation: Simulation) -> None:
    Simulation.objects.update(max_parallel=1)
    claimed(make_run())
    make_run(priority=5)
    other = Simulation.objects.create(name="Other", slug="other", scenario="toy", turns=2)
    theirs = make_run(other)
    assert queries.next_queued() == theirs.pk


def test_a_queued_run_says_what_it_waits_for(api: Api, make_run: MakeRun, simulation: Simulation) -> None:
    first, second = make_run(), make_run()
    assert api.get(f"/runs/{second.pk}").json()["waiting"] == {"position": 2, "reason": "waiting for a free worker"}
    Simulation.objects.update(max_parallel=1)
    claimed(first)
    assert api.get(f"/runs/{second.pk}").json()["waiting"] == {
        "position": 1,
        "reason": "this simulation plays 1 run at a time",
    }
    assert api.get(f"/runs/{first.pk}").json()["waiting"] is None


def test_a_lost_run_is_retried_by_itself_after_a_pause_that_doubles(make_run: MakeRun, simulation: Simulation) -> None:
    Simulation.objects.update(retry_attempts=2, retry_backoff_s=60)
    run = make_run()
    for attempt, pause in ((2, 60), (3, 120)):
        claimed(run).fail(FailureKind.LOST, ERROR)
        [retry] = Run.objects.filter(retry_of=run)
        assert (retry.attempt, retry.seed, retry.status) == (attempt, run.seed, "queued")
        assert retry.not_before is not None
        assert abs(retry.not_before - timezone.now() - timedelta(seconds=pause)) < timedelta(seconds=10)
        assert queries.next_queued() is None, "its time has not come"
        assert queries.waiting(retry).reason.startswith("waits until")  # type: ignore[union-attr]
        Run.objects.filter(pk=retry.pk).update(not_before=timezone.now())
        run = retry
    claimed(run).fail(FailureKind.LOST, ERROR)
    assert not Run.objects.filter(retry_of=run).exists(), "there were two retries already"


def test_an_error_of_the_model_is_not_retried_unless_asked(make_run: MakeRun, simulation: Simulation) -> None:
    Simulation.objects.update(retry_attempts=1)
    first = lead_to(make_run(), "failed")
    assert not Run.objects.filter(retry_of=first).exists()
    Simulation.objects.update(retry_kinds=["model"])
    second = lead_to(make_run(), "failed")
    assert Run.objects.filter(retry_of=second).exists()
