"""What is said of a run while it is played: messages of plain JSON, the same whoever plays it.

`turn` and `frame` as they come, then `played` or `failed`. The first of them has the `environment`. A `call` of a model is
said as soon as it is answered, in the middle of its turn.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from simweb.engine import registry
from simweb.engine.environment import environment
from simweb.engine.journal import NOTHING, Journal, recording_of
from simweb.engine.play import Frame, Outcome, PlayedTurn, Spec, play
from simweb.engine.recordings import Entry as Recorded
from simweb.engine.recordings import use_recording
from simweb.engine.scenario import FILES_READ
from simweb.engine.texts import LONG_CHARACTERS, NAME_CHARACTERS, keepable, text_of

Message = dict[str, Any]


def messages_of(
    spec: Spec, most_decisions: int, journal: Journal = NOTHING, say_call: Callable[[Message], None] = lambda call: None
) -> Iterator[Message]:
    """Play the spec. Whatever its model raises, SystemExit too, is the message `failed`; `say_call` is told of each `call`."""
    FILES_READ.clear()
    turn = 0
    told: Message | None = None
    playing = play(spec, most_decisions, journal)

    def say(entry: Recorded) -> None:
        say_call({"type": "call", "number": turn + 1, "data": entry.as_json()})

    recording = recording_of(journal, say)
    while True:
        try:
            with use_recording(recording):
                played = next(playing)
            told = {} if told is not None else {"environment": environment(registry.load(spec.scenario))}
        except BaseException as error:
            yield {"type": "failed", "error": describe(error, _turn_of(error, turn))}
            return
        if isinstance(played, PlayedTurn):
            turn = played.number
            yield {"type": "turn", **asdict(played), **told}
        elif isinstance(played, Frame):
            yield {"type": "frame", **asdict(played)}
        else:
            assert isinstance(played, Outcome)
            yield {"type": "played", **asdict(played), **told}
            return


def _turn_of(error: BaseException, done: int) -> int:
    """The turn that raised it, or the one that it says it came about in."""
    said = getattr(error, "turn", None)
    return said if isinstance(said, int) and 1 <= said <= done else done + 1


def describe(error: BaseException, turn: int) -> Message:
    """The error as it is kept on the run; the traceback begins where the scenario's own code does."""
    try:
        lines = "".join(traceback.format_exception(error))
    except BaseException as broken:  # an exception's own methods may raise, too
        lines = f"The traceback cannot be made: {type(broken).__name__}"
    return {
        "type": keepable(type(error).__name__, NAME_CHARACTERS),
        "message": keepable(text_of(error)) or "no message",
        "turn": turn,
        "traceback": keepable(lines, LONG_CHARACTERS),
    }
