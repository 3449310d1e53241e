"""Are 200 runs of 1,000 turns compared, and a run of a million turns drawn, while a person waits?"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from bench.server import Server, manage, percentiles, running_server
from tests.web.conftest import ARGUMENTS, chromium

RUNS, TURNS = 200, 1_000
LONG, MANY = RUNS + 1, 1_000_000
PEAK = 987_654
METRIC = "turn.opinion.mean"
REPEATS = 10


def bench() -> list[tuple[str, str, str]]:
    """(what, measured, goal)"""
    ids = ",".join(map(str, range(1, RUNS + 1)))
    with running_server(_prepare) as server, server.client() as api:
        asked = {"runs": ids, "metric": METRIC}
        drawable = {**asked, "part": "series", "max_points": 500}
        asked_by_page = [_timed(api, "/compare", drawable) for _ in range(REPEATS)]
        compared = [_timed(api, "/compare", asked) for _ in range(REPEATS)]
        series = f"/runs/{LONG}/series"
        whole = [_timed(api, series, {"metric": METRIC, "max_points": 2000}) for _ in range(REPEATS)]
        zoomed = {"metric": METRIC, "max_points": 2000, "after": PEAK - 5_000, "until": PEAK + 5_000}
        part = [_timed(api, series, zoomed) for _ in range(REPEATS)]
        points = api.get(series, params={"metric": METRIC, "max_points": 2000}).json()["points"]
        assert len(points) <= 2000
        assert [PEAK, 9] in points, "its peak is lost"
        drawn = _drawn(server, f"/compare/?runs={ids}&metric={METRIC}")
    return [
        (
            f"compare, {RUNS} runs x {TURNS:,} turns: the series that the page draws",
            percentiles(asked_by_page),
            "≤500 ms",
        ),
        ("… everything, with every point", percentiles(compared), "—"),
        ("… the page asked for, until both charts are drawn", f"{drawn:.2f} s", "≤2 s"),
        ("series of 1,000,000 turns as 2,000 points", percentiles(whole), "≤300 ms"),
        ("… zoomed in on 10,000 of them", percentiles(part), "—"),
    ]


def _prepare(env: dict[str, str]) -> None:
    manage("shell", "--no-imports", "-c", "from bench.compare import fill; fill()", env=env)


def fill() -> None:
    """Four groups of replicates, and one long run, straight into the table; inside Django."""
    from django.db import connection
    from django.utils import timezone

    from runs.blocks import packed
    from runs.models import Run, SeriesBlock
    from runs.simulations import create_simulation

    simulation, now = create_simulation(name="Compared", scenario="wealth"), timezone.now()
    Run.objects.bulk_create(
        Run(
            pk=pk,
            simulation=simulation,
            scenario="wealth",
            scenario_version="1",
            trigger="manual",
            status="completed",
            params={"agents": 100 + pk % 4},
            seed=pk,
            run_metrics={"run.sum": pk},
            turns=turns,
            turns_done=turns,
            metric_keys=[METRIC],
            fingerprint=f"{pk:064}",
            **dict.fromkeys(("created_at", "started_at", "finished_at", "changed_at"), now),
        )
        for pk in range(1, LONG + 1)
        for turns in [MANY if pk == LONG else TURNS]
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO runs_turn (run_id, number, created_at, duration_ms, actions, metrics) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            _turns(),
        )
        cursor.execute("ANALYZE")
    long = ((number, json.loads(metrics)) for run, number, *_, metrics in _turns() if run == LONG)
    SeriesBlock.objects.bulk_create(packed(LONG, list(long))[0])  # as the recorder of its turns does


def _turns() -> Iterator[tuple[Any, ...]]:
    rng = random.Random(3)
    for run in range(1, LONG + 1):
        value = 0.0
        for number in range(1, (MANY if run == LONG else TURNS) + 1):
            value += rng.gauss(0, 0.01)
            mean = 9 if run == LONG and number == PEAK else round(max(-5.0, min(5.0, value)), 9)
            metrics = {METRIC: mean, "turn.wealth.gini": round(rng.random(), 6), "turn.actions.total": number % 97}
            yield run, number, "2026-01-01 00:00:00", 1.5, '{"post": 3, "like": 4}', json.dumps(metrics)


def _timed(api: httpx.Client, path: str, query: dict[str, Any]) -> float:
    began = time.perf_counter()
    api.get(path, params=query).raise_for_status()
    return time.perf_counter() - began


def _drawn(server: Server, address: str) -> float:
    """Seconds from asking for the page to both charts drawn, in a browser that has its files already; the median of 3."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_page()
        page.goto(server.link)
        page.wait_for_url(f"{server.base}/")
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            page.goto(f"{server.base}{address}", wait_until="commit")
            page.locator("sim-compare[aria-busy=false] canvas").nth(1).wait_for()
            seconds.append(time.perf_counter() - began)
        browser.close()
    return sorted(seconds)[1]
