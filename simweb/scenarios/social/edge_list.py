"""Edge lists: networks that a person brings along as a CSV file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

MAX_BYTES = 50_000_000
MAX_AGENTS = 1_000_000
SHOWN_BAD_LINES = 5
MAX_LABEL = 200
HEADER_WORDS = frozenset(
    {"source", "target", "from", "to", "follower", "followed", "followee", "follows", "user", "friend"}
)


@dataclass(frozen=True, slots=True)
class EdgeList:
    """Who follows whom: `names[sources[k]]` follows `names[targets[k]]`; `duplicates` lines said so again."""

    names: tuple[str, ...]
    sources: np.ndarray
    targets: np.ndarray
    duplicates: int


def read_edge_list(path: Path) -> EdgeList:
    """The network in a CSV file of `follower,followed` lines.

    Blank lines, lines that begin with # and a first line of column names (such as source,target) are skipped; a follow
    that is listed again counts once. Raises ValueError for a file that is too large, is not UTF-8 text, has no follow
    in it, or has bad lines, whose numbers the message gives.
    """
    status = path.stat()
    if status.st_size > MAX_BYTES:
        raise ValueError(f"{path.name} has {status.st_size:,} bytes; at most {MAX_BYTES:,} can be read")
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, _modified: int, _size: int) -> EdgeList:
    """Kept in memory until the file changes, as it is read once to check the parameters and once to play."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            return parse_edge_list(lines, path.name)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text: {error.reason}") from None


@dataclass(slots=True)
class _Reading:
    """What has been understood of a file so far."""

    index: dict[str, int] = field(default_factory=dict)
    edges: dict[tuple[int, int], None] = field(default_factory=dict)
    duplicates: int = 0
    bad: int = 0
    complaints: list[str] = field(default_factory=list)

    def take(self, number: int, cells: list[str]) -> None:
        if complaint := _complaint(cells):
            self.bad += 1
            if self.bad <= SHOWN_BAD_LINES:
                self.complaints.append(f"line {number} ({complaint})")
            return
        source, target = (self.index.setdefault(cell, len(self.index)) for cell in cells)
        if (source, target) in self.edges:
            self.duplicates += 1
        self.edges[source, target] = None


def parse_edge_list(lines: Iterable[str], name: str = "the file") -> EdgeList:
    """The network in these lines; see `read_edge_list` for what is understood and what is refused."""
    reading = _Reading()
    first = True
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        cells = [cell.strip().strip('"') for cell in text.split(",")]
        if not (first and len(cells) == 2 and HEADER_WORDS.issuperset(cell.lower() for cell in cells)):
            reading.take(number, cells)
        first = False
    if reading.bad:
        more = f" and {reading.bad - SHOWN_BAD_LINES:,} more" if reading.bad > SHOWN_BAD_LINES else ""
        count = "1 bad line" if reading.bad == 1 else f"{reading.bad:,} bad lines"
        raise ValueError(f"{name} has {count}: {', '.join(reading.complaints)}{more}")
    if not reading.edges:
        raise ValueError(f"{name} has no follows in it")
    if len(reading.index) > MAX_AGENTS:
        raise ValueError(f"{name} names {len(reading.index):,} agents; at most {MAX_AGENTS:,} can be played")
    ends = np.array(list(reading.edges), dtype=np.int64)
    return EdgeList(tuple(reading.index), ends[:, 0], ends[:, 1], reading.duplicates)


def _complaint(cells: list[str]) -> str:
    if len(cells) != 2:
        return f"needs 2 columns, has {len(cells)}"
    if not all(cells):
        return "a name is missing"
    if max(map(len, cells)) > MAX_LABEL:
        return f"a name is longer than {MAX_LABEL} characters"
    if cells[0] == cells[1]:
        return f"{cells[0]!r} follows itself"
    return ""
