"""API of what can be measured: scenarios' catalogues, and a person's saved selections."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router, Schema
from pydantic import ConfigDict

from metrics import queries, services
from metrics.models import MetricSelection
from simweb.access.doors import Caller
from simweb.access.idempotency import idempotent
from simweb.access.roles import Role
from simweb.engine import registry
from simweb.engine.params import schema_of

router = Router(tags=["metrics"])


class MetricOut(Schema):
    key: str
    display_name: str
    description: str
    scope: str
    unit: str
    author: str
    requires: list[str]
    is_default: bool
    kind: str


class ScenarioOut(Schema):
    key: str
    title: str
    version: str
    description: str
    deterministic: bool
    default_turns: int


class ScenarioDetail(ScenarioOut):
    params_schema: dict[str, Any]
    metrics: list[MetricOut]


class ScenarioList(Schema):
    items: list[ScenarioOut]
    next_cursor: str | None
    warnings: dict[str, str]


class SelectionIn(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str
    scenario: str
    metric_keys: list[str] = []


class SelectionPatch(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str | None = None
    metric_keys: list[str] | None = None


class SelectionOut(Schema):
    id: int
    name: str
    scenario: str
    metric_keys: list[str]


class SelectionList(Schema):
    items: list[SelectionOut]
    next_cursor: str | None


def scenario_json(scenario: Any) -> dict[str, Any]:
    """The scenario as ScenarioOut describes it."""
    names = ("key", "title", "version", "description", "deterministic", "default_turns")
    return {name: getattr(scenario, name) for name in names}


@router.get("/scenarios", response=ScenarioList, summary="Scenarios, and why others cannot be used")
def list_scenarios(request: HttpRequest) -> dict[str, Any]:
    found = registry.listing()
    items = [scenario_json(scenario) for scenario in found.scenarios.values()]
    return {"items": items, "next_cursor": None, "warnings": found.warnings}


@router.get("/scenarios/{key}", response=ScenarioDetail, summary="A scenario with its parameters and metrics")
def get_scenario(request: HttpRequest, key: str) -> dict[str, Any]:
    scenario = registry.load(key)
    return {
        **scenario_json(scenario),
        "params_schema": schema_of(scenario.Params),
        "metrics": queries.described(scenario),
    }


@router.get("/metrics", response=list[MetricOut], summary="Metrics of a scenario, sorted by key")
def list_metrics(request: HttpRequest, scenario: str) -> list[dict[str, Any]]:
    return queries.described(registry.load(scenario))


@router.get("/metric-selections", response=SelectionList, summary="Your saved selections")
def list_selections(request: HttpRequest, scenario: str | None = None) -> dict[str, Any]:
    found = queries.selections_of(_caller(request).user)
    if scenario is not None:
        found = found.filter(scenario=scenario)
    return {"items": [_selection(selection) for selection in found], "next_cursor": None}


@router.post("/metric-selections", response={201: SelectionOut}, summary="Save a selection under a name")
@idempotent
def create_selection(request: HttpRequest, data: SelectionIn) -> HttpResponse:
    caller = _caller(request)
    caller.need(Role.OPERATOR)
    made = services.save_selection(owner=caller.user, **data.dict())
    response = JsonResponse(_selection(made), status=201)
    response["Location"] = f"/api/v1/metric-selections/{made.pk}"
    return response


@router.get("/metric-selections/{selection_id}", response=SelectionOut)
def get_selection(request: HttpRequest, selection_id: int) -> dict[str, Any]:
    return _selection(_find(request, selection_id))


@router.patch("/metric-selections/{selection_id}", response=SelectionOut, summary="Rename it, or change its keys")
def change_selection(request: HttpRequest, selection_id: int, data: SelectionPatch) -> dict[str, Any]:
    _caller(request).need(Role.OPERATOR)
    return _selection(services.change_selection(_find(request, selection_id), **data.dict()))


@router.delete("/metric-selections/{selection_id}", response={204: None})
def delete_selection(request: HttpRequest, selection_id: int) -> HttpResponse:
    _caller(request).need(Role.OPERATOR)
    _find(request, selection_id).delete()
    return HttpResponse(status=204)


def _caller(request: HttpRequest) -> Caller:
    return request.auth  # type: ignore[attr-defined, no-any-return]


def _find(request: HttpRequest, selection_id: int) -> MetricSelection:
    found = (
        queries.selections_of(_caller(request).user).filter(pk=selection_id).first() if selection_id < 2**63 else None
    )
    if found is None:
        raise services.UnknownSelection(selection_id)
    return found


def _selection(selection: MetricSelection) -> dict[str, Any]:
    return {
        "id": selection.pk,
        "name": selection.name,
        "scenario": selection.scenario,
        "metric_keys": selection.metric_keys,
    }
