"""Shapes of the API of performance, and their builders. Rates are per cent, times whole milliseconds, moments UTC."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from ninja import Field, Schema

from performance.dashboard import Dashboard
from performance.figures import Trend
from performance.queries import Performance
from performance.trends import Point
from performance.windows import MetricType, TimeRange
from runs.schemas import iso


class ExecutionTimes(Schema):
    """Of completed and failed runs; percentiles are values that occurred: the one at rank ⌈p·n/100⌉."""

    avg_ms: float | None
    min_ms: int | None
    max_ms: int | None
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None


class TopError(Schema):
    """`error`: type and first line, with numbers, ids and paths masked; the runs: `error:"…"` in a query of runs."""

    error: str
    count: int


class PointOut(Schema):
    """What started in an hour, or on a UTC day, that begins at `start`."""

    start: str
    end: str
    total: int
    successful: int
    failed: int
    cancelled: int
    success_rate: float
    avg_ms: float | None
    p95_ms: int | None
    tokens: int | None
    cost_usd: float | None


class PerformanceOut(Schema):
    """`total_executions` are completed and failed runs that started after `since`, up to `until`; replays are left out."""

    simulation: str | None = Field(description="Its slug; null: all simulations.")
    time_range: TimeRange
    metric_type: MetricType
    since: str
    until: str
    total_executions: int
    successful_executions: int
    failed_executions: int
    cancelled_executions: int = Field(description="Counted apart, and in no rate.")
    success_rate: float
    error_rate: float
    execution_times: ExecutionTimes
    top_errors: list[TopError]
    trend: Trend = Field(description="The later half of the runs against the earlier; more than 5 points apart.")
    approximate: bool = Field(description="Runs of the window's first day are no longer kept: the whole day counts.")


class StandingOut(Schema):
    simulation: str
    name: str
    total: int
    failed: int
    success_rate: float
    error_rate: float
    p50_ms: int | None
    p95_ms: int | None


class IssueOut(StandingOut):
    severity: Literal["warning", "critical"]
    error: str
    last_failure: str
    failing_since: str | None = Field(
        description="The first failure since anything of it completed; null: it recovered."
    )


class SlowOut(StandingOut):
    p95_before_ms: int | None = Field(description="Of the seven days before.")


class QueueOut(Schema):
    """Seconds; percentiles over the newest 1,000 runs that started within 24 h."""

    depth: int
    running: int
    stuck: int
    oldest_wait_s: float | None
    p50_wait_s: float | None
    p95_wait_s: float | None


class WorkersOut(Schema):
    """Runs that are played, out of how many could be at once; server processes that are up."""

    busy: int
    slots: int
    processes: int


class DashboardOut(Schema):
    """Rankings are of the last seven days, of simulations with five runs or more (`slowest`: with any)."""

    time_range: TimeRange
    at: str
    simulations: int
    executions: dict[str, int]
    average_success_rate: float
    top_performing: list[StandingOut]
    with_issues: list[IssueOut]
    slowest: list[SlowOut]
    execution_trend: list[PointOut]
    queue: QueueOut
    workers: WorkersOut


def performance_json(found: Performance) -> dict[str, Any]:
    """As PerformanceOut describes it."""
    return {
        "simulation": found.simulation,
        "time_range": found.time_range,
        "metric_type": found.metric_type,
        "since": iso(found.span.start),
        "until": iso(found.span.end),
        "total_executions": found.total,
        "successful_executions": found.successful,
        "failed_executions": found.failed,
        "cancelled_executions": found.cancelled,
        "success_rate": found.success_rate,
        "error_rate": found.error_rate,
        "execution_times": asdict(found.times),
        "top_errors": [{"error": error, "count": count} for error, count in found.top_errors],
        "trend": found.trend,
        "approximate": found.approximate,
    }


def point_json(point: Point) -> dict[str, Any]:
    """As PointOut describes it."""
    told = {name: getattr(point, name) for name in PointOut.model_fields if name not in {"start", "end", "cost_usd"}}
    cost = None if point.cost_usd is None else float(point.cost_usd)
    return {"start": iso(point.span.start), "end": iso(point.span.end), **told, "cost_usd": cost}


def dashboard_json(found: Dashboard) -> dict[str, Any]:
    """As DashboardOut describes it."""
    issues = [
        {
            **asdict(issue.standing),
            "severity": issue.severity,
            "error": issue.error,
            "last_failure": iso(issue.last_failure),
            "failing_since": iso(issue.failing_since),
        }
        for issue in found.with_issues
    ]
    return {
        "time_range": found.time_range,
        "at": iso(found.at),
        "simulations": found.simulations,
        "executions": found.executions,
        "average_success_rate": found.average_success_rate,
        "top_performing": [asdict(one) for one in found.top_performing],
        "with_issues": issues,
        "slowest": [{**asdict(slow.standing), "p95_before_ms": slow.p95_before_ms} for slow in found.slowest],
        "execution_trend": [point_json(point) for point in found.execution_trend],
        "queue": asdict(found.queue),
        "workers": asdict(found.workers),
    }
