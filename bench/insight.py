"""The decisions of a run that has very many: the tab, a filtered tab, a page in the middle."""

from __future__ import annotations

import re
import time

import httpx

from bench.pages import sign_in
from bench.server import manage, percentiles, running_server

DECISIONS = 100_000
TIMES = 20
FILL = f"""
from datetime import datetime, timezone
from runs.models import Decision, Run, Simulation
from runs.simulations import create_simulation
now = datetime.now(timezone.utc)
simulation = create_simulation(name="Many", scenario="wealth")
run = Run.objects.create(simulation=simulation, status="completed", trigger="api", scenario="wealth", scenario_version="1",
    seed=1, turns=1000, turns_done=1000, created_at=now, started_at=now, finished_at=now, changed_at=now,
    decision_count={DECISIONS}, decisions_successful={DECISIONS} * 9 // 10, decisions_failed={DECISIONS} // 10)
Decision.objects.bulk_create((Decision(run=run, number=number, turn=1 + number // 100, created_at=now,
    agent=f"agent {{number % 97}}", intent="choose", decision_type="custom", chosen="left",
    options=[{{"id": "left", "description": "go left", "confidence": None}}], reasoning="so " * 40,
    outcome="failure" if number % 10 == 0 else "success") for number in range(1, {DECISIONS} + 1)), batch_size=2000)
print(run.pk)
"""


def bench() -> list[tuple[str, str, str]]:
    """How long each takes over HTTP, as a browser asks. (what, measured, goal)"""
    runs: list[str] = []
    with running_server(lambda env: runs.append(_fill(env))) as server:
        browser = sign_in(server)
        place = f"/runs/{runs[0]}/?tab=decisions"
        return [
            (f"tab with {DECISIONS:,} decisions", _timed(browser, place), "≤1 s"),
            ("the same, failed ones only", _timed(browser, f"{place}&outcome=failure"), "≤1 s"),
            ("the same, a page in the middle", _timed(browser, f"{place}&after={DECISIONS // 2}"), "≤1 s"),
        ]


def _fill(env: dict[str, str]) -> str:
    return re.findall(r"\d+", manage("shell", "--no-imports", "-c", FILL, env=env))[-1]


def _timed(browser: httpx.Client, place: str) -> str:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        browser.get(place).raise_for_status()
        took.append(time.perf_counter() - began)
    return percentiles(took)
