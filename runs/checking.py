"""What a form asks while it is filled in: what is wrong, what it would run, a text to start from."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from runs import forms
from runs.previews import drawn, examples_of, has_preview
from runs.spec_form import asked_spec
from runs.specs import BadSpec, build_spec, known_length
from simweb.access.doors import page
from simweb.access.roles import Role
from simweb.engine import Scenario, registry

NOT_YET = "What the parameters stand for is shown here once they are right."


@require_POST
@page(Role.OPERATOR)
def check(request: HttpRequest, scenario: str) -> HttpResponse:
    """What is wrong with the fields as they are typed; only the errors and hints, so that nothing moves under the hand."""
    kind = _find_scenario(scenario)
    asked = asked_spec(request, kind)
    errors = _errors(request, kind, asked)
    params_are_right = not any(place.startswith("params") for place in errors)
    length = known_length(kind, asked["params"]) if params_are_right else None
    shown = [one for one in forms.run_fields({}, errors, length) if one.name in request.POST]
    context = {
        "fields": [*forms.param_fields(kind, {}, errors), *shown],
        "hints": [one for one in shown if one.follows and params_are_right],
        "has_preview": has_preview(kind),
        "is_outdated": not params_are_right,
    }
    return render(request, "runs/_field_errors.html", context)


@require_POST
@page(Role.OPERATOR)
def preview(request: HttpRequest, scenario: str) -> HttpResponse:
    """What the parameters as they are typed stand for. Of wrong ones nothing, so that what is shown stays; at `first`, a word."""
    kind = _find_scenario(scenario)
    asked = asked_spec(request, kind)
    errors = _errors(request, kind, asked)
    if not any(place.startswith("params") for place in errors):
        return HttpResponse(drawn(kind, asked["params"]))
    if "first" not in request.GET:
        return HttpResponse(status=204)
    return HttpResponse(format_html('<p class="muted">{}</p>', NOT_YET))


@page(Role.OPERATOR)
def example(request: HttpRequest, scenario: str, field: str, number: int) -> HttpResponse:
    """One of the texts that a field of one's own may start from."""
    texts = list(examples_of(_find_scenario(scenario), field).values())
    if number >= len(texts):
        raise Http404(f"{scenario} has no example {number} for {field!r}")
    return HttpResponse(texts[number], content_type="text/plain; charset=utf-8")


def _errors(request: HttpRequest, scenario: type[Scenario], asked: dict[str, Any]) -> dict[str, str]:
    """By dotted field name; a secret that was left blank is the saved one, which these addresses do not know."""
    errors: dict[str, str] = {}
    try:
        build_spec(scenario, **{**asked, "turns": 1 if asked["turns"] is None else asked["turns"]})
    except BadSpec as error:
        errors = forms.errors_of(error)
    for name in forms.kept_secrets(scenario, request.POST):
        errors.pop(f"params.{name}", None)
    return errors


def _find_scenario(key: str) -> type[Scenario]:
    try:
        return registry.load(key)
    except (registry.UnknownScenario, registry.BrokenScenario):
        raise Http404(f"there is no scenario {key!r}") from None
