"""Reads: what ended runs were like in a span of time. Verifying replays and deleted runs are left out of all of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from performance.figures import NONE, Durations, Figures, Met, Times, Trend, merged, packed, small, trend, unpacked
from performance.models import ChangedDay, DailyPerformance, RemovedDay, SystemDay
from performance.windows import MetricType, Span, TimeRange, gaps, of_day, window
from runs.models import Run, RunQuerySet, Simulation
from runs.schemas import iso
from runs.series import JsonList
from runs.states import TERMINAL, Status, Trigger

KEPT_SECONDS = 30
MOST_ERRORS = 1_000  # groups; the rarest of more are forgotten
DECIDED = (Status.COMPLETED, Status.FAILED)
FAILURES = Count("pk", filter=Q(status=Status.FAILED))
COUNTED: dict[str, Any] = {"n": Count("pk"), "durations": JsonList("duration_ms")}


@dataclass(frozen=True, slots=True)
class Performance:
    """How a simulation's runs, or all runs, were in a window. `approximate`: some of them are no longer kept one by one."""

    simulation: str | None
    time_range: TimeRange
    metric_type: MetricType
    span: Span
    total: int
    successful: int
    failed: int
    cancelled: int
    success_rate: float
    error_rate: float
    times: Times
    top_errors: list[tuple[str, int]]
    trend: Trend
    approximate: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """What a day's runs come to."""

    tokens: int | None
    cost_usd: Decimal | None
    errors: int


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of a part of a window, from the runs themselves or from a day that is kept."""

    span: Span
    figures: Figures
    is_kept: bool


def performance(simulation: Simulation | None, time_range: TimeRange, metric_type: MetricType) -> Performance:
    """How it has been doing up to now. Kept for half a minute at most, and never over the end of a run, in any process."""
    parts = (simulation.pk if simulation else "all", _endings(simulation), time_range, metric_type)
    key = f"performance:{':'.join(map(str, parts))}"
    found: Performance | None = cache.get(key)
    if found is None:
        found = {"realtime": realtime, "aggregated": aggregated}[metric_type](simulation, time_range, timezone.now())
        cache.set(key, found, KEPT_SECONDS)
    return found


def _endings(simulation: Simulation | None) -> int:
    """Grows with every end, deletion and removal of a run, and within its transaction."""
    if simulation is not None:
        return Simulation.objects.values_list("endings", flat=True).get(pk=simulation.pk)
    return Simulation.objects.aggregate(all=Sum("endings"))["all"] or 0


def ended(simulation: Simulation | None, span: Span) -> RunQuerySet:
    """The runs that figures are of: those that started in the span and have ended. An index answers."""
    found = Run.objects.filter(deleted_at=None, started_at__gte=span.start, started_at__lt=span.end)
    found = found.filter(status__in=sorted(TERMINAL)).exclude(trigger=Trigger.VERIFY).order_by()
    return found if simulation is None else found.filter(simulation=simulation)


def figures_of(runs: RunQuerySet) -> Figures:
    """Exactly what these runs say, in two queries."""
    rows = runs.values("status").annotate(**COUNTED)
    figures = counted({status: (n, text) for status, n, text in rows.values_list("status", *COUNTED)})
    return replace(figures, errors=errors_of(runs)) if figures.failed else figures


def counted(found: Mapping[str, tuple[int, str]]) -> Figures:
    """The figures, without errors, of what `COUNTED` has found by status: how many, and their durations as a JSON list."""
    numbers = {status: n for status, (n, _) in found.items()}
    durations = [_numbers(found[status][1]) for status in DECIDED if status in found]
    good, bad, off = (numbers.get(status, 0) for status in (Status.COMPLETED, Status.FAILED, Status.CANCELLED))
    return Figures(good, bad, off, np.concatenate([NONE, *durations]))


def _numbers(text: str) -> Durations:
    """Whole numbers out of a JSON list; what is null is left out."""
    return small(np.array([number for number in json.loads(text) if number is not None], dtype=np.int64))


def errors_of(runs: RunQuerySet) -> dict[str, Met]:
    """The errors of the failed ones, by group."""
    rows = runs.filter(status=Status.FAILED).values("error_group").annotate(n=Count("pk"), last=Max("started_at"))
    ordered = rows.order_by("-n", "-last", "error_group").values_list("error_group", "n", "last")[:MOST_ERRORS]
    return {error: Met(n, iso(last) or "") for error, n, last in ordered}


def realtime(simulation: Simulation | None, time_range: TimeRange, now: datetime) -> Performance:
    """From the runs themselves."""
    span = window(time_range, now)
    parts = [Part(span, figures_of(ended(simulation, span)), is_kept=False)]
    return _told(simulation, time_range, "realtime", span, parts, is_cut=False)


def aggregated(simulation: Simulation | None, time_range: TimeRange, now: datetime) -> Performance:
    """From the days that are kept, and from the runs of what is left: today, the first day's rest, days that are missing.

    The same as `realtime` while the runs are kept. Of runs that were removed, the days still know; only where a window
    begins within a day, that day counts as a whole, and is said to be approximate.
    """
    span = window(time_range, now)
    first, whole = span.start.date(), set(span.days)
    kept = {part.span.start.date(): part for part in kept_days(simulation, {first, *whole})}
    begun = None if first in whole else kept.pop(first, None)
    if begun is not None and not _has_lost_runs(simulation, begun):
        begun = None
    rest = span if begun is None else Span(begun.span.end, span.end)
    left = [Part(gap, figures_of(ended(simulation, gap)), is_kept=False) for gap in gaps(rest, kept)]
    parts = [*([begun] if begun else []), *sorted([*kept.values(), *left], key=lambda part: part.span.start)]
    return _told(simulation, time_range, "aggregated", span, parts, is_cut=begun is not None)


def _told(
    simulation: Simulation | None,
    time_range: TimeRange,
    metric_type: MetricType,
    span: Span,
    parts: list[Part],
    *,
    is_cut: bool,
) -> Performance:
    figures = merged(part.figures for part in parts)
    found, is_guessed = _trend(simulation, parts)
    return Performance(
        simulation=simulation.slug if simulation else None,
        time_range=time_range,
        metric_type=metric_type,
        span=span,
        total=figures.total,
        successful=figures.successful,
        failed=figures.failed,
        cancelled=figures.cancelled,
        success_rate=figures.success_rate,
        error_rate=figures.error_rate,
        times=figures.times,
        top_errors=figures.top_errors,
        trend=found,
        approximate=is_cut or is_guessed,
    )


def kept_days(simulation: Simulation | None, days: Iterable[date]) -> list[Part]:
    """Those of the days that are rolled up. A simulation without a row on such a day had no run."""
    done, rows = rolled_up(simulation, days)
    found = {row.metric_date: kept_figures(row) for row in rows}
    return [Part(of_day(day), found.get(day, Figures()), is_kept=True) for day in done]


def rolled_up(simulation: Simulation | None, days: Iterable[date]) -> tuple[list[date], QuerySet[Any]]:
    """Those of the days that are done, for a simulation or for all, and the rows that keep their figures."""
    finished = SystemDay.objects.filter(metric_date__in=list(days), finished_at__isnull=False)
    done = finished.exclude(metric_date__in=_changed(simulation)).values_list("metric_date", "failed")
    if simulation is None:
        good = [day for day, failed in done if not failed]
        return good, SystemDay.objects.filter(metric_date__in=good)
    good = [day for day, failed in done if simulation.pk not in failed]
    return good, DailyPerformance.objects.filter(simulation=simulation, metric_date__in=good)


def _changed(simulation: Simulation | None) -> QuerySet[Any]:
    """The days that are to be made again, and whose runs are all still there to be read."""
    of_it = {} if simulation is None else {"simulation": simulation}
    gone = RemovedDay.objects.filter(metric_date=OuterRef("metric_date"), **of_it)
    return ChangedDay.objects.filter(~Exists(gone), **of_it).order_by().values("metric_date")


def kept_figures(day: DailyPerformance | SystemDay | RemovedDay) -> Figures:
    """The figures that a row keeps."""
    return Figures(
        day.successful_executions,
        day.failed_executions,
        day.cancelled_executions,
        unpacked(day.durations),
        {error: Met(*met) for error, met in day.errors.items()},
    )


def sums_of(runs: RunQuerySet, *more: RemovedDay) -> Sums:
    """What the runs, and those that these rows keep, come to. Errors are failed runs and critical problems."""
    found = runs.aggregate(
        tokens=Sum("total_tokens"), cost=Sum("total_cost_usd"), failed=FAILURES, critical=Sum("critical_count")
    )
    return Sums(
        _total(found["tokens"], *(day.total_tokens for day in more)),
        _total(found["cost"], *(day.total_cost_usd for day in more)),
        found["failed"] + (found["critical"] or 0) + sum(day.total_errors for day in more),
    )


def _total(*numbers: Any) -> Any:
    """The sum of those that are known; None of none."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def day_columns(figures: Figures, sums: Sums) -> dict[str, Any]:
    """The columns of a row that keeps a day."""
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
        "total_errors": sums.errors,
        "error_rate": figures.error_rate,
        "success_rate": figures.success_rate,
        "total_tokens": sums.tokens,
        "total_cost_usd": sums.cost_usd,
        "durations": packed(figures.durations),
        "errors": {error: [met.count, met.last] for error, met in figures.errors.items()},
    }


def _has_lost_runs(simulation: Simulation | None, day: Part) -> bool:
    """Whether a day that is kept knows of runs that are no longer there."""
    return day.figures.total > ended(simulation, day.span).filter(status__in=DECIDED).count()


def _trend(simulation: Simulation | None, parts: list[Part]) -> tuple[Trend, bool]:
    """The trend over the parts, in order, and whether it had to be guessed where a day is divided."""
    total = sum(part.figures.total for part in parts)
    successful = sum(part.figures.successful for part in parts)
    left, good, is_guessed = total // 2, 0, False
    for part in parts:
        if part.figures.total > left:
            first, is_guessed = _first_successful(simulation, part, left)
            good += first
            break
        left -= part.figures.total
        good += part.figures.successful
    return trend((good, total // 2), (successful - good, total - total // 2)), is_guessed


def _first_successful(simulation: Simulation | None, part: Part, count: int) -> tuple[int, bool]:
    """How many of the first so many decided runs of a part completed; guessed when the runs are not all there any more."""
    if not count:
        return 0, False
    if part.is_kept and _has_lost_runs(simulation, part):
        return round(part.figures.successful * count / part.figures.total), True
    decided = ended(simulation, part.span).filter(status__in=DECIDED)
    first = decided.order_by("started_at", "id").only("status")[:count]
    return first.aggregate(good=Count("pk", filter=Q(status=Status.COMPLETED)))["good"], False
