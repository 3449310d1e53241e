"""Pages of performance: of the system and of a simulation. What is shown lives in the address."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from performance.charts import DECIDED, asked, charts
from performance.dashboard import SPANS, dashboard
from performance.queries import Performance, performance
from performance.trends import points
from performance.windows import DAYS, TimeRange, window
from runs.models import Simulation
from runs.search import quoted
from runs.views import find_simulation
from simweb.access.doors import page

TITLES = {"1d": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}


@page()
def system(request: HttpRequest) -> HttpResponse:
    """What is slow, what fails and since when, what waits."""
    time_range = _time_range(request)
    board = dashboard(time_range)
    week = window("7d", board.at)
    context = {
        **_figures(None, performance(None, time_range, "aggregated")),
        "board": board,
        "charts": charts(board.execution_trend, None),
        "spans": {name: asked(window(days, board.at), None, DECIDED) for name, days in SPANS.items()},
        "issues": [(issue, asked(week, issue.standing.simulation, "status:failed")) for issue in board.with_issues],
        "slowest": [
            (
                slow,
                asked(week, slow.standing.simulation, DECIDED, f"duration>={slow.standing.p95_ms}ms", sort="-duration"),
            )
            for slow in board.slowest
        ],
        "top": [(standing, asked(week, standing.simulation, DECIDED)) for standing in board.top_performing],
    }
    return render(request, "performance/system.html", context)


@page()
def simulation(request: HttpRequest, slug: str) -> HttpResponse:
    """How a simulation has been doing."""
    found, time_range = find_simulation(request, slug), _time_range(request)
    told = performance(found, time_range, "aggregated")
    context = {
        **_figures(found, told),
        "simulation": found,
        "charts": charts(points(found, time_range, timezone.now()), found),
    }
    return render(request, "performance/simulation.html", context)


def _time_range(request: HttpRequest) -> TimeRange:
    """The one asked for; nonsense is the usual one, and the page says which it shows."""
    wanted = request.GET.get("time_range", "")
    return wanted if wanted in DAYS else "7d"  # type: ignore[return-value]


def _figures(simulation: Simulation | None, told: Performance) -> dict[str, Any]:
    """The figures, each with the address of the runs behind it."""
    span, times = told.span, told.times
    slow = (DECIDED, f"duration>={times.p95_ms}ms")
    return {
        "section": "performance",
        "told": told,
        "ranges": list(TITLES.items()),
        "range_title": TITLES[told.time_range],
        "all_runs": asked(span, simulation, DECIDED),
        "completed_runs": asked(span, simulation, "status:completed"),
        "failed_runs": asked(span, simulation, "status:failed"),
        "cancelled_runs": asked(span, simulation, "status:cancelled"),
        "slowest_runs": asked(span, simulation, *slow, sort="-duration") if times.p95_ms is not None else "",
        "errors": [
            (error, count, asked(span, simulation, f"error:{quoted(error)}")) for error, count in told.top_errors
        ],
    }
