"""Blocks: what a scenario tells people in words, tables, bars and trees: a preview of parameters, an answer to a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Cell = str | int | float | None
MOST_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under their heads; numbers stand to the right. `foot` sums up. Of many rows the first 1,000 are told."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    foot: Sequence[Cell] = ()
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each label; `unit` says of what."""

    title: str
    labels: Sequence[str]
    heights: Sequence[float]
    unit: str = ""
    kind: str = "bars"


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of a tree: what it asks or does, how often it was reached (None: not counted), and what follows from yes or no."""

    label: str
    detail: str = ""
    count: int | None = None
    yes: Branch | None = None
    no: Branch | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """A decision tree."""

    title: str
    root: Branch
    kind: str = "tree"


Block = Text | Table | Bars | Tree


@dataclass(frozen=True, slots=True)
class Question:
    """What can be asked of a run: it is played again to answer. `Params` says what has to be named, as a scenario's does.

    A field with `json_schema_extra={"keys_of": ["run.town.income", …]}` suggests the names in the first of these mappings that
    the run has measured. `mention` is how decisions and problems name what can be asked about, such as "payment {payment}", with
    fields of `Params` in braces: where they do, pages lead to the question.
    """

    key: str
    title: str
    description: str
    Params: type[Any] = field(repr=False)
    mention: str = ""


def told(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """The blocks as plain JSON, long tables cut, and said so."""
    plain: list[dict[str, Any]] = []
    for block in blocks:
        if isinstance(block, Table) and len(block.rows) > MOST_ROWS:
            left_out = len(block.rows) - MOST_ROWS
            cut: Mapping[str, Any] = {**asdict(block), "rows": [list(row) for row in block.rows[:MOST_ROWS]]}
            plain += [dict(cut), asdict(Text(f"… and {left_out:,} more rows."))]
        else:
            plain.append(asdict(block))
    return plain
