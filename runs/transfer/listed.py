"""A list of runs as CSV: all that match, with the columns that the list shows, as plain values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from runs import csv_lines, finding
from runs.models import Run, RunQuerySet
from runs.schemas import iso

CHUNK = 500
KEPT = {"param": "params", "metric": "run_metrics", "seed": "seed", "tags": "tags", "problems": "problem_count"}
Values = dict[str, Callable[[Run], Any]]
# Under each column of the list its columns in the file.
COLUMNS: dict[str, Values] = {
    "started": {"started_at": lambda run: iso(run.started_at)},
    "created": {"created_at": lambda run: iso(run.created_at)},
    "duration": {"duration_ms": lambda run: run.duration_ms},
    "trigger": {"trigger": lambda run: run.trigger},
    "tokens": {"total_tokens": lambda run: run.total_tokens},
    "cost": {"total_cost_usd": lambda run: run.total_cost_usd},
    "seed": {"seed": lambda run: run.seed},
    "turns": {"turns_done": lambda run: run.turns_done, "turns": lambda run: run.turns},
    "problems": {"problem_count": lambda run: run.problem_count},
    "tags": {"tags": lambda run: " ".join(run.tags)},
}


def fields_of(columns: Sequence[str]) -> list[str]:
    """The fields of a run that these columns show beyond what any row does."""
    return sorted({KEPT[kind] for name in columns if (kind := name.partition(".")[0]) in KEPT})


def csv_of_list(runs: RunQuerySet, q: str, sort: str, columns: Sequence[str]) -> Iterator[str]:
    """A head, then a row a run, read page by page. Raises BadSpec, before the head, for what cannot be understood."""
    values = _values(columns)
    rows, following = finding.page_of_matching(runs.rows(*fields_of(columns)), q, sort, None, CHUNK)
    yield csv_lines.row(values)
    while True:
        yield "".join(csv_lines.row(value(run) for value in values.values()) for run in rows)
        if following is None:
            return
        rows, following = finding.page_of_matching(runs.rows(*fields_of(columns)), q, sort, following, CHUNK)


def parameter(run: Run, path: str) -> Any:
    """A parameter of the run, by a path with dots; None when it has none."""
    value: Any = run.params
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _values(columns: Sequence[str]) -> Values:
    values: Values = {
        "run": lambda run: run.pk,
        "simulation": lambda run: run.simulation.slug,
        "status": lambda run: run.status,
    }
    for name in columns:
        values |= COLUMNS.get(name) or {name: _named(name)}
    return {**values, "error": lambda run: f"{run.error_type}: {run.error_message}" if run.error_type else None}


def _named(name: str) -> Callable[[Run], Any]:
    kind, _, key = name.partition(".")
    if kind == "param":
        return lambda run: _plain(parameter(run, key))
    return lambda run: _plain((run.run_metrics or {}).get(key))


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
