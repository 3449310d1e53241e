"""A scrape of Prometheus with a thousand simulations that all have runs, and the same text by the client library."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import httpx
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bench.server import manage, percentiles, running_server

SIMULATIONS, ERRORS, RUNS = 1_000, 3, 20
TIMES = 50
FILL = f"""
from datetime import timedelta
from django.utils import timezone
from performance.models import ErrorTotals, ExecutionTotals
from runs.models import Run, Simulation
now = timezone.now()
sims = Simulation.objects.bulk_create(Simulation(name=f"Bench {{n}}", slug=f"bench-{{n}}", scenario="wealth", turns=100,
    completed_runs={RUNS} - {ERRORS}, failed_runs={ERRORS}) for n in range({SIMULATIONS}))
def run(sim, n):
    error = f"Error{{n}}" if n < {ERRORS} else ""
    return Run(simulation=sim, trigger="api", scenario="wealth", scenario_version="1", seed=n, turns=100, turns_done=100,
        status="failed" if error else "completed", failure_kind="model" if error else "", error_type=error,
        created_at=now, started_at=now, finished_at=now + timedelta(seconds=1), changed_at=now, duration_ms=1000)
Run.objects.bulk_create((run(sim, n) for sim in sims for n in range({RUNS})), batch_size=500)
ExecutionTotals.objects.bulk_create([ExecutionTotals(simulation=sim, completed={RUNS} - {ERRORS}, failed={ERRORS},
    turns={RUNS} * 100, duration_ms={RUNS} * 1000, within_1000_ms={RUNS}) for sim in sims], batch_size=500)
ErrorTotals.objects.bulk_create([ErrorTotals(simulation=sim, error_type=f"Error{{n}}", count=1)
    for sim in sims for n in range({ERRORS})], batch_size=500)
"""


def bench() -> list[tuple[str, str, str]]:
    """One keep-alive client with a token, loopback. (what, measured, goal)"""
    with running_server(_fill, SIMWEB_EXECUTOR="idle") as server:
        scraper = httpx.Client(base_url=server.base, headers=server.headers, timeout=60)
        text = scraper.get("/metrics").raise_for_status().text
        samples = sum(1 for line in text.splitlines() if not line.startswith("#"))
        scrape = _timed(lambda: scraper.get("/metrics").raise_for_status())
    library = _timed(partial(generate_latest, _registry()), 5)
    return [
        (f"scrape with {SIMULATIONS:,} simulations, {samples:,} samples", scrape, "≤50 ms"),
        ("prometheus_client writing as many", library, "—"),
    ]


def _fill(env: dict[str, str]) -> None:
    manage("shell", "--no-imports", "-c", FILL, env=env)


def _timed(act: Callable[[], object], times: int = TIMES) -> str:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return percentiles(took)


def _registry() -> CollectorRegistry:
    """The same families, filled without a database: what remains is the writing."""
    registry = CollectorRegistry()
    ended = Counter("agent_execution_total", "ended", ["agent_id", "status"], registry=registry)
    bounds = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
    durations = Histogram("agent_execution_duration_seconds", "s", ["agent_id"], registry=registry, buckets=bounds)
    errors = Counter("agent_execution_errors_total", "errors", ["agent_id", "error_type"], registry=registry)
    rate = Gauge("agent_success_rate", "rate", ["agent_id"], registry=registry)
    for number in range(SIMULATIONS):
        agent = f"bench-{number}"
        for status in ("completed", "failed", "cancelled"):
            ended.labels(agent, status).inc()
        durations.labels(agent).observe(1)
        for error in range(ERRORS):
            errors.labels(agent, f"Error{error}").inc()
        rate.labels(agent).set(0.5)
    return registry
