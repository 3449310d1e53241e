"""manage.py prune, and every server by the clock: what is removed for good, and what never is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from runs import retention, services
from runs.models import Run, Simulation
from runs.upkeep import Upkeep
from tests.conftest import MakeRun
from tests.runs.lives import lead_to
from tests.threads import at_once

LATER = timezone.now() + timedelta(days=100)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let a hundred days pass."""
    return lambda: monkeypatch.setattr("django.utils.timezone.now", lambda: LATER)


def prune(*options: str) -> str:
    out = StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue().strip()


def ended(make_run: MakeRun, **marks: Any) -> Run:
    run = lead_to(make_run(), "completed")
    Run.objects.filter(pk=run.pk).update(**marks) if marks else None
    return run


def test_old_runs_go_and_starred_and_unended_ones_stay(
    make_run: MakeRun, simulation: Simulation, later: Callable[[], None]
) -> None:
    old, starred, queued = ended(make_run), ended(make_run, is_starred=True), make_run()
    later()
    assert prune("--older-than", "90d", "--dry-run") == "1 runs would be removed."
    assert Run.objects.count() == 3
    assert prune("--older-than", "90d") == "1 runs removed."
    assert set(Run.objects.values_list("pk", flat=True)) == {starred.pk, queued.pk} != {old.pk}
    assert Simulation.objects.get().completed_runs == 1


def test_runs_younger_than_that_stay(make_run: MakeRun, later: Callable[[], None]) -> None:
    ended(make_run)
    later()
    assert prune("--older-than", "101d") == "0 runs removed."


def test_by_itself_only_what_was_deleted_a_week_ago_goes(make_run: MakeRun, later: Callable[[], None]) -> None:
    kept, gone, starred = ended(make_run), ended(make_run), ended(make_run, is_starred=True)
    for run in (gone, starred):
        services.delete(run, by=None)
    later()
    assert prune() == "1 runs removed."
    assert set(Run.objects.values_list("pk", flat=True)) == {kept.pk, starred.pk}


def test_what_was_deleted_this_week_can_still_be_restored(make_run: MakeRun) -> None:
    services.delete(ended(make_run), by=None)
    assert prune("--older-than", "90d") == "0 runs removed."


def test_the_setting_says_how_old(make_run: MakeRun, later: Callable[[], None], settings: Any) -> None:
    ended(make_run)
    settings.RETENTION_DAYS = 50
    later()
    assert prune() == "1 runs removed."


def test_many_go_in_batches(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        ended(make_run)
    assert list(retention.prune(LATER, 90)) == [2, 2, 1]


def test_a_verified_run_goes_though_its_replay_stays(make_run: MakeRun, later: Callable[[], None]) -> None:
    run = ended(make_run)
    replay = services.verify(run, by=None)
    assert replay is not None
    lead_to(replay, "completed")
    Run.objects.filter(pk=replay.pk).update(is_starred=True)
    later()
    assert prune("--older-than", "90d") == "1 runs removed."
    assert Run.objects.get().verifies_id is None


def test_a_server_removes_what_was_deleted_a_week_ago_by_itself(
    make_run: MakeRun, simulation: Simulation, later: Callable[[], None]
) -> None:
    kept, gone, starred = ended(make_run), ended(make_run), ended(make_run, is_starred=True)
    for run in (gone, starred):
        services.delete(run, by=None)
    round_of(Upkeep(), time.time())
    assert Run.objects.count() == 3
    later()
    round_of(Upkeep(), time.time())
    assert set(Run.objects.values_list("pk", flat=True)) == {kept.pk, starred.pk}
    assert Simulation.objects.get().completed_runs == 1


def test_a_server_removes_old_runs_where_the_setting_says_so(
    make_run: MakeRun, simulation: Simulation, later: Callable[[], None], settings: Any
) -> None:
    starred, _ = ended(make_run, is_starred=True), ended(make_run)
    settings.RETENTION_DAYS = 50
    later()
    round_of(Upkeep(), time.time())
    assert list(Run.objects.values_list("pk", flat=True)) == [starred.pk]
    assert Simulation.objects.get().completed_runs == 1


def test_a_server_goes_on_each_round_while_more_is_due_and_looks_again_in_an_hour(
    make_run: MakeRun, later: Callable[[], None], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr("runs.upkeep.TICK_SECONDS", 0)  # one batch takes longer than that
    settings.RETENTION_DAYS = 50
    for _ in range(3):
        ended(make_run)
    later()
    server, now, left = Upkeep(), time.time(), []
    for second in range(3):
        round_of(server, now + second)
        left.append(Run.objects.count())
    assert left == [1, 0, 0]
    ended_early = ended(make_run)
    Run.objects.filter(pk=ended_early.pk).update(deleted_at=LATER - timedelta(days=8))
    assert server.prune not in server.duties(now + 3000)
    round_of(server, now + 3700)
    assert not Run.objects.exists()


def round_of(server: Upkeep, now: float) -> None:
    """What a server does by the clock at this moment."""
    for duty in server.duties(now):
        duty()


@pytest.mark.django_db(transaction=True)
def test_runs_that_two_servers_remove_at_once_are_uncounted_once(
    make_run: MakeRun, simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for status in ["completed", "failed"] * 6:
        lead_to(make_run(), status)
    for _ in range(2):
        ended(make_run, is_starred=True)
    removed = at_once(*[lambda: sum(retention.prune(LATER, 90))] * 3)
    assert sum(removed) == 12
    simulation.refresh_from_db()
    assert (simulation.completed_runs, simulation.failed_runs) == (2, 0)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_starred_or_restored_meanwhile_stays(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [ended(make_run) for _ in range(3)]
    for run in runs:
        services.delete(run, by=None)
    remove = retention._remove

    def remove_late(wanted: Any) -> int:
        Run.objects.filter(pk=runs[0].pk).update(is_starred=True)
        services.restore(runs[1], by=None)
        return remove(wanted)

    monkeypatch.setattr(retention, "_remove", remove_late)
    assert sum(retention.prune(LATER, 0)) == 1
    assert set(Run.objects.values_list("pk", flat=True)) == {runs[0].pk, runs[1].pk}


@pytest.mark.parametrize("age", ["90", "d", "-1d", "3 weeks", "999999d"])
def test_an_age_that_is_none_is_refused(db: None, age: str) -> None:
    with pytest.raises(CommandError, match="such as 90d"):
        prune(f"--older-than={age}")
