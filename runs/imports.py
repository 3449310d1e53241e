"""Imports: runs that were exported as JSON, here or in another lab, become rows again: equal in all but their ids.

The only place besides `services` that writes a status, and only into rows that it makes: what comes has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from runs import blocks, services
from runs.errors import error_group
from runs.events import announce, record
from runs.exports import COUNTS, FORMAT
from runs.models import Decision, Problem, Run, SeriesBlock, Simulation, Turn
from runs.specs import BadSpec, FieldError
from runs.states import Status, Trigger

CHUNK = 1_000
RECORDED = (
    *("scenario", "scenario_version", "params", "seed", "turns", "metric_keys", "turns_done", "run_metrics"),
    *("total_tokens", "duration_ms", "attempt", "tags", "notes", "is_starred"),
)


def import_runs(data: Any, *, by: User | None) -> list[Run]:
    """Make a run of each that is in the export; all or none. Raises BadSpec, naming what does not fit."""
    if not isinstance(data, Mapping) or data.get("simweb_export") != FORMAT or not isinstance(data.get("runs"), list):
        raise _refused("This is no JSON export of simweb: it lacks simweb_export and runs.")
    try:
        with transaction.atomic():
            return [_import(told, by) for told in data["runs"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, BadSpec):
            raise
        raise _refused(f"The export is damaged: {type(error).__name__}: {error}") from None


def _import(told: Mapping[str, Any], by: User | None) -> Run:
    status = Status(told["status"])
    if not status.is_terminal:
        raise _refused(f"Run {told.get('id')} had not ended when it was exported; only ended runs are imported.")
    error = told["error"] or {}
    now = timezone.now()
    run = Run.objects.create(
        simulation=_simulation(told, by),
        status=status,
        trigger=Trigger(told["trigger"]),
        created_by=by,
        created_at=_moment(told["created_at"]) or now,
        started_at=_moment(told["started_at"]),
        finished_at=_moment(told["finished_at"]),
        changed_at=now,
        fingerprint=told["fingerprint"] or "",
        total_cost_usd=None if told["total_cost_usd"] is None else Decimal(str(told["total_cost_usd"])),
        environment=told["environment"] or {},
        description=told.get("description", ""),  # exports of earlier versions have none
        failure_kind=told["failure_kind"] or "",
        error_type=error.get("type", ""),
        error_group=error_group(error.get("type", ""), error.get("message", "")) if status is Status.FAILED else "",
        error_message=error.get("message", ""),
        error_turn=error.get("turn"),
        error_traceback=error.get("traceback", ""),
        **{name: told["counts"][name] for name in COUNTS},
        **{name: told[name] for name in RECORDED},
    )
    _write_rows(run, told)
    services.count_ended(run, +1)
    record(run.pk, "imported", now, actor=by, detail=f"was run {told['id']} where it was exported")
    announce(run, "state")
    return run


def _write_rows(run: Run, told: Mapping[str, Any]) -> None:
    _create(Turn, ({**_dated(row), "run": run} for row in told["turn_rows"]))
    turns = sorted(((row["number"], row["metrics"]) for row in told["turn_rows"]), key=lambda turn: turn[0])
    SeriesBlock.objects.bulk_create(blocks.packed(run.pk, turns)[0])
    _create(Decision, ({**_dated(row), "run": run} for row in told["decisions"]))
    _create(Problem, ({**_dated(row), "run": run} for row in told["problems"]))


def _create(model: Any, rows: Iterable[dict[str, Any]]) -> None:
    model.objects.bulk_create((model(**row) for row in rows), batch_size=CHUNK)


def _simulation(told: Mapping[str, Any], by: User | None) -> Simulation:
    made = {"name": told["simulation"], "created_by": by}
    spec = {name: told[name] for name in ("scenario", "params", "turns", "metric_keys")}
    return Simulation.objects.get_or_create(slug=told["simulation"], defaults={**made, **spec})[0]


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "created_at": _moment(row["created_at"])}


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _refused(message: str) -> BadSpec:
    return BadSpec([FieldError(("file",), message)])
