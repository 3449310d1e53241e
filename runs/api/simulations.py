"""API of simulations, and of starting their runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from metrics.queries import selections_of
from metrics.services import UnknownSelection
from runs import queries, services, simulations
from runs.api.answers import answer, caller, find_simulation
from runs.api.pages import After, ThousandAtMost, as_cursor, page
from runs.models import Run, Simulation
from runs.paging import Scale, few_of, page_of
from runs.schedules import set_schedule
from runs.schemas import RunIn, RunOut, SimulationIn, SimulationOut, SimulationPatch, run_json, simulation_json
from runs.states import Status, Trigger
from simweb.access.idempotency import idempotent
from simweb.access.roles import Role

router = Router(tags=["simulations"])
Limit = Annotated[int, Query(20, ge=1, le=100)]
Include = Literal["runs"] | None
Since = Literal["1d", "7d", "30d", "90d"]


class SimulationWithRuns(SimulationOut):
    """`runs`, its newest 20 (fewer where they are large), are there only with `include=runs`."""

    runs: list[RunOut] = []


class SimulationList(Schema):
    items: list[SimulationWithRuns]
    next_cursor: str | None


class RunList(Schema):
    items: list[RunOut]
    next_cursor: str | None


@router.get("/simulations", response=SimulationList, summary="All simulations, by name")
def list_simulations(
    request: HttpRequest,
    cursor: After,
    limit: ThousandAtMost,
    archived: bool = False,
    include: Include = None,
) -> HttpResponse:
    found = queries.visible_simulations(caller(request), archived=archived).order_by("name", "pk")

    def read(after: int, count: int) -> list[tuple[int, tuple[Simulation, Run | None]]]:
        return list(enumerate(queries.dashboard(found[after : after + count]), after + 1))

    rows = page(read, lambda row: _told(*row, include), cursor, limit)
    return answer({"items": rows.told, "next_cursor": as_cursor(rows.following)})


@router.post("/simulations", response={201: SimulationOut}, summary="Keep a scenario with parameters under a name")
@idempotent
def create_simulation(request: HttpRequest, data: SimulationIn) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    made = simulations.create_simulation(**data.dict(), by=by)
    return answer(simulation_json(made, None), 201, f"/api/v1/simulations/{made.slug}")


@router.get("/simulations/{slug}", response=SimulationWithRuns)
def get_simulation(request: HttpRequest, slug: str, include: Include = None) -> HttpResponse:
    return _simulation(request, slug, include)


@router.patch("/simulations/{slug}", response=SimulationOut, summary="Change what is given; runs keep their spec")
def change_simulation(request: HttpRequest, slug: str, data: SimulationPatch) -> HttpResponse:
    caller(request, Role.OPERATOR)
    wanted = data.dict(exclude_unset=True, exclude={"schedule"})
    with transaction.atomic():
        simulation = simulations.change_simulation(find_simulation(request, slug), **wanted)
        if (plan := data.schedule) is not None:
            told = plan.dict(exclude={"timezone"})
            set_schedule(simulation, zone=plan.timezone, **told)
    return _simulation(request, slug)


@router.delete("/simulations/{slug}", response={204: None}, summary="Archive it; its runs are kept")
def delete_simulation(request: HttpRequest, slug: str) -> HttpResponse:
    caller(request, Role.OPERATOR)
    simulations.remove_simulation(find_simulation(request, slug))
    return HttpResponse(status=204)


@router.post("/simulations/{slug}/runs", response={202: RunOut}, summary="Queue a run")
@idempotent
def create_run(request: HttpRequest, slug: str, data: RunIn) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    wanted = data.dict()
    selection_id = wanted.pop("metric_selection")
    selection = selections_of(by).filter(pk=selection_id).first() if selection_id is not None else None
    if selection_id is not None and selection is None:
        raise UnknownSelection(selection_id)
    simulation = find_simulation(request, slug)
    [run] = services.create_runs(simulation, trigger=Trigger.API, by=by, selection=selection, **wanted)
    return answer(run_json(run), 202, f"/api/v1/runs/{run.pk}")


@router.get("/simulations/{slug}/runs", response=RunList, summary="Its runs, newest first")
def list_runs(
    request: HttpRequest,
    slug: str,
    limit: Limit,
    status: Status | None = None,
    trigger: Trigger | None = None,
    since: Since | None = None,
    cursor: str | None = None,
) -> HttpResponse:
    simulation = find_simulation(request, slug)
    found = queries.filtered(queries.visible_runs(caller(request)), status=status, trigger=trigger, since=since)
    found = found.filter(simulation=simulation).briefly()
    runs, following = page_of(found, cursor, limit, fills=Scale(run_json))
    return answer({"items": [run_json(run, slug=slug) for run in runs], "next_cursor": following})


def _simulation(request: HttpRequest, slug: str, include: str | None = None) -> HttpResponse:
    [(simulation, last)] = queries.dashboard([find_simulation(request, slug)])
    return answer(_told(simulation, last, include))


def _told(simulation: Simulation, last: Run | None, include: str | None) -> dict[str, Any]:
    data: dict[str, Any] = simulation_json(simulation, last)
    if include == "runs":
        runs = few_of(queries.history(simulation), Scale(run_json))
        data["runs"] = [run_json(run, slug=simulation.slug) for run in runs]
    return data
