"""A million runs in the table, straight into the database: what a busy lab has after some months."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg

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
    "is_starred": False,
    "decision_latency_ms": 0,
    **dict.fromkeys(("critical_count", "warning_count", "decision_count", "decisions_successful"), 0),
    **dict.fromkeys(("decisions_failed", "decisions_dropped", "deciding_agents"), 0),
    "version": 4,
}


SIMULATION = {
    "scenario": "wealth",
    "params": PARAMS,
    "turns": 10,
    "metric_keys": "[]",
    "headline_metric": "",
    "is_archived": False,
    "completed_runs": 9000,
    "failed_runs": 500,
    "retry_attempts": 0,
    "retry_backoff_s": 30,
    "retry_kinds": "[]",
    "schedule": "",
    "schedule_timezone": "UTC",
    "schedule_paused": False,
    "schedule_missed": "once",
    "endings": 0,
}


def fill(env: dict[str, str], runs: int = RUNS) -> None:
    """Make simulations and runs in the migrated database of `env`, SQLite or PostgreSQL."""
    now = datetime.now(UTC)
    fill_with(env, SIMULATIONS, _rows(now, runs))


def fill_with(env: dict[str, str], simulations: int, runs: Iterator[dict[str, Any]]) -> None:
    """The same with these runs, of so many simulations."""
    made = [
        {**SIMULATION, "id": n, "slug": f"sim-{n}", "name": f"Simulation {n}", "created_at": datetime.now(UTC)}
        for n in range(1, simulations + 1)
    ]
    tables = {"runs_simulation": iter(made), "runs_run": runs}
    if "DATABASE_URL" in env:
        _into_postgresql(env["DATABASE_URL"], tables)
    else:
        _into_sqlite(Path(env["SIMWEB_DATA_DIR"]) / "simweb.sqlite3", tables)


def _into_sqlite(path: Path, tables: dict[str, Iterator[dict[str, Any]]]) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=OFF")
    for table, rows in tables.items():
        made = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql <> ''", [table]
        )
        indexes = dict(made.fetchall())
        for name in indexes:  # made anew at the end, which is ten times as quick
            database.execute(f"DROP INDEX {name}")
        first = next(rows)
        marks = ", ".join(f":{name}" for name in first)
        insert = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({marks})"  # noqa: S608
        database.executemany(insert, map(_for_sqlite, chain([first], rows)))
        for sql in indexes.values():
            database.execute(sql)
    database.commit()
    database.execute("ANALYZE")
    database.commit()
    database.close()


def _for_sqlite(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.replace(tzinfo=None) if isinstance(value, datetime) else value for name, value in row.items()}


def _into_postgresql(address: str, tables: dict[str, Iterator[dict[str, Any]]]) -> None:
    with psycopg.connect(address) as database, database.cursor() as cursor:
        for table, rows in tables.items():
            first = next(rows)
            with cursor.copy(f"COPY {table} ({', '.join(first)}) FROM STDIN") as copy:
                for row in chain([first], rows):
                    copy.write_row(tuple(row.values()))
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")  # noqa: S608
    with psycopg.connect(address, autocommit=True) as database:
        database.execute("VACUUM ANALYZE")  # as autovacuum has done it in any lab that is older than some minutes


def _rows(now: datetime, runs: int) -> Iterator[dict[str, Any]]:
    yield from rows_of(
        (number % SIMULATIONS + 1, now - timedelta(seconds=7 * (runs - number))) for number in range(runs)
    )


def rows_of(started: Iterable[tuple[int, datetime]]) -> Iterator[dict[str, Any]]:
    """A run for each (simulation, moment): one in twenty failed, another one was cancelled."""
    for number, (simulation, at) in enumerate(started):
        status = STATUSES[(number + number // 1000) % len(STATUSES)]
        failed = status == "failed"
        yield {
            **CONSTANT,
            **dict.fromkeys(("created_at", "started_at", "finished_at", "changed_at"), at),
            "simulation_id": simulation,
            "status": status,
            "seed": number,
            "duration_ms": 1200 + number % 997,
            "failure_kind": "model" if failed else "",
            "error_type": "ValueError" if failed else "",
            "error_message": "no such agent" if failed else "",
            "error_group": "ValueError: no such agent" if failed else "",
        }
