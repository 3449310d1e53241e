"""One call to start a run and wait for it, and the questions that its callers ask first.

Two forms: the social scenario's (`num_agents`, `feed_algorithm`, …), or any simulation's (`simulation`, `params`, …).
"""

from __future__ import annotations

import json
import threading
import time
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field, StrictInt

from metrics import queries as catalogue
from runs import queries, services
from runs.api.answers import NotFound, answer, caller, find_simulation
from runs.api.pages import After, page
from runs.models import Run, Simulation, Turn
from runs.schemas import iso
from runs.simulations import create_simulation
from runs.specs import BadSpec, FieldError, load_scenario
from runs.states import Status, Trigger
from simweb.access.idempotency import idempotent
from simweb.access.roles import Role
from simweb.engine import BASE_KEYS, select_keys
from simweb.engine.params import schema_of, spelled_out

router = Router(tags=["one call"])
SOCIAL = "social-feed"
DEFAULT_AGENTS, DEFAULT_TURNS = 5, 10
# The evening of a busy feed: a call with two agents and one turn must give something to look at.
BUSY = {"network": "generated", "activity": 10.0, "start_hour": 20}
SOCIAL_WORDS = {
    "params.agents": ("num_agents",),
    "params.feed": ("feed_algorithm",),
    "params.feed_order": ("feed_algorithm_config", "order"),
    "turns": ("num_turns",),
}
# Each waiting call holds one of the server's threads, so only so many may wait; others get their 202 at once.
WAITING = threading.BoundedSemaphore(6)
MOST_TURNS = 1_000  # in one answer
MAX_WAIT, FIRST_LOOK, LAST_LOOK = 60, 0.01, 0.25


class QuickRunIn(Schema):
    model_config = ConfigDict(extra="forbid")
    num_agents: StrictInt | None = Field(None, description="Required, unless `simulation` is given.")
    num_turns: StrictInt | None = None
    feed_algorithm: str | None = None
    feed_algorithm_config: dict[str, Any] | None = None
    metric_keys: list[str] | None = None
    seed: StrictInt | None = None
    simulation: str | None = Field(None, description="The slug of any simulation; then `params` and `turns` apply.")
    params: dict[str, Any] | None = None
    turns: StrictInt | None = None
    description: str = ""


class QuickTurn(Schema):
    turn_number: int
    created_at: str
    total_actions: dict[str, int]
    metrics: dict[str, Any]


class QuickError(Schema):
    code: str
    message: str
    detail: str | None


class QuickRunOut(Schema):
    """`turns` are all of them, or the first thousand (fewer where they are large); then `next_cursor` is there, by which
    `GET /simulations/runs/{run_id}?cursor=` goes on.
    """

    run_id: str
    created_at: str
    status: str
    num_agents: int | None
    num_turns: int
    turns: list[QuickTurn]
    run_metrics: dict[str, Any] | None
    error: QuickError | None
    next_cursor: int | None = None


class QuickRunDetail(Schema):
    """`turns` are those after `cursor`: at most a thousand, fewer where they are large. When there are more, `next_cursor` is
    there, and `GET /simulations/runs/{run_id}?cursor=` goes on.
    """

    run_id: str
    status: str
    created_at: str
    started_at: str | None
    completed_at: str | None
    config: dict[str, Any]
    turns: list[QuickTurn]
    run_metrics: dict[str, Any] | None
    error: QuickError | None
    next_cursor: int | None = None


class MetricBrief(Schema):
    key: str
    display_name: str
    description: str
    scope: str
    author: str


class FeedAlgorithmOut(Schema):
    id: str
    display_name: str
    description: str
    config_schema: dict[str, Any] | None


class DefaultConfig(Schema):
    num_agents: int
    num_turns: int
    metric_keys: list[str]


@router.post("/simulations/run", response={200: QuickRunOut, 202: QuickRunOut}, summary="Start a run and wait for it")
def run_and_wait(
    request: HttpRequest, data: QuickRunIn, wait: Annotated[float, Query(25, ge=0, le=MAX_WAIT)]
) -> HttpResponse:
    # Started first, and committed, then waited for: a run that waits inside its own transaction would never be played.
    started = json.loads(_start(request, data).content)
    run = _wait_for(started["run_id"], wait)
    played = run.status in {Status.COMPLETED, Status.FAILED}
    return answer(_quick_json(run), 200 if played else 202, f"/api/v1/simulations/runs/{run.pk}")


@router.get("/simulations/runs/{run_id}", response=QuickRunDetail, summary="A run with its configuration and turns")
def get_run(request: HttpRequest, run_id: str, cursor: After) -> HttpResponse:
    found = queries.visible_runs(caller(request)).defer("log")
    run = found.filter(pk=int(run_id)).first() if run_id.isascii() and run_id.isdigit() and len(run_id) < 19 else None
    if run is None:
        raise NotFound(f"there is no run {run_id!r}")
    whole = _quick_json(run, cursor)
    config = {
        "num_agents": whole["num_agents"],
        "num_turns": run.turns,
        "feed_algorithm": run.params.get("feed"),
        "metric_keys": run.metric_keys,
        "simulation": run.simulation.slug,
        "scenario": run.scenario,
        "params": run.params,
        "seed": run.seed,
    }
    names = {"run_id", "status", "created_at", "turns", "run_metrics", "error", "next_cursor"} & whole.keys()
    times = {"started_at": iso(run.started_at), "completed_at": iso(run.finished_at)}
    return answer({**{name: whole[name] for name in names}, **times, "config": config})


@router.get("/simulations/metrics", response=list[MetricBrief], summary="Metrics of the social scenario")
def list_metrics(request: HttpRequest) -> list[dict[str, Any]]:
    return catalogue.described(load_scenario(SOCIAL))


@router.get("/simulations/feed-algorithms", response=list[FeedAlgorithmOut])
def list_feed_algorithms(request: HttpRequest) -> list[dict[str, Any]]:
    fields = schema_of(load_scenario(SOCIAL).Params)["properties"]
    feed, order = fields["feed"], fields["feed_order"]
    schema = {"type": "object", "properties": {"order": {"enum": order["enum"], "default": order["default"]}}}
    return [
        {
            "id": name,
            "display_name": feed["choices"][name],
            "description": feed["explanations"][name],
            "config_schema": schema if name == "chronological" else None,
        }
        for name in feed["enum"]
    ]


@router.get("/simulations/config/default", response=DefaultConfig)
def default_config(request: HttpRequest) -> dict[str, Any]:
    return {"num_agents": DEFAULT_AGENTS, "num_turns": DEFAULT_TURNS, "metric_keys": _default_keys()}


@idempotent
def _start(request: HttpRequest, data: QuickRunIn) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    if data.simulation is not None:
        simulation, keys = find_simulation(request, data.simulation), data.metric_keys
        params, turns = data.params or {}, data.num_turns if data.turns is None else data.turns
    else:
        simulation, params, keys = _social_simulation(), _social_params(data), data.metric_keys or _default_keys()
        turns = DEFAULT_TURNS if data.num_turns is None else data.num_turns
    asked: dict[str, Any] = {"params": params, "turns": turns, "seed": data.seed, "metric_keys": keys}
    asked["description"] = data.description
    try:
        [run] = services.create_runs(simulation, trigger=Trigger.API, by=by, **asked)
    except BadSpec as error:
        raise error if data.simulation else BadSpec([_in_social_words(item) for item in error.errors]) from None
    return answer({"run_id": run.pk}, 202)


def _in_social_words(error: FieldError) -> FieldError:
    """The error at the field that the caller of the social form has filled in."""
    return FieldError(SOCIAL_WORDS.get(".".join(error.loc), error.loc), error.msg)


def _social_simulation() -> Simulation:
    """Where the runs of the social form are kept."""
    found = Simulation.objects.filter(slug=SOCIAL, scenario=SOCIAL).first()
    return found or create_simulation(name="Social feed", scenario=SOCIAL)


def _default_keys() -> list[str]:
    """The four that every scenario has and the social scenario's own defaults, whatever people saved."""
    return sorted({*BASE_KEYS, *select_keys(load_scenario(SOCIAL), None)})


def _social_params(data: QuickRunIn) -> dict[str, Any]:
    if data.num_agents is None:
        raise BadSpec([FieldError(("num_agents",), "Is required, unless `simulation` is given.")])
    if data.params is not None or data.turns is not None:
        raise BadSpec([FieldError(("simulation",), "Is required for `params` and `turns`.")])
    # All of them: what people have saved with the simulation that keeps these runs has no part in the call.
    params = {**spelled_out(load_scenario(SOCIAL).Params, BUSY), "agents": data.num_agents}
    if data.feed_algorithm is not None:
        params["feed"] = data.feed_algorithm
    config = data.feed_algorithm_config or {}
    if unknown := sorted(set(config) - {"order"}):
        raise BadSpec([FieldError(("feed_algorithm_config", unknown[0]), "There is no such setting.")])
    return {**params, **({"feed_order": config["order"]} if "order" in config else {})}


def _wait_for(run_id: int, seconds: float) -> Run:
    """The run when it has ended, or as it stands when the time is up."""
    if not WAITING.acquire(blocking=False):
        return Run.objects.select_related("simulation").get(pk=run_id)
    try:
        until, pause = time.monotonic() + seconds, FIRST_LOOK
        while True:
            run = Run.objects.select_related("simulation").get(pk=run_id)
            left = until - time.monotonic()
            if run.is_terminal or left <= 0:
                return run
            time.sleep(min(pause, left))
            pause = min(LAST_LOOK, pause * 1.5)
    finally:
        WAITING.release()


def _quick_json(run: Run, after: int = 0) -> dict[str, Any]:
    turns = page(lambda *asked: queries.numbered_turns(run, *asked), _quick_turn, after, MOST_TURNS)
    error: dict[str, str | None] | None = None
    if run.status == Status.FAILED:
        detail = run.error_traceback or None
        error = {"code": f"{run.failure_kind}_failure".upper(), "message": f"{run.error_type}: {run.error_message}"}
        error["detail"] = detail
    return {
        "run_id": str(run.pk),
        "created_at": iso(run.created_at),
        "status": run.status,
        "num_agents": run.params.get("agents"),
        "num_turns": run.turns,
        "turns": turns.told,
        "run_metrics": run.run_metrics,
        "error": error,
        **({} if turns.following is None else {"next_cursor": turns.following}),
    }


def _quick_turn(turn: Turn) -> dict[str, Any]:
    return {
        "turn_number": turn.number,
        "created_at": iso(turn.created_at),
        "total_actions": turn.actions,
        "metrics": turn.metrics,
    }
