"""Rollup: each UTC day's figures, kept. Every night at 00:05 for the day before, and again for the two before that, whose
last runs may have ended since; nights that were missed are made up for.

A day is done simulation by simulation, and each step moves the day's place on: nothing is lost by a restart, and two
servers at once do no harm.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from performance.figures import Figures, merged, packed
from performance.models import DailyPerformance, SystemDay
from performance.queries import ended, figures_of, kept_figures
from performance.windows import DAY, midnight, of_day
from runs.models import Run, Simulation

logger = logging.getLogger(__name__)
LATE = timedelta(minutes=5)  # after midnight, when a night's work begins
REDONE_DAYS = 3
AT_ONCE_SECONDS = 0.2  # of each second or so: the pages of the same process must not wait for history
LOOK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Rolled:
    """What came of a day: how many simulations have figures of it, and which could not be done."""

    day: date
    simulations: int
    failed: list[int]


class Nightly:
    """What every server does by the clock."""

    def __init__(self) -> None:
        self._next_look = 0.0

    def roll_up(self) -> None:
        """Go on with the days that are due, for a fifth of a second; look again in a minute when none is."""
        until = time.monotonic() + AT_ONCE_SECONDS
        if until < self._next_look:
            return
        for day in due(timezone.now()):
            for _ in go_on(day):
                if time.monotonic() >= until:
                    return
        self._next_look = time.monotonic() + LOOK_SECONDS


def due(now: datetime) -> list[date]:
    """The days to be done by now, the oldest first."""
    tonight = midnight((now - LATE).date()) + LATE
    last = tonight.date() - DAY
    started = Run.objects.filter(deleted_at=None, started_at__isnull=False).order_by("started_at", "id")
    oldest = started.values_list("started_at", flat=True).first()
    if oldest is None:
        return []
    finished = SystemDay.objects.filter(finished_at__isnull=False).values_list("metric_date", "finished_at")
    done = {day: at for day, at in finished if at is not None}
    days = [oldest.date() + number * DAY for number in range((last - oldest.date()).days + 1)]
    again = {day for day, at in done.items() if (last - day).days < REDONE_DAYS and at < tonight}
    return [day for day in days if day not in done or day in again]


def roll_up_day(day: date, only: int | None = None) -> Rolled:
    """All simulations' figures of a day, or one's, and of all together."""
    row = SystemDay.objects.filter(metric_date=day, finished_at__isnull=False).first()
    if only is None or row is None:
        row = _anew(day)
        while row.finished_at is None:  # a server may be at it, too, and be quicker here and there
            for _ in steps(row):
                pass
            row.refresh_from_db()
    else:
        failed = [pk for pk in row.failed if pk != only] + ([] if _attempt(only, day) else [only])
        SystemDay.objects.filter(pk=row.pk, failed=row.failed).update(failed=failed, finished_at=None)
        _finish(row)
    failed = SystemDay.objects.values_list("failed", flat=True).get(metric_date=day)
    return Rolled(day, DailyPerformance.objects.filter(metric_date=day).count(), failed)


def go_on(day: date) -> Iterator[None]:
    """Do a day that is due, from where it was left; from the start when it was finished some night before."""
    row = SystemDay.objects.filter(metric_date=day, finished_at=None).first()
    yield from steps(row or _anew(day))


def steps(row: SystemDay) -> Iterator[None]:
    """A day's simulations from its place on, one step each. Gives way when somebody else moves the place."""
    left = Simulation.objects.filter(pk__gt=row.place).order_by("pk").values_list("pk", flat=True)
    for pk in list(left):
        failed = row.failed if _attempt(pk, row.metric_date) else [*row.failed, pk]
        if not SystemDay.objects.filter(pk=row.pk, place=row.place, finished_at=None).update(place=pk, failed=failed):
            return
        row.place, row.failed = pk, failed
        yield
    _finish(row)


def _anew(day: date) -> SystemDay:
    anew: dict[str, Any] = {"started_at": timezone.now(), "finished_at": None, "place": 0, "failed": []}
    return SystemDay.objects.update_or_create(metric_date=day, defaults=anew)[0]


def _attempt(simulation_id: int, day: date) -> bool:
    """Whether it could be done; what went wrong is logged, and the others are not held up."""
    try:
        simulation = Simulation.objects.filter(pk=simulation_id).first()
        if simulation is not None:
            roll_up(simulation, day)
    except Exception:
        logger.exception(
            "rollup: simulation %s on %s failed; its runs of that day are read one by one", simulation_id, day
        )
        return False
    return True


def roll_up(simulation: Simulation, day: date) -> None:
    """A simulation's figures of a day, from its runs. What is kept of runs that were removed since is left as it is."""
    runs = ended(simulation, of_day(day))
    figures = figures_of(runs)
    kept = DailyPerformance.objects.filter(simulation=simulation, metric_date=day).first()
    if kept is None and not figures.total and not figures.cancelled:
        return
    if kept is not None and _were_removed(simulation, day, kept, figures):
        return
    sums = runs.aggregate(tokens=Sum("total_tokens"), cost=Sum("total_cost_usd"), critical=Sum("critical_count"))
    told = _columns(figures, sums["tokens"], sums["cost"], figures.failed + (sums["critical"] or 0))
    DailyPerformance.objects.update_or_create(simulation=simulation, metric_date=day, defaults=told)


def _were_removed(simulation: Simulation, day: date, kept: DailyPerformance, found: Figures) -> bool:
    """Whether runs that were counted are gone for good, rather than deleted by somebody, which can be undone for a week."""
    fewer = kept.total_executions + kept.cancelled_executions - found.total - found.cancelled
    if fewer <= 0:
        return False
    since = midnight(day)
    deleted = Run.objects.filter(deleted_at__gte=since, started_at__gte=since, started_at__lt=since + DAY)
    return deleted.filter(simulation=simulation).count() < fewer


def _finish(row: SystemDay) -> None:
    """The figures of all simulations together."""
    days = list(DailyPerformance.objects.filter(metric_date=row.metric_date).order_by("simulation"))
    costs = [day.total_cost_usd for day in days if day.total_cost_usd is not None]
    tokens = [day.total_tokens for day in days if day.total_tokens is not None]
    errors = sum(day.total_errors for day in days)
    figures = merged(kept_figures(day) for day in days)
    told = _columns(figures, sum(tokens) if tokens else None, sum(costs) if costs else None, errors)
    now = timezone.now()
    unfinished = SystemDay.objects.filter(pk=row.pk, finished_at=None)
    unfinished.update(**told, finished_at=now, updated_at=now)


def _columns(figures: Figures, tokens: int | None, cost: Any, total_errors: int) -> dict[str, Any]:
    times = figures.times
    return {
        "total_executions": figures.total,
        "successful_executions": figures.successful,
        "failed_executions": figures.failed,
        "cancelled_executions": figures.cancelled,
        "avg_execution_time_ms": times.avg_ms,
        "min_execution_time_ms": times.min_ms,
        "max_execution_time_ms": times.max_ms,
        "p50_execution_time_ms": times.p50_ms,
        "p95_execution_time_ms": times.p95_ms,
        "p99_execution_time_ms": times.p99_ms,
        "total_errors": total_errors,
        "error_rate": figures.error_rate,
        "success_rate": figures.success_rate,
        "total_tokens": tokens,
        "total_cost_usd": cost,
        "durations": packed(figures.durations),
        "errors": {error: [met.count, met.last] for error, met in figures.errors.items()},
    }
