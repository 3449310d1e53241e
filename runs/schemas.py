"""A run, a turn, a simulation in JSON: one builder each for API and sockets, and the schemas that document them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool, StrictInt

from runs.models import Decision, Event, Problem, Run, Simulation, Turn
from runs.models.bounds import MOST_LIMIT
from runs.states import FailureKind, Missed, Overlap


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the millisecond, with Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ErrorOut(Schema):
    """`traceback` is null in lists; the run itself has it."""

    type: str
    message: str
    turn: int | None
    traceback: str | None


class Verification(Schema):
    """`runs` are the replays. A run that differs says in which turn (null: over the whole run) and in which metric."""

    status: Literal["pending", "verified", "differs", "impossible"]
    runs: list[int]
    turn: int | None
    metric: str | None
    reason: str


class RunOut(Schema):
    """A run. `version` grows with every change, so the greater of two is the newer."""

    id: int
    simulation: str
    scenario: str
    scenario_version: str
    status: str
    trigger: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    duration_ms: int | None
    turns: int
    turns_done: int
    params: dict[str, Any]
    seed: int
    metric_keys: list[str]
    metric_selection: int | None
    run_metrics: dict[str, Any] | None
    fingerprint: str | None
    total_tokens: int | None
    total_cost_usd: float | None
    problem_count: int
    failure_kind: str | None
    error: ErrorOut | None
    priority: int
    attempt: int
    retry_of: int | None
    verification: Verification | None
    verifies: int | None
    decision_count: int
    tags: list[str]
    is_starred: bool
    created_by: str | None
    version: int


class Waiting(Schema):
    """Of a queued run: 1 is played next."""

    position: int
    reason: str


class RunDetail(RunOut):
    """A run, what it waits for while it is queued, and what no list shows; `environment` is null before its first turn.

    `output_data` is what its scenario returned when it was played to its end, null where that is nothing.
    """

    waiting: Waiting | None
    narrative: str
    environment: dict[str, Any] | None
    notes: str
    description: str
    output_data: dict[str, Any] | None


class Execution(Schema):
    """How the runs of a simulation are played; null is no limit."""

    model_config = ConfigDict(extra="forbid")
    run_timeout_s: StrictInt | None = Field(None, ge=1, le=MOST_LIMIT)
    turn_timeout_s: StrictInt | None = Field(None, ge=1, le=MOST_LIMIT)
    memory_limit_mb: StrictInt | None = Field(None, ge=64, le=MOST_LIMIT)
    max_parallel: StrictInt | None = Field(None, ge=1, le=1000)
    retry_attempts: StrictInt = Field(0, ge=0, le=100)
    retry_backoff_s: StrictInt = Field(30, ge=0, le=86_400)
    retry_kinds: list[FailureKind] = [FailureKind.LOST, FailureKind.TIMEOUT]


class Schedule(Schema):
    """When it runs by itself: `cron` has five fields (minute hour day month weekday), or is @hourly, @daily, @weekly, @monthly,
    @yearly. `missed`: run once for moments at which no server ran, or skip them. `overlap`: while the scheduled run before is not
    over, start one more, or skip the moment."""

    model_config = ConfigDict(extra="forbid")
    cron: str
    timezone: str = "UTC"
    paused: StrictBool = False
    missed: Missed = Missed.ONCE
    overlap: Overlap = Overlap.START


class SimulationOut(Schema):
    slug: str
    name: str
    description: str
    scenario: str
    params: dict[str, Any]
    turns: int
    metric_keys: list[str]
    headline_metric: str
    execution: Execution
    schedule: Schedule | None
    next_run_at: str | None
    last_run: RunOut | None
    success_rate: float | None
    terminal_runs: int
    is_archived: bool
    created_at: str


class TurnOut(Schema):
    number: int
    created_at: str
    duration_ms: float
    actions: dict[str, int]
    metrics: dict[str, Any]
    tokens: int | None
    cost_usd: float | None


class EventOut(Schema):
    kind: str
    created_at: str
    actor: str | None
    detail: str


class ProblemOut(Schema):
    """`decision` is the key of the decision it came from, or blank; `decision_number` its number, null where none is kept."""

    id: int
    severity: str
    description: str
    source: str
    root_cause: str
    suggested_fix: str
    decision: str
    decision_number: int | None
    turn: int | None
    created_at: str


class OptionOut(Schema):
    id: str
    description: str
    confidence: float | None


class DecisionOut(Schema):
    """`problem_ids` are the kept problems that came from it. `node` is the node of the agent's graph that decided, or blank.

    `started_ms` is since the play began: as the scenario said (`start_reported`), else laid out after the decisions before it, by
    their latencies, and not before its turn began; null for runs of before this was kept.
    """

    id: int
    number: int
    turn: int
    created_at: str
    key: str
    agent: str
    intent: str
    decision_type: str
    options: list[OptionOut]
    chosen: str
    reasoning: str
    context: dict[str, Any]
    outcome: str
    summary: str
    error: str
    tokens: int | None
    latency_ms: float | None
    cost_usd: float | None
    quality: float | None
    node: str
    started_ms: float | None
    start_reported: bool
    problem_ids: list[int]


class Marks(Schema):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    tags: list[str] | None = None
    notes: str | None = None
    is_starred: StrictBool | None = None
    description: str | None = None


class RunIn(Schema):
    """What is left out is taken from the simulation; `metric_keys` wins over `metric_selection`."""

    model_config = ConfigDict(extra="forbid")
    params: dict[str, Any] = {}
    turns: StrictInt | None = None
    seed: StrictInt | None = Field(None, description="Left out: drawn, and shown on the run.")
    metric_keys: list[str] | None = None
    metric_selection: StrictInt | None = None
    priority: StrictInt = Field(0, ge=-100, le=100)
    description: str = Field("", description="What the run is for.")


class SimulationIn(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str
    scenario: str
    slug: str | None = None
    description: str = Field("", description="What the simulation is for.")
    params: dict[str, Any] = {}
    turns: StrictInt | None = None
    metric_keys: list[str] | None = None
    headline_metric: str | None = None


class SimulationPatch(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str | None = None
    description: str | None = None
    params: dict[str, Any] | None = None
    turns: StrictInt | None = None
    metric_keys: list[str] | None = None
    headline_metric: str | None = None
    is_archived: StrictBool | None = None
    execution: Execution | None = None
    schedule: Schedule | None = Field(None, description="With a blank `cron`, the schedule is taken away.")


def run_json(run: Run, *, slug: str | None = None) -> dict[str, Any]:
    """The run as RunOut describes it. `slug` spares a look at the simulation's row."""
    return {
        "id": run.pk,
        "simulation": slug or run.simulation.slug,
        "scenario": run.scenario,
        "scenario_version": run.scenario_version,
        "status": run.status,
        "trigger": run.trigger,
        "created_at": iso(run.created_at),
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at),
        "duration_ms": run.duration_ms,
        "turns": run.turns,
        "turns_done": run.turns_done,
        "params": run.params,
        "seed": run.seed,
        "metric_keys": run.metric_keys,
        "metric_selection": run.metric_selection_id,
        "run_metrics": run.run_metrics,
        "fingerprint": run.fingerprint or None,
        "total_tokens": run.total_tokens,
        "total_cost_usd": None if run.total_cost_usd is None else float(run.total_cost_usd),
        "problem_count": run.problem_count,
        "failure_kind": run.failure_kind or None,
        "error": _error_json(run),
        "priority": run.priority,
        "attempt": run.attempt,
        "retry_of": run.retry_of_id,
        "verification": run.verification,
        "verifies": run.verifies_id,
        "decision_count": run.decision_count,
        "tags": run.tags,
        "is_starred": run.is_starred,
        "created_by": run.created_by.get_username() if run.created_by else None,
        "version": run.version,
    }


def _error_json(run: Run) -> dict[str, Any] | None:
    if not run.error_type:
        return None
    return {
        "type": run.error_type,
        "message": run.error_message,
        "turn": run.error_turn,
        "traceback": None if "error_traceback" in run.get_deferred_fields() else run.error_traceback,
    }


def simulation_json(simulation: Simulation, last_run: Run | None) -> dict[str, Any]:
    """The simulation as SimulationOut describes it."""
    return {
        "slug": simulation.slug,
        "name": simulation.name,
        "description": simulation.description,
        "scenario": simulation.scenario,
        "params": simulation.params,
        "turns": simulation.turns,
        "metric_keys": simulation.metric_keys,
        "headline_metric": simulation.headline_metric,
        "execution": {name: getattr(simulation, name) for name in Execution.model_fields},
        "schedule": _schedule_json(simulation),
        "next_run_at": iso(simulation.next_run_at),
        "last_run": run_json(last_run, slug=simulation.slug) if last_run else None,
        "success_rate": simulation.success_rate,
        "terminal_runs": simulation.decided_runs,
        "is_archived": simulation.is_archived,
        "created_at": iso(simulation.created_at),
    }


def _schedule_json(simulation: Simulation) -> dict[str, Any] | None:
    if not simulation.schedule:
        return None
    names = ("timezone", "paused", "missed", "overlap")
    return {"cron": simulation.schedule, **{name: getattr(simulation, f"schedule_{name}") for name in names}}


def turn_json(turn: Turn) -> dict[str, Any]:
    """The turn as TurnOut describes it."""
    return {
        "number": turn.number,
        "created_at": iso(turn.created_at),
        "duration_ms": round(turn.duration_ms, 3),
        "actions": turn.actions,
        "metrics": turn.metrics,
        "tokens": turn.tokens,
        "cost_usd": None if turn.cost_usd is None else float(turn.cost_usd),
    }


def event_json(event: Event) -> dict[str, Any]:
    """The event as EventOut describes it."""
    return {
        "kind": event.kind,
        "created_at": iso(event.created_at),
        "actor": event.actor.get_username() if event.actor else None,
        "detail": event.detail,
    }


def problem_json(problem: Problem, decision_number: int | None = None) -> dict[str, Any]:
    """The problem as ProblemOut describes it."""
    return {"id": problem.pk, **problem_row(problem), "decision_number": decision_number}


def problem_row(problem: Problem) -> dict[str, Any]:
    """What the problem is in any lab: without ids and links."""
    return {
        "severity": problem.severity,
        "description": problem.description,
        "source": problem.source,
        "root_cause": problem.root_cause,
        "suggested_fix": problem.suggested_fix,
        "decision": problem.decision,
        "turn": problem.turn,
        "created_at": iso(problem.created_at),
    }


def decision_json(decision: Decision, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """The decision as DecisionOut describes it; `problems` are those that came from it."""
    return {"id": decision.pk, **decision_row(decision), "problem_ids": [problem.pk for problem in problems]}


def decision_row(decision: Decision) -> dict[str, Any]:
    """What the decision is in any lab: without ids and links."""
    names = (
        *("number", "turn", "key", "agent", "intent", "decision_type", "options", "chosen", "reasoning", "context"),
        *("outcome", "summary", "error", "tokens", "latency_ms", "quality", "node", "started_ms", "start_reported"),
    )
    cost = None if decision.cost_usd is None else float(decision.cost_usd)
    told = {name: getattr(decision, name) for name in names}
    return {**told, "created_at": iso(decision.created_at), "cost_usd": cost}
