"""manage.py prune: what is removed for good, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from runs import retention, services
from runs.models import Run, Simulation
from tests.conftest import MakeRun
from tests.runs.lives import lead_to

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


@pytest.mark.parametrize("age", ["90", "d", "-1d", "3 weeks", "999999d"])
def test_an_age_that_is_none_is_refused(db: None, age: str) -> None:
    with pytest.raises(CommandError, match="such as 90d"):
        prune(f"--older-than={age}")
