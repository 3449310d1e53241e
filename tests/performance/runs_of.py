"""Ended runs as a table has them, without a life before: any moment, any duration."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from runs.errors import error_group
from runs.models import Run, Simulation
from runs.states import TERMINAL, Status


def add(
    simulation: Simulation, started_at: datetime, status: str = "completed", duration_ms: int | None = 1000, **more: Any
) -> Run:
    """A run of this simulation; one that ended unless the status says otherwise."""
    message = more.pop("message", "boom")
    failed = status == Status.FAILED
    ended = started_at + timedelta(milliseconds=duration_ms or 0) if started_at and status in TERMINAL else None
    told: dict[str, Any] = {
        "trigger": "manual",
        "scenario": simulation.scenario,
        "scenario_version": "1",
        "seed": 1,
        "turns": 5,
        "created_at": started_at,
        "started_at": started_at,
        "changed_at": started_at or more.get("created_at"),
        "finished_at": ended,
        "duration_ms": duration_ms if status in TERMINAL else None,
        "failure_kind": "model" if failed else "",
        "error_type": "RuntimeError" if failed else "",
        "error_message": message if failed else "",
        "error_group": error_group("RuntimeError", message) if failed else "",
        **more,
    }
    run: Run = Run.objects.create(simulation=simulation, status=status, **told)
    return run
