"""API of performance: of a simulation, of all, and the system at a glance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from ninja import Router

from performance.dashboard import dashboard
from performance.queries import performance
from performance.schemas import DashboardOut, PerformanceOut, PointOut, dashboard_json, performance_json, point_json
from performance.trends import points
from performance.windows import MetricType, TimeRange
from runs import csv_lines
from runs.api.answers import Bom, answer, caller, csv_file, find_simulation
from runs.models import Simulation

router = Router(tags=["performance"])
Format = Literal["csv", "json"]


@router.get("/simulations/{slug}/performance", response=PerformanceOut, summary="How a simulation has been doing")
def get_performance(
    request: HttpRequest, slug: str, time_range: TimeRange = "7d", metric_type: MetricType = "realtime"
) -> HttpResponse:
    return answer(performance_json(performance(find_simulation(request, slug), time_range, metric_type)))


@router.get("/simulations/{slug}/performance/points", response=list[PointOut], summary="By hour (1d) or by day")
def get_points(request: HttpRequest, slug: str, time_range: TimeRange = "7d") -> HttpResponse:
    found = points(find_simulation(request, slug), time_range, timezone.now())
    return answer([point_json(point) for point in found])


@router.get("/simulations/{slug}/performance/export", summary="The same as a file: figures, errors, points")
def export_performance(
    request: HttpRequest,
    slug: str,
    time_range: TimeRange = "7d",
    metric_type: MetricType = "realtime",
    format: Format = "csv",
    bom: Bom = False,
) -> HttpResponseBase:
    return _file(find_simulation(request, slug), time_range, metric_type, format, bom=bom)


@router.get("/performance", response=PerformanceOut, summary="How all simulations together have been doing")
def get_system_performance(
    request: HttpRequest, time_range: TimeRange = "7d", metric_type: MetricType = "aggregated"
) -> HttpResponse:
    caller(request)
    return answer(performance_json(performance(None, time_range, metric_type)))


@router.get("/performance/dashboard", response=DashboardOut, summary="The system at a glance")
def get_dashboard(request: HttpRequest, time_range: TimeRange = "7d") -> HttpResponse:
    caller(request)
    return answer(dashboard_json(dashboard(time_range)))


@router.get("/performance/export", summary="All simulations together, as a file")
def export_system(
    request: HttpRequest,
    time_range: TimeRange = "7d",
    metric_type: MetricType = "aggregated",
    format: Format = "csv",
    bom: Bom = False,
) -> HttpResponseBase:
    caller(request)
    return _file(None, time_range, metric_type, format, bom=bom)


def _file(
    simulation: Simulation | None, time_range: TimeRange, metric_type: MetricType, format: Format, *, bom: bool
) -> HttpResponseBase:
    told = performance_json(performance(simulation, time_range, metric_type))
    told["points"] = [point_json(point) for point in points(simulation, time_range, timezone.now())]
    of = simulation.slug if simulation else "all"
    name = f"{of}-performance-{time_range}-{timezone.now().astimezone(UTC):%Y-%m-%d}"
    if format == "csv":
        return csv_file(_csv(told), name, bom=bom)
    response = HttpResponse(json.dumps(told), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


def _csv(told: dict[str, Any]) -> Iterator[str]:
    """The figures and the errors in lines that begin with #, then a row per hour or day."""
    for name, value in told.items():
        if name in {"top_errors", "points"}:
            continue
        for key, part in value.items() if isinstance(value, dict) else [("", value)]:
            yield csv_lines.note(f"{name}.{key}" if key else name, part)
    for error in told["top_errors"]:
        yield csv_lines.note("top_errors", error["error"], error["count"])
    columns = list(PointOut.model_fields)
    yield csv_lines.row(columns)
    for point in told["points"]:
        yield csv_lines.row(point[name] for name in columns)
