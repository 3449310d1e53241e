"""Networks that a person brings along: edge lists as people have them, GraphML, GEXF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

import numpy as np

from simweb.scenarios.social.edge_lines import COMMENTS, Layout, is_number, layout_of

MAX_BYTES = 50_000_000
MAX_AGENTS = 1_000_000
SHOWN_BAD_LINES = 5
MAX_LABEL = 200
GRAPHS = frozenset({".graphml", ".gexf"})


@dataclass(frozen=True, slots=True)
class EdgeList:
    """Who follows whom: `names[sources[k]]` follows `names[targets[k]]`; `duplicates` lines said so again.

    Of agents who follow themselves, which nobody can, there were `self_loops`.
    """

    names: tuple[str, ...]
    sources: np.ndarray
    targets: np.ndarray
    duplicates: int
    self_loops: int = 0


def read_edge_list(path: Path) -> EdgeList:
    """The network in a file: GraphML or GEXF by its ending, else a text with a follow a line.

    Of a text, columns are separated by commas, semicolons, tabs or spaces; names may be quoted; numbers behind the two
    names are weights and have no meaning here. Blank lines, lines that begin with # or %, and a head are skipped; a
    follow that is listed again counts once. Raises ValueError for a file that is too large, cannot be read, has no follow
    in it, or has bad lines, whose numbers the message gives.
    """
    status = path.stat()
    if status.st_size > MAX_BYTES:
        raise ValueError(f"{path.name} has {status.st_size:,} bytes; at most {MAX_BYTES:,} can be read")
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, _modified: int, _size: int) -> EdgeList:
    """Kept in memory until the file changes, as it is read once to check the parameters and once to play."""
    if path.suffix.lower() in GRAPHS:
        return _read_graph(path)
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
    self_loops: int = 0
    bad: int = 0
    complaints: list[str] = field(default_factory=list)

    def take(self, number: int, cells: list[str], layout: Layout) -> None:
        """Note a line's follow, or what is wrong with the line."""
        if complaint := _complaint(cells, layout):
            self.bad += 1
            if self.bad <= SHOWN_BAD_LINES:
                self.complaints.append(f"line {number} ({complaint})")
            return
        self.follow(cells[layout.source], cells[layout.target])

    def follow(self, one: str, other: str) -> None:
        """Note a follow."""
        source, target = (self.index.setdefault(name, len(self.index)) for name in (one, other))
        if source == target:
            self.self_loops += 1
            return
        if (source, target) in self.edges:
            self.duplicates += 1
        self.edges[source, target] = None

    def edge_list(self, name: str) -> EdgeList:
        """All of it. Raises ValueError when it is no network, or one that cannot be played."""
        if self.bad:
            more = f" and {self.bad - SHOWN_BAD_LINES:,} more" if self.bad > SHOWN_BAD_LINES else ""
            count = "1 bad line" if self.bad == 1 else f"{self.bad:,} bad lines"
            raise ValueError(f"{name} has {count}: {', '.join(self.complaints)}{more}")
        if not self.edges:
            raise ValueError(f"{name} has no follows in it")
        if len(self.index) > MAX_AGENTS:
            raise ValueError(f"{name} names {len(self.index):,} agents; at most {MAX_AGENTS:,} can be played")
        ends = np.array(list(self.edges), dtype=np.int64)
        return EdgeList(tuple(self.index), ends[:, 0], ends[:, 1], self.duplicates, self.self_loops)


def parse_edge_list(lines: Iterable[str], name: str = "the file") -> EdgeList:
    """The network in these lines; see `read_edge_list` for what is understood and what is refused."""
    reading, rows = _Reading(), _rows(lines)
    begin = list(islice(rows, 2))
    if begin:
        layout = layout_of(begin[0][1], begin[1][1] if len(begin) > 1 else "")
        for number, text in chain(begin[layout.has_head :], rows):
            reading.take(number, layout.cells(text), layout)
    return reading.edge_list(name)


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith(COMMENTS):
            yield number, text


def _complaint(cells: list[str], layout: Layout) -> str:
    last = max(layout.source, layout.target)
    if len(cells) <= last:
        return f"needs {last + 1} columns, has {len(cells)}"
    if not layout.has_head and not _are_weights(cells[2:]):
        return f"needs 2 columns, has {len(cells)}"
    names = (cells[layout.source], cells[layout.target])
    if not all(names):
        return "a name is missing"
    if max(map(len, names)) > MAX_LABEL:
        return f"a name is longer than {MAX_LABEL} characters"
    return ""


def _are_weights(cells: list[str]) -> bool:
    """Numbers, nothing, or what networkx writes behind an edge: {'weight': 2.0}."""
    return bool(cells and cells[0].startswith("{")) or all(not cell or is_number(cell) for cell in cells)


def _read_graph(path: Path) -> EdgeList:
    """Each edge is a follow from source to target; each of a graph without directions, a follow both ways."""
    import networkx

    reader = {".graphml": networkx.read_graphml, ".gexf": networkx.read_gexf}[path.suffix.lower()]
    try:
        graph = reader(path)
    except Exception as error:  # XML that is broken, or whose values are not of the types that it names
        raise ValueError(f"{path.name} cannot be read: {type(error).__name__}: {error}") from None
    reading = _Reading()
    for one, other, *_ in graph.edges:
        reading.follow(str(one), str(other))
        if not graph.is_directed():
            reading.follow(str(other), str(one))
    return reading.edge_list(path.name)
