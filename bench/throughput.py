"""Short runs per second: queued at once, each played in a process of its own, recorded with its turns and events."""

from __future__ import annotations

import os
import time
from datetime import datetime

import httpx

from bench.server import manage, running_server
from bench.worlds import SETTING

RUNS = int(os.environ.get("SIMWEB_BENCH_RUNS", "10000"))
AT_ONCE = 100
TURNS = 1
QUEUE = f"""
from runs import services, simulations
from runs.states import Trigger
trivial = simulations.create_simulation(name="Trivial", scenario="trivial")
for start in range(0, {RUNS}, {AT_ONCE}):
    services.create_runs(trivial, trigger=Trigger.API, turns={TURNS}, replicates=min({AT_ONCE}, {RUNS} - start))
"""


def bench() -> list[tuple[str, str, str]]:
    """Trivial runs of one turn on two workers, from the first start to the last end. (what, measured, goal)"""
    settings = {"SIMWEB_SCENARIOS": SETTING, "SIMWEB_WORKERS": "2"}
    with running_server(_queue, **settings) as server, server.client() as client:
        while client.get("/simulations/trivial").raise_for_status().json()["terminal_runs"] < RUNS:
            time.sleep(0.5)
        first, last = _ends(client)
    return [(f"short runs per second, {RUNS:,} queued at once", f"{RUNS / (last - first):,.0f}", "≥50")]


def _queue(env: dict[str, str]) -> None:
    manage("shell", "--no-imports", "-c", QUEUE, env={**env, "SIMWEB_EXECUTOR": "idle"})


def _ends(client: httpx.Client) -> tuple[float, float]:
    """When the oldest run started and the newest ended."""
    newest = client.get("/simulations/trivial/runs", params={"limit": 1}).raise_for_status().json()["items"][0]
    oldest = client.get(f"/runs/{newest['id'] - RUNS + 1}").raise_for_status().json()
    return tuple(datetime.fromisoformat(text).timestamp() for text in (oldest["started_at"], newest["finished_at"]))
