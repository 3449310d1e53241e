"""Rollup: each UTC day's figures, kept. Every night at 00:05 for the day before, and again for the two before that, whose
last runs may have ended since; nights that were missed are made up for. A day of which a run has changed since, however long
ago it was, is made again within a minute.

A day is done simulation by simulation, and each step moves the day's place on: nothing is lost by a restart, and two
servers at once do no harm.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from performance.figures import Figures, merged
from performance.models import ChangedDay, DailyPerformance, RemovedDay, SystemDay
from performance.queries import Sums, day_columns, ended, figures_of, kept_figures, sums_of
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
        for changed in ChangedDay.objects.order_by("pk"):
            make_again(changed)
            if time.monotonic() >= until:
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


def make_again(changed: ChangedDay) -> None:
    """A simulation's day of which a run has changed since. A change that comes meanwhile leaves it to be done once more."""
    day = changed.metric_date
    if SystemDay.objects.filter(metric_date=day, finished_at__isnull=False).exists():
        roll_up_day(day, changed.simulation_id)
    elif SystemDay.objects.filter(metric_date=day).exists():  # somebody is at it, and may have passed the simulation
        _attempt(changed.simulation_id, day)
    ChangedDay.objects.filter(pk=changed.pk, token=changed.token).delete()


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
    """A simulation's figures of a day, from its runs and from what is kept of those that were removed for good."""
    runs = ended(simulation, of_day(day))
    removed = list(RemovedDay.objects.filter(simulation=simulation, metric_date=day))
    figures = merged([figures_of(runs), *map(kept_figures, removed)])
    kept = DailyPerformance.objects.filter(simulation=simulation, metric_date=day).first()
    if kept is not None and _were_removed(simulation, day, kept, figures):
        return
    if figures.total or figures.cancelled:
        told = day_columns(figures, sums_of(runs, *removed))
        DailyPerformance.objects.update_or_create(simulation=simulation, metric_date=day, defaults=told)
    elif kept is not None:
        kept.delete()


def _were_removed(simulation: Simulation, day: date, kept: DailyPerformance, found: Figures) -> bool:
    """Whether runs that were counted are gone and nothing is kept of them: the figures are all that knows of them."""
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
    sums = Sums(sum(tokens) if tokens else None, sum(costs, Decimal(0)) if costs else None, errors)
    told = day_columns(merged(kept_figures(day) for day in days), sums)
    now = timezone.now()
    unfinished = SystemDay.objects.filter(pk=row.pk, finished_at=None)
    unfinished.update(**told, finished_at=now, updated_at=now)
