"""Retention: which runs are removed for good, a bounded batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from runs.bulk import UNDO_DAYS
from runs.models import Run, RunQuerySet, Simulation
from runs.states import TERMINAL, Status, Trigger

BATCH = 200


def due(now: datetime, days: int) -> RunQuerySet:
    """Runs deleted more than seven days ago, and those that ended more than `days` ago (0: none). Never a starred one."""
    gone = Q(deleted_at__lt=now - timedelta(days=UNDO_DAYS))
    old = Q(status__in=sorted(TERMINAL), finished_at__lt=now - timedelta(days=days)) if days else Q(pk__in=[])
    return Run.objects.filter(gone | old, is_starred=False)


def prune(now: datetime, days: int) -> Iterator[int]:
    """Remove what is due; yields how many after each batch. What simulations count follows."""
    while batch := list(
        due(now, days).order_by("pk").only("pk", "status", "trigger", "simulation_id", "deleted_at")[:BATCH]
    ):
        with transaction.atomic():
            for run in batch:
                _uncount(run)
            Run.objects.filter(pk__in=[run.pk for run in batch]).delete()
        yield len(batch)


def _uncount(run: Run) -> None:
    """Deleted runs, and replays, are in no count already."""
    if run.deleted_at is not None or run.trigger == Trigger.VERIFY:
        return
    field = {Status.COMPLETED: "completed_runs", Status.FAILED: "failed_runs"}.get(run.state)
    if field is not None:
        Simulation.objects.filter(pk=run.simulation_id, **{f"{field}__gt": 0}).update(**{field: F(field) - 1})
