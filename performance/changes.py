"""What changes a day that is over: within the transaction that does it, the day is marked, or the removed runs' figures kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone

from performance.figures import merged
from performance.models import ChangedDay, RemovedDay
from performance.queries import day_columns, figures_of, kept_figures, sums_of
from runs.models import Run


def on_run_counted(*, run: Run, **news: Any) -> None:
    """Listener of `run_counted`: the day on which the run started is to be made again, if it is over."""
    if run.started_at is not None and (day := _day(run.started_at)) < _day(timezone.now()):
        mark = ChangedDay(simulation_id=run.simulation_id, metric_date=day)
        # Updated, not left alone: whoever makes the day again waits for this change, or does it once more.
        ChangedDay.objects.bulk_create(
            [mark], update_conflicts=True, unique_fields=["simulation", "metric_date"], update_fields=["token"]
        )


def on_runs_removed(*, runs: Sequence[Run], **news: Any) -> None:
    """Listener of `runs_removed`: what the runs were like is kept by day."""
    days: dict[tuple[int, date], list[int]] = defaultdict(list)
    for run in runs:
        if run.started_at is not None:
            days[run.simulation_id, _day(run.started_at)].append(run.pk)
    for (simulation_id, day), keys in sorted(days.items()):
        _keep(simulation_id, day, keys)


def _keep(simulation_id: int, day: date, keys: Sequence[int]) -> None:
    found, _ = RemovedDay.objects.get_or_create(simulation_id=simulation_id, metric_date=day)
    kept = RemovedDay.objects.select_for_update().get(pk=found.pk)
    runs = Run.objects.filter(pk__in=keys).order_by()
    figures = merged([kept_figures(kept), figures_of(runs)])
    for name, value in day_columns(figures, sums_of(runs, kept)).items():
        setattr(kept, name, value)
    kept.save()


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
