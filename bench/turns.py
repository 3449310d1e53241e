"""Turns recorded per second, end to end: played in a child, piped, written to SQLite, shown."""

from __future__ import annotations

import statistics
import time
from datetime import datetime
from typing import Any

import httpx

from bench.server import running_server
from bench.worlds import SETTING

TURNS = 20_000
RUNS = 3


def bench() -> list[tuple[str, str, str]]:
    """A trivial scenario with its four metrics, one run at a time and two at once. (what, measured, goal)"""
    with running_server(SIMWEB_SCENARIOS=SETTING, SIMWEB_WORKERS="2") as server, server.client() as client:
        client.post("/simulations", json={"name": "Trivial", "scenario": "trivial"}).raise_for_status()
        alone = [_rate(client, 1) for _ in range(RUNS)]
        together = [_rate(client, 2) for _ in range(RUNS)]
    return [
        ("turns recorded per second, one run", f"{statistics.median(alone):,.0f}", "≥2,000"),
        ("turns recorded per second, two runs at once", f"{statistics.median(together):,.0f}", "—"),
    ]


def _rate(client: httpx.Client, runs: int) -> float:
    body = {"turns": TURNS}
    ids = [client.post("/simulations/trivial/runs", json=body).raise_for_status().json()["id"] for _ in range(runs)]
    ended = [wait_for(client, run_id) for run_id in ids]
    first = min(_moment(run["started_at"]) for run in ended)
    last = max(_moment(run["finished_at"]) for run in ended)
    return runs * TURNS / (last - first)


def wait_for(client: httpx.Client, run_id: int, seconds: float = 120) -> dict[str, Any]:
    """The run when it has completed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        run: dict[str, Any] = client.get(f"/runs/{run_id}").raise_for_status().json()
        if run["finished_at"]:
            assert run["status"] == "completed", run
            return run
        time.sleep(0.05)
    raise TimeoutError(f"run {run_id} did not end within {seconds} s")


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
