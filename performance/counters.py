"""Counting the runs that end, in the transaction that ends them: right whichever process plays, and whichever is scraped."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from django.db.models import Case, F, When

from performance.models import ErrorTotals, ExecutionTotals
from performance.models.totals import BOUNDS_MS, BUCKETS
from runs.models import Run
from runs.states import Status, Trigger

MOST_ERROR_TYPES = 20
OTHER = "other"


def on_run_ended(*, run: Run, **news: Any) -> None:
    """Listener of `run_ended`: one statement a run, one more when it failed; a few more when there is a row to make.

    The row of totals stays locked until the end is committed, so ends of one simulation come here one after the other.
    """
    changes = {field: F(field) + number for field, number in _counted(run).items()}
    totals = ExecutionTotals.objects.filter(simulation=run.simulation_id)
    if changes and not totals.update(**changes):
        # Whoever else makes it now is waited for, and then it is there.
        ExecutionTotals.objects.bulk_create([ExecutionTotals(simulation_id=run.simulation_id)], ignore_conflicts=True)
        totals.update(**changes)
    if run.trigger != Trigger.VERIFY and run.state is Status.FAILED:
        _count_error(run.simulation_id, run.error_type or "unknown")


def _counted(run: Run) -> dict[str, int]:
    """By how much each column grows. Turns are work done, so a replay's count too; else it says nothing of its simulation."""
    counted = {"turns": run.turns_done} if run.turns_done else {}
    if run.trigger == Trigger.VERIFY:
        return counted
    counted[run.state.value] = 1
    if run.state is not Status.CANCELLED and run.duration_ms is not None:
        counted["duration_ms"] = run.duration_ms
        counted[BUCKETS[bisect_left(BOUNDS_MS, run.duration_ms)]] = 1
    return counted


def _count_error(simulation_id: int, error_type: str) -> None:
    """There is a row of others only when all twenty types are taken: where there is one, a type without a row is one of them."""
    rows = ErrorTotals.objects.filter(simulation=simulation_id)
    named_first = rows.filter(error_type__in=[error_type, OTHER]).order_by(
        Case(When(error_type=OTHER, then=1), default=0)
    )
    if not ErrorTotals.objects.filter(pk=named_first.values("pk")[:1]).update(count=F("count") + 1):
        kept = error_type if rows.count() < MOST_ERROR_TYPES else OTHER
        ErrorTotals.objects.create(simulation_id=simulation_id, error_type=kept, count=1)
