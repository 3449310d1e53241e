"""Retention: which runs are removed for good, a bounded batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from runs.bulk import UNDO_DAYS
from runs.events import runs_removed
from runs.models import Run, RunQuerySet, Simulation
from runs.services import COUNTERS
from runs.states import TERMINAL, Trigger

BATCH = 50


def due(now: datetime, days: int) -> RunQuerySet:
    """Runs deleted more than seven days ago, and those that ended more than `days` ago (0: none). Never a starred one."""
    return _gone(now) | _old(now, days)


def prune(now: datetime, days: int) -> Iterator[int]:
    """Remove what is due; yields how many after each batch. What simulations count follows, whoever else prunes."""
    for kind in (_gone(now).order_by("deleted_at", "pk"), _old(now, days).order_by("created_at", "pk")):
        # Looked for before the transaction begins: a long look must hold up no writer of SQLite.
        while batch := list(kind.values_list("pk", flat=True)[:BATCH]):
            yield _remove(due(now, days).filter(pk__in=batch))


def _gone(now: datetime) -> RunQuerySet:
    return Run.objects.filter(deleted_at__lt=now - timedelta(days=UNDO_DAYS), is_starred=False)


def _old(now: datetime, days: int) -> RunQuerySet:
    if not days:
        return Run.objects.none()
    since = now - timedelta(days=days)
    ended = Run.objects.filter(status__in=sorted(TERMINAL), finished_at__lt=since, is_starred=False)
    return ended.filter(deleted_at=None, created_at__lt=since)  # what ended before was created before: an index knows


@transaction.atomic
def _remove(wanted: RunQuerySet) -> int:
    """Remove those that are still due when they are held: another server, or a person, may have been quicker."""
    held = wanted.select_for_update(of=("self",)).order_by("pk")
    runs = list(held.only("pk", "status", "trigger", "simulation_id", "deleted_at", "started_at"))
    _uncount(runs)
    Run.objects.filter(pk__in=[run.pk for run in runs]).delete()
    return len(runs)


def _uncount(runs: Iterable[Run]) -> None:
    """Deleted runs, and replays, are in no count already."""
    counted = [run for run in runs if run.deleted_at is None and run.trigger != Trigger.VERIFY]
    runs_removed.send(sender=Run, runs=counted)
    fewer = Counter((run.simulation_id, COUNTERS[run.state]) for run in counted if run.state in COUNTERS)
    for (simulation_id, field), number in sorted(fewer.items()):  # in order: two who prune wait in no ring
        changes = {field: Greatest(F(field) - number, 0), "endings": F("endings") + 1}
        Simulation.objects.filter(pk=simulation_id).update(**changes)
