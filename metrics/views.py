"""Pages' doors to metric selections: saving and deleting one from the selector."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from metrics import queries, services
from simweb.access.doors import page
from simweb.access.roles import Role
from simweb.engine import UnknownMetric
from simweb.engine.registry import BrokenScenario, UnknownScenario


@require_POST
@page(Role.OPERATOR)
def save_selection(request: HttpRequest) -> HttpResponse:
    """Save what is ticked; answers with the list of saved selections, or with what is wrong with the name."""
    scenario = request.POST.get("scenario", "")
    context: dict[str, Any] = {}
    try:
        made = services.save_selection(
            owner=request.user,  # type: ignore[arg-type]
            scenario=scenario,
            name=request.POST.get("selection_name", ""),
            metric_keys=request.POST.getlist("metric_keys"),
        )
        context = {"saved": made}
    except (services.BadName, services.DuplicateName, UnknownMetric, UnknownScenario, BrokenScenario) as error:
        context = {"error": f"{str(error)[0].upper()}{str(error)[1:]}.", "name": request.POST.get("selection_name", "")}
    return _saved(request, scenario, context)


@require_POST
@page(Role.OPERATOR)
def delete_selection(request: HttpRequest, selection_id: int) -> HttpResponse:
    """Forget a saved selection; runs made with it keep their metric keys."""
    selection = queries.selections_of(request.user).filter(pk=selection_id).first()  # type: ignore[arg-type]
    if selection is None:
        raise Http404("there is no such selection")
    selection.delete()
    return _saved(request, selection.scenario, {})


def _saved(request: HttpRequest, scenario: str, context: dict[str, Any]) -> HttpResponse:
    selections = queries.selections_of(request.user).filter(scenario=scenario)  # type: ignore[arg-type]
    return render(request, "metrics/_saved.html", {"selections": selections, "scenario": scenario, **context})
