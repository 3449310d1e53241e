"""API of performance: of a simulation, of all, and the system at a glance."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from performance.dashboard import dashboard
from performance.queries import performance
from performance.schemas import DashboardOut, PerformanceOut, PointOut, dashboard_json, performance_json, point_json
from performance.trends import points
from performance.windows import MetricType, TimeRange
from runs.api.answers import answer, caller, find_simulation
from runs.models import Simulation

router = Router(tags=["performance"])
Format = Literal["csv", "json"]
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take such a text for one


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
) -> HttpResponse:
    return _file(find_simulation(request, slug), time_range, metric_type, format)


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
) -> HttpResponse:
    caller(request)
    return _file(None, time_range, metric_type, format)


def _file(
    simulation: Simulation | None, time_range: TimeRange, metric_type: MetricType, format: Format
) -> HttpResponse:
    told = performance_json(performance(simulation, time_range, metric_type))
    told["points"] = [point_json(point) for point in points(simulation, time_range, timezone.now())]
    content, kind = (
        (json.dumps(told), "application/json") if format == "json" else (_csv(told), "text/csv; charset=utf-8")
    )
    name = (
        f"{simulation.slug if simulation else 'all'}-performance-{time_range}-{timezone.now().astimezone(UTC):%Y-%m-%d}"
    )
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    return response


def _csv(told: dict[str, Any]) -> str:
    """The figures and the errors in lines that begin with #, then a row per hour or day."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for name, value in told.items():
        if name in {"top_errors", "points"}:
            continue
        for key, part in value.items() if isinstance(value, dict) else [("", value)]:
            rows.writerow([f"# {f'{name}.{key}' if key else name}", _cell(part)])
    for error in told["top_errors"]:
        rows.writerow(["# top_errors", _cell(error["error"]), error["count"]])
    columns = list(PointOut.model_fields)
    rows.writerow(columns)
    rows.writerows([[_cell(point[name]) for name in columns] for point in told["points"]])
    return text.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
