"""Log: what a model prints, as people read it: without colours, progress bars as they ended, its beginning and its end."""

from __future__ import annotations

import codecs
import re
from collections import deque

from simweb.engine.texts import UNKEEPABLE

# ECMA-48: colours and cursor movements, titles of windows, single commands.
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
UNFINISHED = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?)?|\r)\Z")
CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
LONGEST_LINE = 1 << 16  # beyond it a line is written without waiting for its end
GAP = "\n[{:,} characters of the log are left out here: a run keeps its first and its last {:,}.]\n"


class Log:
    """Of what is written, the first and the last `most / 2` characters are kept."""

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unfinished = ""  # the beginning of an escape sequence, or a CR that may belong to a line's end
        self._line = ""
        self._head: list[str] = []
        self._head_room = self._half
        self._tail: deque[str] = deque()
        self._tail_length = 0
        self._left_out = 0

    def write(self, data: bytes) -> None:
        """Add what was read; it may end in the middle of a character or of an escape sequence."""
        text = self._unfinished + self._decoder.decode(data)
        held = UNFINISHED.search(text)
        self._unfinished = held[0] if held and len(held[0]) < LONGEST_LINE else ""
        text = text[: len(text) - len(self._unfinished)].replace("\r\n", "\n")
        *lines, self._line = (self._line + CONTROLS.sub("", ESCAPES.sub("", text))).split("\n")
        self._keep("".join(f"{_as_it_ended(line)}\n" for line in lines))
        if len(self._line) > LONGEST_LINE:
            self._keep(_as_it_ended(self._line))
            self._line = ""

    @property
    def text(self) -> str:
        """What is kept so far, the line that is being written too."""
        tail, line = "".join(self._tail), _as_it_ended(self._line)
        surplus = max(0, len(tail) - self._half)
        left_out = self._left_out + surplus
        gap = GAP.format(left_out, self._half) if left_out else ""
        return f"{''.join(self._head)}{gap}{tail[surplus:]}{line}"

    def _keep(self, text: str) -> None:
        text = UNKEEPABLE.sub("\ufffd", text)
        first, rest = text[: self._head_room], text[self._head_room :]
        if first:
            self._head.append(first)
            self._head_room -= len(first)
        if rest:
            self._tail.append(rest)
            self._tail_length += len(rest)
        while self._tail and self._tail_length - len(self._tail[0]) >= self._half:
            gone = len(self._tail.popleft())
            self._tail_length -= gone
            self._left_out += gone


def _as_it_ended(line: str) -> str:
    """What a terminal shows of a line that was written over: what was written last."""
    return line.rstrip("\r").rpartition("\r")[2]
