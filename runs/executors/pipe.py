"""MessageReader: what a player says through its pipe, bounded while it is read, whoever writes into it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from runs.recording import Message
from simweb.engine.messages import LONGEST_MESSAGE
from simweb.engine.texts import clean

KINDS = frozenset({"ready", "turn", "frame", "call", "played", "failed"})
SUSPECT = (b"\\ud", b"\\u0000")  # how JSON writes half a character, or NUL
SHOWN = 80


class Unreadable(Exception):
    """What came is no message, or longer than anybody reads."""


class MessageReader:
    """Cuts what arrives into messages. It holds at most one that is not whole yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def read(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole now. Raises Unreadable; nothing that comes after it can be believed."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._take(line)
            whole = b"".join(self._parts)
            self._parts, self._size = [], 0
            yield _message(whole)
        self._take(rest)

    def _take(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > LONGEST_MESSAGE:
            self._parts = []
            raise Unreadable(
                f"The process wrote a message of over {LONGEST_MESSAGE:,} bytes, and no longer one is read."
            )


def _message(line: bytes) -> Message:
    """The message; texts that no database can keep, wherever a model put them, are mended."""
    try:
        message: Message = json.loads(line)
        if message["type"] not in KINDS:
            raise ValueError
        return clean(message) if any(mark in line for mark in SUSPECT) else message
    except (ValueError, TypeError, KeyError, RecursionError):
        said = line[:SHOWN].decode(errors="replace")
        raise Unreadable(
            f"The process wrote {said!r} where simweb's own messages belong. Print to standard output, "
            "and write to no file descriptor that the model has not opened."
        ) from None
