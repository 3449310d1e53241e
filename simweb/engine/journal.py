"""Journal: what a run keeps for the run that goes on where it ended, and for the one that plays it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, get_args

from simweb.engine.recordings import Entry as Recorded
from simweb.engine.recordings import Recording

EntryKind = Literal["checkpoint", "call", "unfinished"]
ENTRY_KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
Json = Mapping[str, Any]


class Entry(NamedTuple):
    """One thing to keep, as plain JSON."""

    kind: EntryKind
    data: Json


@dataclass(frozen=True, slots=True)
class Journal:
    """What an earlier run kept: a checkpoint for each turn that need not be played again, and calls of models.

    `told_calls` were made in those turns, `calls` after them. In a replay every turn is played, and answered from `calls` alone.
    """

    checkpoints: Sequence[Json] = ()
    told_calls: Sequence[Json] = ()
    calls: Sequence[Json] = ()
    is_replay: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether a run that is given it plays as if it were given none."""
        return not (self.checkpoints or self.told_calls or self.calls or self.is_replay)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, from which `Journal(**…)` makes it again."""
        return asdict(self)


NOTHING = Journal()


def recording_of(journal: Journal, on_new: Callable[[Recorded], None]) -> Recording:
    """Into what a run records its calls, or from what it replays them. A call that failed is made again, but not in a replay."""
    kept = map(Recorded.from_json, journal.calls)
    if journal.is_replay:
        return Recording(kept, "replay")
    recording = Recording((entry for entry in kept if entry.answer is not None), "record", on_new)
    recording.count_asked(map(Recorded.from_json, journal.told_calls))
    return recording
