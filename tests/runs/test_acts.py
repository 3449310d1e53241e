"""What people do to runs: stop, retry, run again, delete, restore. And what is recorded of it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from runs import queries, services
from runs.models import Run, Simulation
from runs.services import TransitionRefused
from runs.states import TERMINAL, Status
from simweb.access.doors import caller_of_session
from tests.conftest import MakeRun
from tests.runs.lives import claimed, lead_to, played, turn

LIVE = [Status.QUEUED, Status.RUNNING, Status.STUCK]
ENDED = sorted(TERMINAL)


def kinds(run: Run) -> list[str]:
    """The kinds of its events, in order."""
    return list(run.events.values_list("kind", flat=True))


@pytest.mark.parametrize("status", LIVE)
def test_a_run_that_has_not_ended_can_be_stopped_by_somebody_for_a_reason(
    run: Run, operator: User, status: Status
) -> None:
    lead_to(run, status)
    services.cancel(run, by=operator, reason="changed my mind")
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert run.finished_at is not None
    last = run.events.last()
    assert last is not None
    assert (last.kind, last.actor, last.detail) == ("cancelled", operator, "changed my mind")


@pytest.mark.parametrize("status", ENDED)
def test_a_run_that_has_ended_cannot_be_stopped_and_says_why(run: Run, operator: User, status: Status) -> None:
    before = lead_to(run, status)
    with pytest.raises(TransitionRefused, match=f"run {run.pk} is {status}") as caught:
        services.cancel(run, by=operator)
    assert caught.value.status == status
    run.refresh_from_db()
    assert (run.status, run.version, run.finished_at) == (before.status, before.version, before.finished_at)


def test_a_cancelled_run_stays_cancelled_when_its_player_finishes_late(run: Run) -> None:
    player = claimed(run)
    player.add([turn(1)])
    services.cancel(run, by=None)
    assert player.add([turn(2)]) is False
    assert player.keep_log("late words") is False
    with pytest.raises(TransitionRefused):
        player.complete(played())
    run.refresh_from_db()
    assert (run.status, run.turns_done, run.log, run.fingerprint) == ("cancelled", 1, "", "")
    assert run.turn_rows.count() == 1
    assert kinds(run) == ["queued", "running", "cancelled"]


def test_a_player_whose_lease_was_given_to_another_changes_nothing(run: Run) -> None:
    first = claimed(run)
    Run.objects.filter(pk=run.pk).update(lease="00000000-0000-0000-0000-000000000001")
    assert first.add([turn(1)]) is False
    with pytest.raises(TransitionRefused):
        first.complete(played())
    run.refresh_from_db()
    assert (run.status, run.turns_done, run.turn_rows.count()) == ("running", 0, 0)


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_a_retry_is_the_same_spec_as_the_next_attempt(make_run: MakeRun, operator: User, status: Status) -> None:
    first = lead_to(make_run(seed=5, turns=3, params={"agents": 4}, priority=2), status)
    second = services.retry(first, by=operator)
    third = services.retry(lead_to(second, status), by=operator)
    for run in (second, third):
        spec = (run.scenario, run.params, run.seed, run.turns, run.metric_keys, run.priority)
        assert spec == (first.scenario, first.params, first.seed, first.turns, first.metric_keys, first.priority)
    assert [(run.attempt, run.retry_of) for run in (first, second, third)] == [(1, None), (2, first), (3, second)]
    assert kinds(first)[-1] == "retried"
    assert third.status == "queued"


@pytest.mark.parametrize("status", [*LIVE, Status.COMPLETED])
def test_what_did_not_fail_cannot_be_retried(run: Run, operator: User, status: Status) -> None:
    with pytest.raises(TransitionRefused):
        services.retry(lead_to(run, status), by=operator)
    assert Run.objects.count() == 1


@pytest.mark.parametrize("status", list(Status))
def test_running_again_takes_a_new_seed_in_any_state(make_run: MakeRun, operator: User, status: Status) -> None:
    first = lead_to(make_run(seed=5, params={"agents": 4}), status)
    again = services.run_again(first, by=operator)
    assert (again.params, again.turns, again.metric_keys) == (first.params, first.turns, first.metric_keys)
    assert again.seed != first.seed
    assert (again.attempt, again.retry_of) == (1, None)


@pytest.mark.parametrize("status", ENDED)
def test_a_deleted_run_leaves_every_list_and_comes_back_when_restored(run: Run, operator: User, status: Status) -> None:
    ended = lead_to(run, status)
    seen = queries.visible_runs(caller_of_session(operator))
    services.delete(ended, by=operator)
    assert not seen.filter(pk=run.pk).exists()
    assert list(queries.history(ended.simulation)) == []
    services.restore(ended, by=operator)
    assert seen.filter(pk=run.pk).exists()
    assert kinds(run)[-2:] == ["deleted", "restored"]


@pytest.mark.parametrize("status", LIVE)
def test_a_run_that_has_not_ended_cannot_be_deleted(run: Run, operator: User, status: Status) -> None:
    with pytest.raises(TransitionRefused):
        services.delete(lead_to(run, status), by=operator)
    run.refresh_from_db()
    assert run.deleted_at is None


def counts(simulation: Simulation) -> tuple[int, int, float | None]:
    simulation.refresh_from_db()
    return simulation.completed_runs, simulation.failed_runs, simulation.success_rate


def test_the_counts_of_a_simulation_are_exact_after_every_act(
    simulation: Simulation, make_run: MakeRun, operator: User
) -> None:
    assert counts(simulation) == (0, 0, None)
    good = [lead_to(make_run(), "completed") for _ in range(3)]
    bad = lead_to(make_run(), "failed")
    lead_to(make_run(), "cancelled")
    lead_to(make_run(), "running")
    assert counts(simulation) == (3, 1, 75.0)
    services.delete(good[0], by=operator)
    services.delete(good[0], by=operator)
    assert counts(simulation) == (2, 1, 66.67)
    services.delete(bad, by=operator)
    assert counts(simulation) == (2, 0, 100.0)
    services.restore(bad, by=operator)
    services.restore(bad, by=operator)
    assert counts(simulation) == (2, 1, 66.67)


def test_each_transition_is_one_event_in_order_and_one_version(run: Run) -> None:
    player = claimed(run)
    services.transition(run.pk, Status.STUCK)
    services.transition(run.pk, Status.RUNNING)
    player.complete(played())
    run.refresh_from_db()
    assert kinds(run) == ["queued", "running", "stuck", "running", "completed"]
    assert run.version == 5
    moments = list(run.events.values_list("created_at", flat=True))
    assert moments == sorted(moments)


def test_the_end_of_a_run_sets_its_duration_and_leaves_its_start(run: Run) -> None:
    player = claimed(run)
    started = Run.objects.get(pk=run.pk).started_at
    player.complete(played())
    run.refresh_from_db()
    assert run.started_at == started
    assert run.started_at is not None
    assert run.finished_at is not None
    assert run.duration_ms == round((run.finished_at - run.started_at).total_seconds() * 1000)


def test_a_run_that_was_never_started_has_no_duration(run: Run) -> None:
    services.cancel(run, by=None)
    run.refresh_from_db()
    assert run.duration_ms is None
    assert run.finished_at is not None
    assert run.finished_at <= timezone.now()


def test_a_restore_of_what_is_not_deleted_is_no_event(run: Run, operator: User) -> None:
    services.restore(lead_to(run, "completed"), by=operator)
    assert kinds(run) == ["queued", "running", "completed"]
