"""Exports: runs as CSV, JSON or Parquet, with what they were played from and with. Streamed: memory does not grow.

Read in chunks by number, each a query of its own: a stream is sent by several threads, and a cursor belongs to one.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from runs import insight, queries
from runs.models import Decision, Problem, Run, Turn
from runs.schemas import decision_json, event_json, iso, problem_json, run_json, turn_json
from runs.specs import BadSpec, FieldError

CHUNK = 1_000
FORMAT = 1
MOST_RUNS = 200
COUNTS = (
    *("problem_count", "critical_count", "warning_count", "decision_count", "decisions_successful", "decisions_failed"),
    *("decisions_dropped", "decision_tokens", "decision_latency_ms", "deciding_agents"),
)
Columns = list[str]


def csv_of(runs: Sequence[Run]) -> Iterator[str]:
    """Provenance in lines that begin with #, a head, a row per turn. A mapping has a column for each of its names."""
    for run in runs:
        yield f"# run {run.pk}: {json.dumps(provenance(run), separators=(',', ':'))}\n"
    columns = columns_of(runs)
    yield _line(["run", "turn", "created_at", "duration_ms", *columns])
    for run in runs:
        for turns in _turns(run):
            yield "".join(_line([run.pk, *_cells(turn, columns)]) for turn in turns)


def json_of(runs: Sequence[Run]) -> Iterator[str]:
    """{"simweb_export": 1, "runs": […]}, each run with turns, decisions, problems and events; `imports` reads it."""
    yield f'{{"simweb_export":{FORMAT},"runs":['
    for place, run in enumerate(runs):
        yield "," if place else ""
        counts = {name: getattr(run, name) for name in COUNTS}
        yield _dumps(
            {**run_json(run), **provenance(run), "notes": run.notes, "description": run.description, "counts": counts}
        )[:-1]
        yield from _array("turns", _turns(run), turn_json)
        yield from _array("decisions", _decisions(run), decision_json)
        yield from _array("problems", _problems(run), problem_json)
        yield from _array("events", [list(run.events.select_related("actor"))], event_json)
        yield "}"
    yield "]}\n"


def parquet_of(runs: Sequence[Run]) -> Iterator[bytes]:
    """A row per turn; the provenance is in the file's metadata under `simweb`. Raises BadSpec without pyarrow."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise BadSpec([FieldError(("format",), "Parquet needs pyarrow: pip install pyarrow.")]) from None
    columns = columns_of(runs)
    told = _dumps([{"run": run.pk, **provenance(run)} for run in runs])
    numbers = [pyarrow.field(name, pyarrow.float64()) for name in ("duration_ms", *columns)]
    whole = [pyarrow.field(name, pyarrow.int64()) for name in ("run", "turn")]
    schema = pyarrow.schema([*whole, pyarrow.field("created_at", pyarrow.string()), *numbers], {"simweb": told})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "runs.parquet"
        with parquet.ParquetWriter(file, schema) as writer:
            for run in runs:
                for turns in _turns(run):
                    rows = [[run.pk, *_cells(turn, columns, float)] for turn in turns]
                    data = [list(column) for column in zip(*rows, strict=True)]
                    writer.write_table(pyarrow.table(data, schema=schema))
        with file.open("rb") as opened:
            while part := opened.read(1 << 16):
                yield part


def provenance(run: Run) -> dict[str, Any]:
    """All that another lab needs to play it again, and to know whether it did."""
    return {
        "simulation": run.simulation.slug,
        "scenario": run.scenario,
        "scenario_version": run.scenario_version,
        "params": run.params,
        "seed": run.seed,
        "turns": run.turns,
        "metric_keys": run.metric_keys,
        "status": run.status,
        "created_at": iso(run.created_at),
        "fingerprint": run.fingerprint or None,
        "run_metrics": run.run_metrics,
        "environment": run.environment or None,
        "narrative": insight.narrative(run),
    }


def columns_of(runs: Sequence[Run]) -> Columns:
    """The numbers that any turn of these runs has, in alphabetical order; a mapping gives `key.name` for each name."""
    found: set[str] = set()
    for run in runs:
        for turns in _turns(run):
            for turn in turns:
                found.update(_flat(turn))
    return sorted(found)


def _flat(turn: Turn) -> dict[str, Any]:
    flat: dict[str, Any] = {f"actions.{name}": count for name, count in turn.actions.items()}
    for key, value in turn.metrics.items():
        if isinstance(value, dict):
            flat.update({f"{key}.{name}": item for name, item in value.items()})
        elif not isinstance(value, list):
            flat[key] = value
    return flat


def _cells(turn: Turn, columns: Columns, as_type: Callable[[Any], Any] = lambda value: value) -> list[Any]:
    flat = _flat(turn)
    values = (flat.get(name) for name in columns)
    cells = [None if value is None else as_type(value) for value in values]
    return [turn.number, iso(turn.created_at), round(turn.duration_ms, 3), *cells]


def _turns(run: Run) -> Iterator[list[Turn]]:
    last = 0
    while turns := queries.turns_after(run, last, CHUNK):
        yield turns
        last = turns[-1].number


def _decisions(run: Run) -> Iterator[list[Decision]]:
    last = 0
    while decisions := queries.decisions_after(run, last, CHUNK):
        yield decisions
        last = decisions[-1].number


def _problems(run: Run) -> Iterator[list[Problem]]:
    last = 0
    while problems := list(run.problems.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield problems
        last = problems[-1].pk


def _array(name: str, chunks: Iterator[list[Any]] | list[list[Any]], told: Callable[[Any], Any]) -> Iterator[str]:
    yield ',"turn_rows":[' if name == "turns" else f',"{name}":['
    is_first = True
    for chunk in chunks:
        text = ",".join(_dumps(told(row)) for row in chunk)
        yield text if is_first or not text else f",{text}"
        is_first = is_first and not text
    yield "]"


def _line(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
