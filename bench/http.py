"""The API with a million runs in the table, and a token."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import httpx

from bench.million import RUNS, fill
from bench.server import percentiles, running_server

REPEATS = 400


def bench() -> list[tuple[str, str, str]]:
    """Newest 20, read one, create one, nothing playing: one keep-alive client, loopback. (what, measured, goal)"""
    with running_server(fill, SIMWEB_EXECUTOR="idle") as server, server.client() as client:
        reads = {
            "newest 20 of 1,000,000 runs": ("/runs", "p50 ≤6 ms, p99 ≤15 ms"),
            "newest 20 of one simulation": ("/simulations/sim-7/runs", "—"),
            "newest 20 failed": ("/runs?status=failed", "—"),
            "read a run": (f"/runs/{RUNS // 2}", "p50 ≤4 ms"),
        }
        rows = []
        for what, (path, goal) in reads.items():
            rows.append((f"HTTP: {what}", percentiles(_time(partial(client.get, path))), goal))
        create = _time(lambda: client.post("/simulations/sim-1/runs", json={"turns": 1, "seed": 1}), 150)
        rows.append(("HTTP: create a run", percentiles(create), "p50 ≤7 ms"))
        return rows


def _time(ask: Callable[[], httpx.Response], repeats: int = REPEATS) -> list[float]:
    for _ in range(20):
        ask().raise_for_status()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        ask().raise_for_status()
        seconds.append(time.perf_counter() - began)
    return seconds
