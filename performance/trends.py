"""Performance over time: a point for each hour of a day, or for each day; none is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Func, Sum, TextField, Value

from performance.queries import COUNTED, counted, ended, rolled_up
from performance.windows import DAY, DAYS, TICK, Span, gaps, midnight, of_day
from runs.models import Simulation

HOUR = timedelta(hours=1)
TO_HOUR, TO_DAY = len("2026-11-21 10"), len("2026-11-21")
COLUMNS = (
    *("metric_date", "total_executions", "successful_executions", "failed_executions", "cancelled_executions"),
    *("success_rate", "avg_execution_time_ms", "p95_execution_time_ms", "total_tokens", "total_cost_usd"),
)


class Stamp(Func):
    """The beginning of a moment's text in UTC, as far as the day or the hour: without a call of Python for each row."""

    output_field = TextField()

    def __init__(self, column: str, length: int) -> None:
        super().__init__(F(column), Value(1), Value(length), function="SUBSTR")

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        column, *rest = self.get_source_expressions()
        text, params = compiler.compile(column)
        bounds = [compiler.compile(bound) for bound in rest]
        sql = (
            f"SUBSTR(TO_CHAR({text} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24'), {', '.join(bound for bound, _ in bounds)})"
        )
        return sql, [*params, *(param for _, own in bounds for param in own)]


@dataclass(frozen=True, slots=True)
class Point:
    """An hour or a day: what started in it. Rates are per cent, times milliseconds; None of no runs."""

    span: Span
    total: int = 0
    successful: int = 0
    failed: int = 0
    cancelled: int = 0
    success_rate: float = 0.0
    avg_ms: float | None = None
    p95_ms: int | None = None
    tokens: int | None = None
    cost_usd: Decimal | None = None


def points(simulation: Simulation | None, time_range: str, now: datetime) -> list[Point]:
    """The 24 hours up to this one, or so many days up to today."""
    if time_range == "1d":
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        spans = [Span(hour - number * HOUR, hour - (number - 1) * HOUR) for number in range(23, -1, -1)]
        found = _grouped(simulation, Span(spans[0].start, now + TICK), TO_HOUR)
        return [found.get(f"{span.start:%Y-%m-%d %H}", Point(span)) for span in spans]
    today = now.astimezone(UTC).date()
    days = [today - number * DAY for number in range(DAYS[time_range] - 1, -1, -1)]
    kept = _kept(simulation, days[:-1])
    for gap in gaps(Span(midnight(days[0]), now + TICK), kept):
        kept |= {date.fromisoformat(stamp): point for stamp, point in _grouped(simulation, gap, TO_DAY).items()}
    return [kept.get(day, Point(of_day(day))) for day in days]


def _kept(simulation: Simulation | None, days: Iterable[date]) -> dict[date, Point]:
    """The points of the days that are rolled up, without their durations."""
    done, rows = rolled_up(simulation, days)
    empty = {day: Point(of_day(day)) for day in done}
    return empty | {day: Point(of_day(day), *figures) for day, *figures in rows.values_list(*COLUMNS)}


def _grouped(simulation: Simulation | None, span: Span, length: int) -> dict[str, Point]:
    rows = ended(simulation, span).annotate(stamp=Stamp("started_at", length)).values("stamp", "status")
    by_stamp: dict[str, list[Any]] = defaultdict(list)
    for row in rows.annotate(**COUNTED, tokens=Sum("total_tokens"), cost=Sum("total_cost_usd")):
        by_stamp[row["stamp"]].append(row)
    return {stamp: _point(stamp, length, found) for stamp, found in by_stamp.items()}


def _point(stamp: str, length: int, rows: list[Any]) -> Point:
    start = datetime.fromisoformat(f"{stamp}:00" if length == TO_HOUR else stamp).replace(tzinfo=UTC)
    figures = counted({row["status"]: (row["n"], row["durations"]) for row in rows})
    tokens = [row["tokens"] for row in rows if row["tokens"] is not None]
    costs = [row["cost"] for row in rows if row["cost"] is not None]
    return Point(
        span=Span(start, start + (HOUR if length == TO_HOUR else DAY)),
        total=figures.total,
        successful=figures.successful,
        failed=figures.failed,
        cancelled=figures.cancelled,
        success_rate=figures.success_rate,
        avg_ms=figures.times.avg_ms,
        p95_ms=figures.times.p95_ms,
        tokens=sum(tokens) if tokens else None,
        cost_usd=sum(costs, Decimal(0)) if costs else None,
    )
