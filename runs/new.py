"""Pages with a form: a new run of a simulation, a new simulation of a scenario."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from runs import queries, services, simulations
from runs.models import Simulation
from runs.spec_form import asked_selection, asked_spec, spec_form, told
from runs.specs import BadSpec, load_scenario
from runs.states import Trigger
from runs.views import find_simulation
from simweb.access.doors import page
from simweb.access.roles import Role
from simweb.engine import Scenario, registry


@page(Role.OPERATOR)
def new_run(request: HttpRequest, slug: str) -> HttpResponse:
    """The form of a run; a POST queues it and its replicates."""
    simulation = find_simulation(request, slug)
    try:
        scenario = load_scenario(simulation.scenario)
    except BadSpec as error:
        return render(request, "error.html", {"title": "This simulation cannot run", "detail": str(error)}, status=422)
    if request.method != "POST":
        return render(request, "runs/new_run.html", _offered(request, simulation, scenario))
    try:
        made = services.create_runs(
            simulation,
            trigger=Trigger.MANUAL,
            by=_user(request),
            selection=asked_selection(request, scenario),
            description=request.POST.get("description", ""),
            **asked_spec(request, scenario),
        )
    except BadSpec as error:
        return render(request, "runs/new_run.html", _refused(request, simulation, scenario, error), status=422)
    return redirect(made[0] if len(made) == 1 else simulation)


@page(Role.OPERATOR)
def new_simulation(request: HttpRequest) -> HttpResponse:
    """Choose a scenario, then name it, set its parameters and metrics."""
    listing = registry.listing()
    scenario = listing.scenarios.get(request.POST.get("scenario") or request.GET.get("scenario", ""))
    if scenario is None:
        context = {
            "section": "simulations",
            "scenarios": [told(scenario) for scenario in listing.scenarios.values()],
            "warnings": listing.warnings,
        }
        return render(request, "runs/scenarios.html", context)
    if request.method != "POST":
        return render(request, "runs/new_simulation.html", spec_form(request, scenario, {}, {}))
    asked = asked_spec(request, scenario)
    try:
        made = simulations.create_simulation(
            name=request.POST.get("name", ""),
            scenario=scenario.key,
            params=asked["params"],
            turns=asked["turns"],
            metric_keys=asked["metric_keys"],
            description=request.POST.get("description", ""),
            by=_user(request),
        )
    except BadSpec as error:
        context = spec_form(request, scenario, {}, request.POST, error)
        return render(
            request, "runs/new_simulation.html", {**context, "name": request.POST.get("name", "")}, status=422
        )
    return redirect("new-run", made.slug)


def _offered(request: HttpRequest, simulation: Simulation, scenario: type[Scenario]) -> dict[str, Any]:
    """The form with what this person used last, or with what the simulation has saved."""
    last = None if "saved" in request.GET else queries.last_run_of(_user(request), simulation)
    source: Any = last or simulation
    context = spec_form(
        request,
        scenario,
        source.params,
        {"turns": source.turns},
        chosen=source.metric_keys,
        selection=last.metric_selection_id if last else None,
    )
    return {**context, "simulation": simulation, "as_last_time": last is not None}


def _refused(request: HttpRequest, simulation: Simulation, scenario: type[Scenario], error: BadSpec) -> dict[str, Any]:
    return {**spec_form(request, scenario, {}, request.POST, error), "simulation": simulation}


def _user(request: HttpRequest) -> Any:
    return request.user
