"""API of runs: reading them, and what may be done to them."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from runs import finding, marks, queries, series, services
from runs.api.answers import NotFound, answer, caller, detail_json, find_run
from runs.api.pages import After, AfterId, ThousandAtMost, as_cursor, by_id, page
from runs.api.simulations import Limit, RunList, Since
from runs.models import Run
from runs.paging import Scale
from runs.schemas import EventOut, Marks, RunDetail, RunOut, TurnOut, event_json, run_json, turn_json
from runs.states import Status, Trigger
from simweb.access.idempotency import idempotent
from simweb.access.roles import Role

router = Router(tags=["runs"])


class TurnList(Schema):
    items: list[TurnOut]
    next_cursor: int | None


class Series(Schema):
    """Of a number, `points` are [turn, value]; of a mapping, each name has points of its own in `series`.

    Beside the keys of the run's turn metrics: `tokens` and `cost_usd` of each turn, `total_tokens` and `total_cost_usd` of all
    turns up to it; without points while nothing is known.
    """

    metric: str
    kind: str
    turns_done: int
    points: list[list[float | None]]
    series: dict[str, list[list[float | None]]]


class EventList(Schema):
    items: list[EventOut]
    next_cursor: str | None


class Log(Schema):
    text: str


class Cancel(Schema):
    reason: str = ""


@router.get("/runs", response=RunList, summary="All runs that match, newest first unless sorted")
def list_runs(
    request: HttpRequest,
    limit: Limit,
    q: Annotated[
        str, Query("", description="Such as `status:failed param.agents>100 -tag:draft`; see docs/searching.md.")
    ],
    sort: Annotated[str, Query("", description="Such as `-duration` or `metric.run.actions.total`; - reverses.")],
    status: Status | None = None,
    trigger: Trigger | None = None,
    since: Since | None = None,
    cursor: str | None = None,
) -> HttpResponse:
    found = queries.filtered(queries.visible_runs(caller(request)), status=status, trigger=trigger, since=since)
    runs, following = finding.page_of_matching(found.briefly(), q, sort, cursor, limit, Scale(run_json))
    return answer({"items": [run_json(run) for run in runs], "next_cursor": following})


@router.get("/runs/{int:run_id}", response=RunDetail)
def get_run(request: HttpRequest, run_id: int) -> HttpResponse:
    return answer(detail_json(find_run(request, run_id)))


@router.patch("/runs/{int:run_id}", response=RunDetail, summary="Tags, notes, star: what people add to a run")
def mark_run(request: HttpRequest, run_id: int, data: Marks) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    marks.mark(find_run(request, run_id), by=by, **data.dict(exclude_unset=True))
    return answer(detail_json(find_run(request, run_id)))


@router.delete("/runs/{int:run_id}", response={204: None}, summary="Take an ended run out of every list")
def delete_run(request: HttpRequest, run_id: int) -> HttpResponse:
    services.delete(find_run(request, run_id), by=caller(request, Role.OPERATOR).user)
    return HttpResponse(status=204)


@router.post("/runs/{int:run_id}/cancel", response=RunOut, summary="End it now; what it recorded stays")
def cancel_run(request: HttpRequest, run_id: int, data: Cancel | None = None) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    services.cancel(find_run(request, run_id), by=by, reason=data.reason if data else "")
    return answer(run_json(find_run(request, run_id)))


@router.post("/runs/{int:run_id}/retry", response={202: RunOut}, summary="The same spec, as the next attempt")
@idempotent
def retry_run(request: HttpRequest, run_id: int) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    return _queued(services.retry(find_run(request, run_id), by=by, trigger=Trigger.API))


@router.post("/runs/{int:run_id}/again", response={202: RunOut}, summary="The same parameters, a new seed")
@idempotent
def run_again(request: HttpRequest, run_id: int) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    return _queued(services.run_again(find_run(request, run_id), by=by, trigger=Trigger.API))


@router.get(
    "/runs/{int:run_id}/turns",
    response=TurnList,
    summary="Turns in order; `cursor` is the last turn you have",
)
def list_turns(request: HttpRequest, run_id: int, limit: Limit, cursor: After) -> HttpResponse:
    run = find_run(request, run_id)
    found = page(lambda *asked: queries.numbered_turns(run, *asked), turn_json, cursor, limit)
    return answer({"items": found.told, "next_cursor": found.following})


@router.get(
    "/runs/{int:run_id}/series", response=Series, summary="One metric over the turns, thinned so that peaks survive"
)
def get_series(
    request: HttpRequest,
    run_id: int,
    metric: Annotated[
        str, Query(description="Key of a turn metric; or tokens, cost_usd, total_tokens, total_cost_usd.")
    ],
    after: After,
    max_points: Annotated[int, Query(2000, ge=4, le=20_000)],
    until: Annotated[int | None, Query(None, ge=1, le=2**31 - 1, description="The last turn wanted.")],
) -> HttpResponse:
    run = find_run(request, run_id)
    found = series.thinned(run, metric, after, max_points, until)
    if found is None:
        raise NotFound(f"run {run_id} has no series of {metric!r}: it was not measured, or is not of the turn")
    told = {"metric": metric, "kind": found.kind, "turns_done": run.turns_done}
    return answer({**told, "points": found.points, "series": found.by_name})


@router.get("/runs/{int:run_id}/events", response=EventList, summary="What happened to it, in order")
def list_events(request: HttpRequest, run_id: int, cursor: AfterId, limit: ThousandAtMost) -> HttpResponse:
    events = find_run(request, run_id).events.select_related("actor")
    found = page(by_id(events), event_json, cursor, limit)
    return answer({"items": found.told, "next_cursor": as_cursor(found.following)})


@router.get("/runs/{int:run_id}/log", response=Log, summary="What the model printed, capped")
def get_log(request: HttpRequest, run_id: int) -> HttpResponse:
    found = find_run(request, run_id)
    return answer({"text": Run.objects.values_list("log", flat=True).get(pk=found.pk)})


def _queued(run: Run) -> HttpResponse:
    data: dict[str, Any] = run_json(run)
    return answer(data, 202, f"/api/v1/runs/{run.pk}")
