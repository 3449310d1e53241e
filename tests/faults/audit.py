"""What a storm has left in the tables, counted past all of the code."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Ask = Callable[[str], list[tuple[Any, ...]]]
TERMINAL = {"completed", "failed", "cancelled"}
STATES = TERMINAL | {"queued", "running", "stuck"}


@dataclass(frozen=True)
class Audit:
    """The counts; all but the first two must be zero."""

    runs: int
    ends: dict[str, int]
    not_ended: int
    ended_twice: int
    row_and_events_differ: int
    turns_missing_or_double: int

    @property
    def lies(self) -> int:
        return self.not_ended + self.ended_twice + self.row_and_events_differ + self.turns_missing_or_double


def audit(ask: Ask) -> Audit:
    """Read every run, event and turn."""
    runs = ask("SELECT id, status, failure_kind, turns, turns_done FROM runs_run")
    told: dict[int, list[str]] = defaultdict(list)
    for run, kind in ask("SELECT run_id, kind FROM runs_event ORDER BY id"):
        if kind in STATES:
            told[run].append(kind)
    numbers: dict[int, list[int]] = defaultdict(list)
    for run, number in ask("SELECT run_id, number FROM runs_turn ORDER BY run_id, number"):
        numbers[run].append(number)
    wrong = 0
    for run, status, _, turns, done in runs:
        wanted = turns if status == "completed" else done
        wrong += numbers[run] != list(range(1, wanted + 1))
    return Audit(
        runs=len(runs),
        ends=dict(Counter(f"{status} {kind}".strip() for _, status, kind, _, _ in runs)),
        not_ended=sum(status not in TERMINAL for _, status, *_ in runs),
        ended_twice=sum(sum(kind in TERMINAL for kind in kinds) > 1 for kinds in told.values()),
        row_and_events_differ=sum(told[run][-1:] != [status] for run, status, *_ in runs),
        turns_missing_or_double=wrong,
    )
