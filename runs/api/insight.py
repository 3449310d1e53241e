"""API of insight: decisions, problems, summary, verification of a run; patterns of a simulation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from runs import insight, links, queries, services
from runs.agents import AgentFigures, agents_of
from runs.api.answers import answer, caller, find_run, find_simulation
from runs.api.pages import After, page
from runs.api.simulations import Limit
from runs.models import Decision, Frame, Problem
from runs.schemas import DecisionOut, ProblemOut, RunOut, decision_json, problem_json, run_json
from simweb.access.idempotency import idempotent
from simweb.access.roles import Role
from simweb.engine import Fate, Severity

router = Router(tags=["insight"])


class DecisionCounts(Schema):
    """Of all decisions of the run, kept or not; `dropped` ones were counted and not kept."""

    total: int
    successful: int
    failed: int
    pending: int
    dropped: int
    success_rate: float
    tokens: int | None
    latency_ms: float
    agents: int


class DecisionList(Schema):
    items: list[DecisionOut]
    next_cursor: int | None
    counts: DecisionCounts


class ProblemCounts(Schema):
    """Of all problems of the run, kept or not."""

    total: int
    critical: int
    warning: int
    minor: int


class ProblemList(Schema):
    items: list[ProblemOut]
    next_cursor: int | None
    counts: ProblemCounts


class FrameOut(Schema):
    """`view` is {kind: grid | points | network | bars | columns, legend, …}: numbers that a browser draws."""

    turn: int
    view: dict[str, Any]


class FrameList(Schema):
    items: list[FrameOut]
    next_cursor: int | None


class SummaryOut(Schema):
    """`success_rate` is a share (0–1); `quality` is clean, degraded, failed, or null; `attention` says why to look at it.

    `nodes_executed` are the nodes of the agents' graphs that decided, `edges_traversed` those between them (`a→b`: an agent
    decided at a, and next at b), each in order of first appearance; of very many the first are kept.
    Lists have the first few; the counts beside them are of all.
    """

    run_id: int
    simulation: str
    status: str
    duration_ms: int | None
    decision_count: int
    success_rate: float
    problem_count: int
    narrative: str
    key_decisions: list[str]
    critical_problems: list[str]
    critical_count: int
    warnings: list[str]
    warning_count: int
    successes: list[str]
    decisions_successful: int
    decisions_failed: int
    quality: str | None
    attention: list[str]
    analysis: dict[str, Any] | None
    nodes_executed: list[str]
    edges_traversed: list[str]
    nodes_left_out: int
    edges_left_out: int


class PatternsOut(Schema):
    """Over the newest 200 ended runs; rates are shares (0–1)."""

    runs: int
    completed_rate: float | None
    top_errors: list[dict[str, Any]]
    failing_agents: list[dict[str, Any]]


@router.get(
    "/runs/{int:run_id}/decisions",
    response=DecisionList,
    summary="Choices of agents, in order; `cursor` is the last number you have",
)
def list_decisions(
    request: HttpRequest,
    run_id: int,
    limit: Limit,
    cursor: After,
    outcome: Fate | None = None,
    agent: Annotated[str, Query("", max_length=200)] = "",
) -> HttpResponse:
    run = find_run(request, run_id)

    def read(after: int, count: int) -> list[tuple[int, Decision]]:
        rows = queries.decisions_after(run, after, count, outcome=outcome, agent=agent)
        return [(row.number, row) for row in rows]

    found, _, following = page(read, lambda row: decision_json(row, ()), cursor, limit)
    counts = {
        "total": run.decision_count,
        "successful": run.decisions_successful,
        "failed": run.decisions_failed,
        "pending": run.decisions_pending,
        "dropped": run.decisions_dropped,
        "success_rate": round(run.decision_success_rate, 4),
        "tokens": run.decision_tokens,
        "latency_ms": run.decision_latency_ms,
        "agents": run.deciding_agents,
    }
    problems = links.problems_of(run.pk, found)
    items = [decision_json(decision, problems.get(decision.number, ())) for decision in found]
    return answer({"items": items, "next_cursor": following, "counts": counts})


@router.get("/runs/{int:run_id}/problems", response=ProblemList, summary="What was wrong or doubtful, in order")
def list_problems(
    request: HttpRequest, run_id: int, limit: Limit, cursor: After, severity: Severity | None = None
) -> HttpResponse:
    run = find_run(request, run_id)
    problems = (
        run.problems.order_by("id") if severity is None else run.problems.filter(severity=severity).order_by("id")
    )

    def read(after: int, count: int) -> list[tuple[int, Problem]]:
        return list(enumerate(problems[after : after + count], after + 1))

    found, _, following = page(read, problem_json, cursor, limit)
    counts = {
        "total": run.problem_count,
        "critical": run.critical_count,
        "warning": run.warning_count,
        "minor": run.minor_count,
    }
    numbers = links.decision_numbers(run.pk, found)
    items = [problem_json(problem, numbers.get(problem.pk)) for problem in found]
    return answer({"items": items, "next_cursor": following, "counts": counts})


@router.get(
    "/runs/{int:run_id}/frames",
    response=FrameList,
    summary="What the world looked like, turn by turn; `cursor` is the last turn you have",
)
def list_frames(
    request: HttpRequest, run_id: int, cursor: After, limit: Annotated[int, Query(50, ge=1, le=200)]
) -> HttpResponse:
    run = find_run(request, run_id)

    def read(after: int, count: int) -> list[tuple[int, Frame]]:
        return [(frame.turn, frame) for frame in queries.frames_after(run, after, count)]

    found = page(read, lambda frame: {"turn": frame.turn, "view": frame.view}, cursor, limit)
    return answer({"items": found.told, "next_cursor": found.following})


@router.get(
    "/runs/{int:run_id}/agents", response=list[AgentFigures], summary="Its agents, those that decided most first"
)
def list_agents(request: HttpRequest, run_id: int) -> HttpResponse:
    return answer([asdict(one) for one in agents_of(find_run(request, run_id))])


@router.get(
    "/runs/{int:run_id}/summary", response=SummaryOut, summary="The run in brief: what happened, and why it failed"
)
def get_summary(request: HttpRequest, run_id: int) -> HttpResponse:
    return answer(asdict(insight.summary(find_run(request, run_id))))


@router.post(
    "/runs/{int:run_id}/verify",
    response={200: RunOut, 202: RunOut},
    summary="Play it again and compare: 202 with the replay, or 200 with the run when it cannot be verified",
)
@idempotent
def verify_run(request: HttpRequest, run_id: int) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    replay = services.verify(find_run(request, run_id), by=by)
    if replay is None:
        return answer(run_json(find_run(request, run_id)))
    return answer(run_json(replay), 202, f"/api/v1/runs/{replay.pk}")


@router.get("/simulations/{slug}/patterns", response=PatternsOut, summary="What its newest runs have in common")
def get_patterns(request: HttpRequest, slug: str) -> HttpResponse:
    return answer(asdict(insight.patterns(find_simulation(request, slug))))
