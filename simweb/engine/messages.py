"""What is said of a run while it is played: messages of plain JSON, the same whoever plays it.

`turn` and `frame` as they come, then `played` or `failed`. The first of them has the `environment`. A `call` of a model is
said as soon as it is answered, in the middle of its turn. One message is a line of JSON of at most LONGEST_MESSAGE bytes.
"""

from __future__ import annotations

import json
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
LONGEST_MESSAGE = 8 * 1024 * 1024  # bytes; whoever reads one, and tells it on, holds up others for that long
PARTS_NAMED = 3
TOLD = {"turn": "A turn", "frame": "A picture", "call": "A call of a model", "played": "The end of the run"}


class TooMuchSaid(Exception):
    """A model has more to say at once than anybody reads."""


def line_of(message: Message) -> bytes:
    """The message as a line of JSON. Raises TooMuchSaid, which names the bound and what is large, and ValueError for NaN."""
    line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    if len(line) <= LONGEST_MESSAGE:
        return line
    sizes = {name: len(json.dumps(part)) for name, part in message.items() if isinstance(part, dict | list | str)}
    large = {name: size for name, size in sizes.items() if size > len(line) // 20}
    largest = sorted(large, key=lambda name: -large[name])[:PARTS_NAMED]
    parts = ", ".join(f"{_word(name)} {sizes[name]:,}" for name in largest)
    what = TOLD.get(message.get("type", ""), "An answer")
    raise TooMuchSaid(
        f"{what} is told in {len(line):,} bytes of JSON, and at most {LONGEST_MESSAGE:,} are read ({parts}). "
        "Report fewer rows, decisions or problems at once, or shorter ones."
    )


def _word(part: str) -> str:
    return "decisions" if part == "entry" else part


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
