"""Leases, heartbeats, fences: who is dead, who is only slow, and that a late writer changes nothing."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from runs import queries, recording, services
from runs.conductor import conduct
from runs.models import Run, Turn
from runs.states import FailureKind, Status
from runs.upkeep import Upkeep, bury_the_lost
from tests.conftest import MakeRun
from tests.runs.lives import ERROR, claimed, played, turn

pytestmark = pytest.mark.django_db


def silence(run: Run, seconds: float) -> None:
    """As if nothing had been heard of its player for so long."""
    Run.objects.filter(pk=run.pk).update(heartbeat_at=Now() - timedelta(seconds=seconds))


def test_a_run_whose_player_is_silent_for_long_is_lost(run: Run) -> None:
    claimed(run)
    silence(run, 21)
    assert bury_the_lost() == 1
    run.refresh_from_db()
    assert (run.status, run.failure_kind, run.error_type) == ("failed", "lost", "PlayerLost")
    assert "20 s" in run.error_message


def test_a_player_that_was_paused_within_its_grace_goes_on_as_if_nothing_was(run: Run) -> None:
    holder = claimed(run)
    silence(run, 15)
    assert bury_the_lost() == 0
    assert holder.add([turn(1)])
    assert Run.objects.get(pk=run.pk).status == "running"


def test_a_player_that_comes_back_too_late_changes_nothing(run: Run) -> None:
    holder = claimed(run)
    holder.add([turn(1)])
    silence(run, 60)
    bury_the_lost()
    buried = Run.objects.values().get(pk=run.pk)

    assert not holder.beat()
    assert not holder.add([turn(2)])
    assert not holder.keep_log("late words")
    assert not holder.stall("late")
    assert not holder.give_back()
    with pytest.raises(services.TransitionRefused):
        holder.complete(played())
    with pytest.raises(services.TransitionRefused):
        holder.fail(FailureKind.MODEL, ERROR)
    assert Run.objects.values().get(pk=run.pk) == buried
    assert Turn.objects.filter(run=run).count() == 1


def test_a_heartbeat_keeps_a_run_without_turns_alive_and_is_no_change_of_it(run: Run) -> None:
    holder = claimed(run)
    version = Run.objects.get(pk=run.pk).version
    silence(run, 60)
    assert holder.beat()
    assert bury_the_lost() == 0
    assert Run.objects.get(pk=run.pk).version == version


def test_burying_a_run_that_was_taken_by_another_player_meanwhile_is_refused(run: Run) -> None:
    first = claimed(run)
    assert first.give_back()
    claimed(run)
    assert not recording.bury(run.pk, "dead", fence=first.lease)
    assert Run.objects.get(pk=run.pk).status == "running"


def test_whoever_was_paused_himself_has_patience_with_others(run: Run) -> None:
    claimed(run)
    silence(run, 60)
    upkeep = Upkeep()
    assert bury_the_lost not in upkeep.duties(now=1_000_000.0), "it has just begun"
    for second in range(1, 20):
        assert bury_the_lost not in upkeep.duties(now=1_000_000.0 + second)
    assert bury_the_lost in upkeep.duties(now=1_000_021.0)
    assert bury_the_lost not in upkeep.duties(now=1_000_100.0), "its machine slept"


def test_a_run_without_turns_for_long_is_stuck_and_comes_back_with_the_next_turn(run: Run) -> None:
    holder = claimed(run)
    assert holder.stall("no turn for 60 s")
    assert Run.objects.get(pk=run.pk).status == "stuck"
    assert holder.add([turn(1)])
    assert Run.objects.get(pk=run.pk).status == "running"
    kinds = list(run.events.values_list("kind", flat=True))
    assert kinds == ["queued", "running", "stuck", "running"]


def test_a_stuck_run_can_be_stopped_and_its_player_learns_it(run: Run) -> None:
    holder = claimed(run)
    holder.stall("no turn")
    services.cancel(run, by=None)
    assert not holder.add([turn(1)])
    assert Run.objects.get(pk=run.pk).status == "cancelled"


def test_a_run_is_given_back_only_as_it_was_before_it_was_claimed(run: Run) -> None:
    before = Run.objects.values().get(pk=run.pk)
    assert claimed(run).give_back()
    after = Run.objects.values().get(pk=run.pk)
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {"version", "changed_at"}
    assert queries.next_queued() == run.pk


@pytest.mark.django_db(transaction=True)
def test_a_live_player_without_turns_is_stuck_then_completes(make_run: MakeRun, settings: object) -> None:
    """Through the conductor, with a player whose second turn takes its time."""
    settings.STALL_SECONDS = 0.5  # type: ignore[attr-defined]
    run = make_run(turns=2)
    seen: list[str] = []

    class SlowPlayer:
        log = ""

        def play(self, spec: object, memory_mb: object, journal: object) -> object:
            yield [turn(1)]
            until = time.monotonic() + 10
            while Run.objects.get(pk=run.pk).status != Status.STUCK and time.monotonic() < until:
                yield []
            seen.append(Run.objects.get(pk=run.pk).status)
            yield [turn(2)]
            seen.append(Run.objects.get(pk=run.pk).status)
            yield [played()]

        def stop(self) -> None: ...

    assert conduct(run.pk, SlowPlayer())  # type: ignore[arg-type]
    assert seen == [Status.STUCK, Status.RUNNING]
    assert Run.objects.get(pk=run.pk).status == Status.COMPLETED
