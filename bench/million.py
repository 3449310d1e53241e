"""A million runs in the table, straight into SQLite: what a busy lab has after some months."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

RUNS = 1_000_000
SIMULATIONS = 100
PARAMS = json.dumps({"agents": 100, "start": 1, "grid": 0})
STATUSES = ["completed"] * 18 + ["failed", "cancelled"]

CONSTANT = {
    "trigger": "manual",
    "priority": 0,
    "scenario": "wealth",
    "scenario_version": "1",
    "params": PARAMS,
    "turns": 10,
    "turns_done": 10,
    "metric_keys": json.dumps(["run.actions.total", "turn.wealth.gini"]),
    "attempt": 1,
    "run_metrics": json.dumps({"run.actions.total": 671}),
    "sparkline": json.dumps([round(number / 40, 3) for number in range(40)]),
    "fingerprint": "ab" * 32,
    "problem_count": 0,
    "tags": "[]",
    "error_traceback": "",
    "log": "",
    "narrative": "",
    "notes": "",
    "player": "",
    "environment": "{}",
    "is_starred": 0,
    "decision_latency_ms": 0,
    **dict.fromkeys(("critical_count", "warning_count", "decision_count", "decisions_successful"), 0),
    **dict.fromkeys(("decisions_failed", "decisions_dropped", "deciding_agents"), 0),
    "version": 4,
}


def fill(env: dict[str, str], runs: int = RUNS) -> None:
    """Make simulations and runs in the migrated database of `env`."""
    database = sqlite3.connect(Path(env["SIMWEB_DATA_DIR"]) / "simweb.sqlite3")
    now = datetime.now(UTC).replace(tzinfo=None)
    simulations = [
        (number, f"sim-{number}", f"Simulation {number}", PARAMS, now) for number in range(1, SIMULATIONS + 1)
    ]
    database.executemany(
        "INSERT INTO runs_simulation (id, slug, name, params, created_at, scenario, turns, metric_keys, headline_metric, "
        "is_archived, completed_runs, failed_runs, retry_attempts, retry_backoff_s, retry_kinds, schedule, "
        "schedule_timezone, schedule_paused, schedule_missed) "
        "VALUES (?, ?, ?, ?, ?, 'wealth', 10, '[]', '', 0, 9000, 500, 0, 30, '[]', '', 'UTC', 0, 'once')",
        simulations,
    )
    rows = _rows(now, runs)
    first = next(rows)
    marks = ", ".join(f":{name}" for name in first)
    database.executemany(f"INSERT INTO runs_run ({', '.join(first)}) VALUES ({marks})", chain([first], rows))  # noqa: S608
    database.commit()
    database.execute("ANALYZE")
    database.commit()
    database.close()


def _rows(now: datetime, runs: int) -> Iterator[dict[str, Any]]:
    for number in range(runs):
        at = now - timedelta(seconds=7 * (runs - number))
        status = STATUSES[number % len(STATUSES)]
        failed = status == "failed"
        yield {
            **CONSTANT,
            **dict.fromkeys(("created_at", "started_at", "finished_at", "changed_at"), at),
            "simulation_id": number % SIMULATIONS + 1,
            "status": status,
            "seed": number,
            "duration_ms": 1200 + number % 997,
            "failure_kind": "model" if failed else "",
            "error_type": "ValueError" if failed else "",
            "error_message": "no such agent" if failed else "",
        }
