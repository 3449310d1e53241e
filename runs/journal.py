"""The journal of a run: written with its turns, handed to the run that tries again, read by the one that verifies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from runs.models import JournalEntry, Run
from simweb.engine.journal import Journal


def keep(run_id: int, turn: int, entries: Iterable[Sequence[Any]]) -> None:
    """Add what a turn kept: kind and data of each entry."""
    JournalEntry.objects.bulk_create(
        JournalEntry(run_id=run_id, turn=turn, kind=kind, data=data) for kind, data in entries
    )


def hand_over(run: Run, to: Run) -> None:
    """The next attempt begins where this run ended, if it is played by the same code."""
    if run.scenario_version != to.scenario_version:
        return
    kept = run.journal.exclude(kind="unfinished").order_by("id").values_list("turn", "kind", "data")
    JournalEntry.objects.bulk_create(
        JournalEntry(run=to, turn=turn, kind=kind, data=data) for turn, kind, data in kept.iterator()
    )


def journal_of(run: Run) -> Journal:
    """What its player is given: of a replay the calls of the verified run, else what was handed over."""
    if run.verifies_id is not None:
        return Journal(calls=[data for _, data in _entries(run.verifies_id, "call")], is_replay=True)
    checkpoints, calls = _entries(run.pk, "checkpoint"), _entries(run.pk, "call")
    told = len(checkpoints)  # turns
    return Journal(
        checkpoints=[data for _, data in checkpoints],
        told_calls=[data for turn, data in calls if turn <= told],
        calls=[data for turn, data in calls if turn > told],
    )


def _entries(run_id: int, kind: str) -> list[tuple[int, Any]]:
    """Turn and data."""
    return list(JournalEntry.objects.filter(run=run_id, kind=kind).order_by("id").values_list("turn", "data"))
