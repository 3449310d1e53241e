"""The database itself keeps what has ended from being changed: triggers, on SQLite and on PostgreSQL.

They are made again after every migration, because SQLite drops a table's triggers when a migration rebuilds the table.
Tags, deletion and what belongs to lists (version, changed_at, sparkline) are not results, and may change. A replay forgets
what it verified when that is removed for good.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

from runs.states import TERMINAL

RESULTS = (
    *("simulation_id", "status", "trigger", "attempt", "created_at", "started_at", "finished_at", "duration_ms"),
    *("scenario", "scenario_version", "params", "seed", "turns", "metric_keys"),
    *(
        "turns_done",
        "run_metrics",
        "fingerprint",
        "total_tokens",
        "total_cost_usd",
        "narrative",
        "environment",
        "verifies_id",
    ),
    *("problem_count", "critical_count", "warning_count", "decision_count", "decisions_successful", "decisions_failed"),
    *("decisions_dropped", "decision_tokens", "decision_latency_ms", "deciding_agents"),
    *("nodes_executed", "edges_traversed", "node_count", "edge_count", "output_data"),
    *("failure_kind", "error_type", "error_group", "error_message", "error_turn", "error_traceback"),
)
FORGOTTEN = {"verifies_id"}  # may become NULL
SAYS = "a run that has ended cannot be changed"
TURN_SAYS = "a turn is written once"


def install(using: str = "default", **signal: Any) -> None:
    """Make the triggers, or make them anew. Receiver of post_migrate."""
    connection = connections[using]
    statements = {"sqlite": _sqlite, "postgresql": _postgresql}[connection.vendor]()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _ended() -> str:
    return f"OLD.status IN ({', '.join(repr(status.value) for status in sorted(TERMINAL))})"


def _changed(column: str, differs: str) -> str:
    is_kept = f" AND NEW.{column} IS NOT NULL" if column in FORGOTTEN else ""
    return f"(NEW.{column} {differs} OLD.{column}{is_kept})"


def _sqlite() -> list[str]:
    changed = " OR ".join(_changed(column, "IS NOT") for column in RESULTS)
    return [
        "DROP TRIGGER IF EXISTS run_immutable",
        f"CREATE TRIGGER run_immutable BEFORE UPDATE ON runs_run WHEN {_ended()} AND ({changed}) "
        f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END",
        "DROP TRIGGER IF EXISTS turn_immutable",
        f"CREATE TRIGGER turn_immutable BEFORE UPDATE ON runs_turn BEGIN SELECT RAISE(ABORT, '{TURN_SAYS}'); END",
    ]


def _postgresql() -> list[str]:
    changed = " OR ".join(_changed(column, "IS DISTINCT FROM") for column in RESULTS)
    return [
        "CREATE OR REPLACE FUNCTION simweb_immutable() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE OR REPLACE TRIGGER run_immutable BEFORE UPDATE ON runs_run FOR EACH ROW WHEN ({_ended()} AND ({changed})) "
        f"EXECUTE FUNCTION simweb_immutable('{SAYS}')",
        "CREATE OR REPLACE TRIGGER turn_immutable BEFORE UPDATE ON runs_turn FOR EACH ROW "
        f"EXECUTE FUNCTION simweb_immutable('{TURN_SAYS}')",
    ]
