"""The form of a spec, parameters, numbers and metrics, as the pages of a run, a simulation and its settings have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest

from metrics.models import MetricSelection
from metrics.queries import groups, selections_of
from runs import forms
from runs.previews import has_preview
from runs.specs import BadSpec, known_length
from runs.typed import whole_from
from simweb.engine import Scenario, catalogue, select_keys


def asked_spec(request: HttpRequest, scenario: type[Scenario]) -> dict[str, Any]:
    """What the form asks for, as `specs.build_spec` takes it."""
    replicates = whole_from(request.POST, "replicates")
    return {
        "params": forms.params_from(scenario, request.POST),
        "turns": whole_from(request.POST, "turns"),
        "seed": whole_from(request.POST, "seed"),
        "replicates": 1 if replicates is None else replicates,
        "metric_keys": request.POST.getlist("metric_keys"),
    }


def asked_selection(request: HttpRequest, scenario: type[Scenario]) -> MetricSelection | None:
    """The saved selection that was chosen, if it is this person's."""
    number = whole_from(request.POST, "metric_selection")
    if not isinstance(number, int):
        return None
    return selections_of(_user(request)).filter(scenario=scenario.key, pk=number).first()


def spec_form(
    request: HttpRequest,
    scenario: type[Scenario],
    params: Mapping[str, Any],
    values: Mapping[str, Any],
    error: BadSpec | None = None,
    chosen: Iterable[str] | None = None,
    selection: int | None = None,
    is_sent: bool | None = None,
) -> dict[str, Any]:
    """What the templates of the form draw: what was sent, with its errors; before that, these parameters, values and keys."""
    errors = forms.errors_of(error) if error else {}
    is_sent = request.method == "POST" if is_sent is None else is_sent
    fields = forms.fields_as_typed(scenario, request.POST, errors) if is_sent else forms.param_fields(scenario, params)
    ticked = request.POST.getlist("metric_keys") if is_sent else chosen
    known = catalogue(scenario)
    length = known_length(scenario, forms.params_from(scenario, request.POST) if is_sent else params)
    if not is_sent and values.get("turns", length) == length:  # the whole, whatever the parameters become
        values = {**values, "turns": "" if length is not None else scenario.default_turns}
    keys = [key for key in ticked or () if key in known] or select_keys(scenario, None)
    return {
        "section": "simulations",
        "scenario": told(scenario),
        "fields": fields,
        "has_preview": has_preview(scenario),
        "run_fields": forms.run_fields(values, errors, length),
        "name_error": errors.get("name", ""),
        "description": values.get("description", ""),
        "description_error": errors.get("description", ""),
        "general_errors": forms.unplaced(errors, fields),
        "groups": groups(scenario, keys),
        "chosen_count": len(keys),
        "metric_count": len(known),
        "selections": selections_of(_user(request)).filter(scenario=scenario.key),
        "chosen_selection": request.POST.get("metric_selection", "") if is_sent else selection or "",
    }


def told(scenario: type[Scenario]) -> dict[str, str]:
    """What a template may know of a scenario: given the class itself, it would call it."""
    return {name: getattr(scenario, name) for name in ("key", "title", "description", "version")}


def _user(request: HttpRequest) -> Any:
    return request.user
