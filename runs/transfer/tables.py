"""Exports as tables: a row per turn of the runs, as CSV or Parquet. Each measured number has a column of its own."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runs import csv_lines
from runs.models import Run, Turn
from runs.pieces import in_pieces
from runs.schemas import iso
from runs.specs import BadSpec, FieldError
from runs.transfer import exports
from runs.transfer.exports import provenance, turn_chunks

FIXED = {
    "run": "int64",
    "turn": "int64",
    "created_at": "string",
    "duration_ms": "float64",
    "tokens": "int64",
    "cost_usd": "float64",
}
EXACT = 2**53  # beyond it not every whole number is a float
Source = tuple[str, ...]  # ("metrics", key), ("metrics", key, name of a mapping) or ("actions", type)


@dataclass
class Column:
    """Where a column's values come from, and what they are."""

    source: Source
    label: str = ""
    kinds: set[str] = field(
        default_factory=set
    )  # of "table", "float", "inexact" (no float is equal), "long" (beyond 64 bits)

    @property
    def as_type(self) -> str:
        """The type that loses nothing: `int64`, `float64`, or `string` for tables and for digits that neither can hold."""
        if "table" in self.kinds:
            return "string"
        if not self.kinds & {"float", "long"}:
            return "int64"
        return "string" if "inexact" in self.kinds else "float64"


def csv_of(runs: Sequence[Run]) -> Iterator[str]:
    """Notes in lines that begin with #, a head, a row per turn. A mapping has a column for each of its names."""
    for run in runs:
        yield csv_lines.note_json(f"run {run.pk}", provenance(run))
    columns = columns_of(runs)
    for column in columns:
        if "table" in column.kinds:
            yield csv_lines.note_json("a table in each turn, as JSON", column.label)
    yield csv_lines.row([*FIXED, *(column.label for column in columns)])
    for run in runs:
        for turns in turn_chunks(run):
            rows = (csv_lines.row(_cells(run, turn, columns)) for turn in turns)
            yield from in_pieces(rows, exports.PIECE)


def parquet_of(runs: Sequence[Run]) -> Iterator[bytes]:
    """A row per turn; the provenance is in the file's metadata under `simweb`. Raises BadSpec without pyarrow."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise BadSpec([FieldError(("format",), "Parquet needs pyarrow: pip install pyarrow.")]) from None
    columns = columns_of(runs)
    types = (*FIXED.values(), *(column.as_type for column in columns))
    labels = (*FIXED, *(column.label for column in columns))
    fields = [pyarrow.field(label, getattr(pyarrow, name)()) for label, name in zip(labels, types, strict=True)]
    told = json.dumps([{"run": run.pk, **provenance(run)} for run in runs], ensure_ascii=False)
    schema = pyarrow.schema(fields, {"simweb": told})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "runs.parquet"
        with parquet.ParquetWriter(file, schema) as writer:
            for run in runs:
                for turns in turn_chunks(run):
                    rows = [_typed(_cells(run, turn, columns), types) for turn in turns]
                    data = [list(column) for column in zip(*rows, strict=True)]
                    writer.write_table(pyarrow.table(data, schema=schema))
        with file.open("rb") as opened:
            while part := opened.read(1 << 16):
                yield part


def columns_of(runs: Sequence[Run]) -> list[Column]:
    """A column for all that any turn of these runs has, in alphabetical order, no two under one label."""
    kinds: dict[Source, set[str]] = defaultdict(set)
    for run in runs:
        for turns in turn_chunks(run):
            for turn in turns:
                for source, value in _sources(turn).items():
                    kinds[source].update(_kinds(value))
    taken = set(FIXED)
    columns = []
    # Metrics keep their keys; what would have the label of another says what it is a part of.
    for source in sorted(kinds, key=lambda source: (len(source), source[0] == "actions", source)):
        label = _label(source, taken)
        taken.add(label)
        columns.append(Column(source, label, kinds[source]))
    return sorted(columns, key=lambda column: column.label)


def _label(source: Source, taken: set[str]) -> str:
    """`key`, `actions.type` or `key.name`; `key[name]` where there is such a label already."""
    label = source[1] if len(source) == 2 and source[0] == "metrics" else ".".join(source[-2:])
    if label in taken:
        label = f"{source[-2]}[{source[-1]}]"
    while label in taken:
        label += "'"
    return label


def _sources(turn: Turn) -> dict[Source, Any]:
    found: dict[Source, Any] = {("actions", name): count for name, count in turn.actions.items()}
    for key, value in turn.metrics.items():
        if isinstance(value, dict):
            found.update({("metrics", key, name): item for name, item in value.items()})
        else:
            found["metrics", key] = value
    return found


def _kinds(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield "table"
    elif isinstance(value, float):
        yield "float"
    elif isinstance(value, int) and abs(value) > EXACT:
        if int(float(value)) != value:
            yield "inexact"
        if not -(2**63) <= value < 2**63:
            yield "long"


def _cells(run: Run, turn: Turn, columns: Sequence[Column]) -> list[Any]:
    found = _sources(turn)
    cells = (found.get(column.source) for column in columns)
    texts = (json.dumps(cell, ensure_ascii=False) if isinstance(cell, list) else cell for cell in cells)
    cost = None if turn.cost_usd is None else float(turn.cost_usd)
    return [run.pk, turn.number, iso(turn.created_at), round(turn.duration_ms, 3), turn.tokens, cost, *texts]


def _typed(cells: Sequence[Any], types: Sequence[str]) -> list[Any]:
    as_type = {"int64": int, "float64": float, "string": str}
    return [None if cell is None else as_type[name](cell) for cell, name in zip(cells, types, strict=True)]
