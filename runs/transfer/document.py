"""The document that an export writes and an import reads: its shape, and what each of its values may be.

Texts that are longer than what is kept today are cut as the engine cuts them; all else that does not fit is an error.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from django.conf import settings
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from runs.models.bounds import MOST_COST
from runs.specs import LONGEST_DESCRIPTION
from runs.states import TERMINAL, FailureKind, Status, Trigger
from simweb.engine.numbers import MOST_COUNT, MOST_MILLISECONDS, plain
from simweb.engine.output import OUTPUT_CHARACTERS
from simweb.engine.path import MOST_EDGES, MOST_NODES
from simweb.engine.play import MAX_SEED
from simweb.engine.texts import LONG_CHARACTERS, NAME_CHARACTERS, TEXT_CHARACTERS, UNKEEPABLE, keepable
from simweb.engine.view import MOST_CHARACTERS
from simweb.texts import can_be_kept

FORMAT = 1
SMALL_COUNT = 2**31 - 1  # what Django's PositiveIntegerField holds everywhere
SMALLER_COUNT = 2**15 - 1
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def _kept(text: str) -> str:
    if UNKEEPABLE.search(text):
        raise ValueError("May hold neither NUL nor half a character")
    return text


def _cut(most: int) -> AfterValidator:
    return AfterValidator(lambda text: keepable(text, most))


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("Must be a moment, such as 2026-11-21T10:30:00.000Z") from None
    if moment.tzinfo is None:
        raise ValueError("Must say its time zone, such as Z for UTC")
    if not EARLIEST <= moment <= datetime.now(UTC) + timedelta(days=1):
        raise ValueError("Must lie between 1970 and tomorrow")
    return moment.astimezone(UTC)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        plain(value)
    except ValueError:
        return False
    return True


def _is_cell(value: Any) -> bool:
    return value is None or isinstance(value, str) or _is_number(value)


def _measurement(value: Any) -> Any:
    """What a metric may be worth: a number or nothing, numbers by name, or a table."""
    if value is None or _is_number(value):
        return value
    is_mapping = isinstance(value, dict) and all(number is None or _is_number(number) for number in value.values())
    is_table = isinstance(value, list) and all(
        isinstance(row, dict) and all(map(_is_cell, row.values())) for row in value
    )
    if (is_mapping or is_table) and can_be_kept(value):
        return value
    raise ValueError("Must be a number, null, an object of numbers, or a list of objects of numbers and texts")


def _view(value: Any) -> Any:
    if not isinstance(value, dict) or value.get("kind") not in {"grid", "points", "network", "bars"}:
        raise ValueError("Must be an object whose kind is grid, points, network or bars")
    if len(json.dumps(value)) > MOST_CHARACTERS:
        raise ValueError(f"May have {MOST_CHARACTERS:,} characters of JSON at most")
    return _json(value)


def _output(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value)) > OUTPUT_CHARACTERS:
        raise ValueError(f"May have {OUTPUT_CHARACTERS:,} characters of JSON at most")
    return value


def _json(value: dict[str, Any]) -> dict[str, Any]:
    """Any JSON object whose texts a database can keep."""
    if not can_be_kept(value):
        raise ValueError("Texts may hold neither NUL nor half a character")
    return value


def _ended(status: Status) -> Status:
    if status not in TERMINAL:
        raise ValueError("It had not ended when it was exported; only runs that have ended are imported")
    return status


Plain = Annotated[str, AfterValidator(_kept)]
Name = Annotated[Plain, _cut(NAME_CHARACTERS)]
Edge = Annotated[Plain, _cut(2 * NAME_CHARACTERS + 1)]
Text = Annotated[Plain, _cut(TEXT_CHARACTERS)]
LongText = Annotated[Plain, _cut(LONG_CHARACTERS)]
Key = Annotated[Plain, Field(min_length=1, max_length=NAME_CHARACTERS)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Count = Annotated[int, Field(ge=0, le=MOST_COUNT)]
SmallCount = Annotated[int, Field(ge=0, le=SMALL_COUNT)]
TurnNumber = Annotated[int, Field(ge=1, le=SMALL_COUNT)]
Cost = Annotated[float, Field(ge=0, le=float(MOST_COST))]
Milliseconds = Annotated[float, Field(ge=0, le=MOST_MILLISECONDS)]
Share = Annotated[float, Field(ge=0, le=1)]
Measurement = Annotated[Any, PlainValidator(_measurement)]
Measurements = dict[Key, Measurement]
JsonObject = Annotated[dict[str, Any], AfterValidator(_json)]


class Part(BaseModel):
    """What is not named is not read: exports tell people more than an import needs."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")


class TurnRow(Part):
    number: TurnNumber
    created_at: Moment
    duration_ms: Milliseconds
    actions: dict[Plain, Count]
    metrics: Measurements
    tokens: Count | None = None
    cost_usd: Cost | None = None


class OptionRow(Part):
    id: Name
    description: Text
    confidence: Share | None


class DecisionRow(Part):
    number: TurnNumber
    turn: TurnNumber
    created_at: Moment
    key: Name
    agent: Name
    intent: Annotated[Plain, _cut(500)]
    decision_type: Annotated[Plain, _cut(50)]
    options: list[OptionRow]
    chosen: Name
    reasoning: LongText
    context: JsonObject
    outcome: Literal["pending", "success", "failure"]
    summary: Text
    error: Text
    tokens: Count | None
    latency_ms: Milliseconds | None
    cost_usd: Cost | None
    quality: Share | None
    node: Name = ""
    started_ms: Milliseconds | None = None
    start_reported: bool = False


class ProblemRow(Part):
    severity: Literal["critical", "warning", "minor"]
    description: Text
    source: Name
    root_cause: Text
    suggested_fix: Text
    decision: Name
    turn: SmallCount | None
    created_at: Moment


class EventRow(Part):
    kind: Annotated[Plain, Field(min_length=1, max_length=20)]
    created_at: Moment
    detail: Annotated[Plain, _cut(500)]


class FrameRow(Part):
    turn: TurnNumber
    view: Annotated[Any, PlainValidator(_view)]


class Error(Part):
    type: Annotated[Plain, Field(min_length=1), _cut(NAME_CHARACTERS)]
    message: Text
    turn: SmallCount | None
    traceback: LongText


class Verification(Part):
    status: Literal["pending", "verified", "differs", "impossible"]
    runs: list[int]
    turn: SmallCount | None
    metric: Name | None
    reason: Text


class Git(Part):
    commit: Name
    dirty: bool


class Environment(Part):
    python: Name
    platform: Name
    packages: dict[Name, Name]
    git: Git | None = None
    processor: Name | None = None
    files: dict[Name, Name] | None = None


class Counts(Part):
    """Of all that was reported, kept or not."""

    problem_count: SmallCount
    critical_count: SmallCount
    warning_count: SmallCount
    decision_count: SmallCount
    decisions_successful: SmallCount
    decisions_failed: SmallCount
    decisions_dropped: SmallCount
    decision_tokens: Count | None
    decision_latency_ms: Milliseconds
    deciding_agents: SmallCount
    node_count: SmallCount = 0
    edge_count: SmallCount = 0


class RunDocument(Part):
    """One run. Fields with a default are those that older exports lack."""

    id: Count
    simulation: Plain
    scenario: Annotated[Plain, Field(min_length=1, max_length=100)]
    scenario_version: Annotated[Plain, Field(min_length=1, max_length=50)]
    params: JsonObject
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    turns: Annotated[int, Field(ge=1), AfterValidator(lambda turns: _at_most(turns, settings.MAX_TURNS))]
    metric_keys: Annotated[list[Key], Field(min_length=1)]
    status: Annotated[Status, BeforeValidator(lambda value: _member(Status, value)), AfterValidator(_ended)]
    trigger: Annotated[Trigger, BeforeValidator(lambda value: _member(Trigger, value))]
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment
    duration_ms: Count | None
    turns_done: SmallCount
    run_metrics: Measurements | None
    fingerprint: Annotated[str, Field(pattern=FINGERPRINT.pattern, max_length=64)] | None
    total_tokens: Count | None
    total_cost_usd: Cost | None
    failure_kind: Annotated[FailureKind, BeforeValidator(lambda value: _member(FailureKind, value))] | None
    error: Error | None
    attempt: Annotated[int, Field(ge=1, le=SMALLER_COUNT)]
    retry_of: Count | None
    verifies: Count | None
    verification: Verification | None
    environment: Environment | None
    tags: list[Plain]
    notes: Plain
    is_starred: bool
    description: Annotated[Plain, _cut(LONGEST_DESCRIPTION)] = ""
    own_narrative: Text = ""
    log: Annotated[Plain, AfterValidator(lambda text: keepable(text, 2 * settings.MAX_LOG_CHARACTERS))] = ""
    output_data: Annotated[JsonObject, AfterValidator(_output)] | None = None
    nodes_executed: Annotated[list[Name], Field(max_length=MOST_NODES)] = []
    edges_traversed: Annotated[list[Edge], Field(max_length=MOST_EDGES)] = []
    counts: Counts
    turn_rows: list[TurnRow]
    decisions: list[DecisionRow]
    problems: list[ProblemRow]
    events: list[EventRow] = []
    frames: list[FrameRow] = []


def _at_most(value: int, most: int) -> int:
    if value > most:
        raise ValueError(f"Must be at most {most}")
    return value


def _member(kind: Any, value: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"Must be one of {', '.join(kind.values)}") from None
