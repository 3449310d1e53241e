"""How long the figures of performance take: of 10,000 runs, of a million over 90 days, and the rollup of a day of a million."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.million import fill_with, rows_of
from bench.server import manage, percentiles, without_server

SEVERAL, MANY = 10_000, 1_000_000
SIMULATIONS = EACH = 1_000
REPEATS = 15


def bench() -> list[tuple[str, str, str]]:
    """(what, measured, goal)"""
    with without_server(_fill_history) as env:
        asked = _inside("history", env)
    with without_server(_fill_day) as env:
        asked |= _inside("day", env)
    return [
        (
            f"real time, {SEVERAL:,} runs of a simulation, nothing cached",
            percentiles(asked["several"]),
            "≤20 ms (brief: 500)",
        ),
        (f"real time, 7 days of {MANY:,} runs over 90 days", percentiles(asked["week"]), "≤300 ms"),
        (f"aggregated, 90 days of {MANY:,} runs", percentiles(asked["aggregated"]), "≤50 ms"),
        ("dashboard over them, nothing cached", percentiles(asked["dashboard"]), "—"),
        (
            f"rollup of a day of {SIMULATIONS:,} simulations × {EACH:,} runs",
            f"{asked['rollup'][0]:.1f} s",
            "≤30 s (brief: 300)",
        ),
    ]


def _inside(what: str, env: dict[str, str]) -> dict[str, list[float]]:
    told = manage(
        "shell", "--no-imports", "-c", f"from bench.performance import measure_{what} as measure; measure()", env=env
    )
    found: dict[str, list[float]] = json.loads(told.strip().splitlines()[-1])
    return found


def _fill_history(env: dict[str, str]) -> None:
    now = datetime.now(UTC)
    fill_with(env, 2, rows_of(_history(now)))
    manage("aggregate_performance", env=env)


def _history(now: datetime) -> Iterator[tuple[int, datetime]]:
    for number in range(MANY, 0, -1):
        yield 1, now - number * timedelta(days=90) / MANY
        if number <= SEVERAL:
            yield 2, now - number * timedelta(days=7) / SEVERAL


def _fill_day(env: dict[str, str]) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin, step = midnight - timedelta(days=1), timedelta(days=1) / (SIMULATIONS * EACH)
    fill_with(env, SIMULATIONS, rows_of((n % SIMULATIONS + 1, begin + n * step) for n in range(SIMULATIONS * EACH)))


def measure_history() -> None:
    """Printed as JSON; inside Django."""
    from django.core.cache import cache
    from django.utils import timezone

    from performance.dashboard import dashboard
    from performance.queries import aggregated, realtime
    from runs.models import Simulation

    many, several = Simulation.objects.filter(slug__startswith="sim-").order_by("pk")

    def system() -> None:
        cache.clear()
        dashboard("30d")

    told = {
        "several": _timed(lambda: realtime(several, "90d", timezone.now())),
        "week": _timed(lambda: realtime(many, "7d", timezone.now())),
        "aggregated": _timed(lambda: aggregated(many, "90d", timezone.now())),
        "dashboard": _timed(system),
    }
    found = aggregated(many, "90d", timezone.now())
    assert found.total + found.cancelled > 0.98 * MANY
    assert realtime(several, "90d", timezone.now()).total >= 0.85 * SEVERAL
    print(json.dumps(told))


def measure_day() -> None:
    """Printed as JSON; inside Django."""
    from performance.models import DailyPerformance
    from performance.rollup import roll_up_day

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    began = time.perf_counter()
    assert roll_up_day(yesterday).failed == []
    took = time.perf_counter() - began
    assert DailyPerformance.objects.filter(simulation__slug__startswith="sim-").count() == SIMULATIONS
    print(json.dumps({"rollup": [took]}))


def _timed(action: Callable[[], Any]) -> list[float]:
    action()
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return seconds
