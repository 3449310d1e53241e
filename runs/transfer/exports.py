"""Exports: runs as JSON, with what they were played from and with; `tables` has the other formats. Memory does not grow.

Read in chunks by number, each a query of its own: a stream is sent by several threads, and a cursor belongs to one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from runs import insight, queries
from runs.models import Decision, Frame, Problem, Run, Turn
from runs.pieces import in_pieces
from runs.schemas import decision_row, event_json, iso, problem_row, run_json, turn_json
from runs.transfer.document import FORMAT

CHUNK = 1_000
PIECE = 1 << 18  # characters, of at most four bytes
FRAMES_AT_ONCE = 20  # of at most 64,000 characters each
MOST_RUNS = 200
COUNTS = (
    *("problem_count", "critical_count", "warning_count", "decision_count", "decisions_successful", "decisions_failed"),
    *("decisions_dropped", "decision_tokens", "decision_latency_ms", "deciding_agents", "node_count", "edge_count"),
)


def json_of(runs: Sequence[Run]) -> Iterator[str]:
    """{"simweb_export": 1, "runs": […]}, each run with turns, decisions, problems and events; `imports` reads it."""
    yield f'{{"simweb_export":{FORMAT},"runs":['
    for place, run in enumerate(runs):
        yield "," if place else ""
        yield _dumps({**run_json(run), **provenance(run), **_only_in_exports(run)})[:-1]
        yield from _array("turn_rows", turn_chunks(run), turn_json)
        yield from _array("decisions", _decisions(run), decision_row)
        yield from _array("problems", _problems(run), problem_row)
        yield from _array("events", iter([list(run.events.select_related("actor"))]), event_json)
        yield from _array("frames", _frames(run), lambda frame: {"turn": frame.turn, "view": frame.view})
        yield "}"
    yield "]}\n"


def _only_in_exports(run: Run) -> dict[str, Any]:
    """What an import needs and no other answer has; `narrative` is what people read, `own_narrative` the scenario's words."""
    counts = {name: getattr(run, name) for name in COUNTS}
    texts = {name: getattr(run, name) for name in ("description", "notes", "log")}
    returned = {name: getattr(run, name) for name in ("output_data", "nodes_executed", "edges_traversed")}
    return {**texts, **returned, "own_narrative": run.narrative, "counts": counts}


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


def turn_chunks(run: Run) -> Iterator[list[Turn]]:
    """All turns of the run, in order, some at a time."""
    last = 0
    while turns := queries.turns_after(run, last, CHUNK):
        yield turns
        last = turns[-1].number


def _decisions(run: Run) -> Iterator[list[Decision]]:
    last = 0
    while decisions := queries.decisions_after(run, last, CHUNK):
        yield decisions
        last = decisions[-1].number


def _frames(run: Run) -> Iterator[list[Frame]]:
    last = 0
    while frames := list(run.frames.filter(turn__gt=last).order_by("turn")[:FRAMES_AT_ONCE]):
        yield frames
        last = frames[-1].turn


def _problems(run: Run) -> Iterator[list[Problem]]:
    last = 0
    while problems := list(run.problems.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield problems
        last = problems[-1].pk


def _array(name: str, chunks: Iterator[list[Any]], row_json: Callable[[Any], Any]) -> Iterator[str]:
    """A member of an object: an array of the rows, chunk by chunk."""
    between = ""
    yield f',"{name}":['
    for chunk in filter(None, chunks):
        yield between
        rows = (("," if place else "") + _dumps(row_json(row)) for place, row in enumerate(chunk))
        yield from in_pieces(rows, PIECE)
        between = ","
    yield "]"


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
