"""Journal: what a run keeps for the run that goes on where it ended, and for the one that plays it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

EntryKind = Literal["checkpoint", "call"]
ENTRY_KINDS: tuple[EntryKind, ...] = ("checkpoint", "call")
Json = Mapping[str, Any]


class Entry(NamedTuple):
    """One thing to keep, as plain JSON."""

    kind: EntryKind
    data: Json


@dataclass(frozen=True, slots=True)
class Journal:
    """What an earlier run kept: a checkpoint for each turn that need not be played again, and the calls that it made.

    In a replay every turn is played, and calls are answered from `calls` alone.
    """

    checkpoints: Sequence[Json] = ()
    calls: Sequence[Json] = ()
    is_replay: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, from which `Journal(**…)` makes it again."""
        return asdict(self)


NOTHING = Journal()
