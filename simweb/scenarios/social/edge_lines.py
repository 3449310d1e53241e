"""How the lines of an edge list are meant: what separates their columns, and which two name follower and followed."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

COMMENTS = ("#", "%")
SEPARATORS = ("\t", ";", ",")
WHITESPACE = " "
NOT_A_WORD = re.compile(r"[\W_]+")
SOURCES = frozenset(
    {"source", "from", "follower", "user", "src", "sourceid", "fromnode", "fromnodeid", "node1", "id1", "user1", "u"}
)
TARGETS = frozenset(
    {"target", "to", "followed", "followee", "follows", "friend", "dst", "targetid", "tonode", "tonodeid", "node2"}
    | {"id2", "user2", "v"}
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Of a file's lines. Where columns are named, the others may hold anything; else only weights may follow."""

    separator: str
    has_head: bool = False
    source: int = 0
    target: int = 1

    def cells(self, text: str) -> list[str]:
        """The columns of a line, trimmed, without quotes."""
        if '"' not in text:
            parts = text.split() if self.separator == WHITESPACE else text.split(self.separator)
            return [part.strip() for part in parts]
        text = " ".join(text.splitlines())  # for csv a return begins a new line, which has no place here
        spaced = text.replace("\t", WHITESPACE) if self.separator == WHITESPACE else text
        return [cell.strip() for cell in next(csv.reader([spaced], delimiter=self.separator, skipinitialspace=True))]


def layout_of(first: str, second: str) -> Layout:
    """What the first two lines that are no comments show; `second` is blank when there is none."""
    separator = next((mark for mark in SEPARATORS if mark in first), WHITESPACE)
    plain = Layout(separator)
    head = [NOT_A_WORD.sub("", cell.lower()) for cell in plain.cells(first)]
    source = next((place for place, word in enumerate(head) if word in SOURCES), None)
    target = next((place for place, word in enumerate(head) if word in TARGETS and place != source), None)
    if source is not None and target is not None:
        return Layout(separator, True, source, target)
    if second and _is_head(plain.cells(first), plain.cells(second)):
        return Layout(separator, True)
    return plain


def _is_head(first: Sequence[str], second: Sequence[str]) -> bool:
    """Words above numbers: in the two columns of names, or in that of the weights."""
    if len(first) < 2 or len(second) < 2:
        return False
    names_are_numbers = not any(map(is_number, first[:2])) and all(map(is_number, second[:2]))
    has_weights = len(first) > 2 and len(second) > 2 and is_number(second[2])
    return names_are_numbers or (has_weights and bool(first[2]) and not is_number(first[2]))


def is_number(text: str) -> bool:
    """An id or a weight."""
    try:
        float(text)
    except ValueError:
        return False
    return True
