"""The settings page of a simulation: how its runs are played, when they start by themselves, who hears of their end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from runs import simulations
from runs.models import Delivery, Simulation
from runs.models.bounds import MOST_LIMIT
from runs.notifier_pages import NotifierForm, added, note_errors
from runs.schedules import set_schedule
from runs.schemas import Execution
from runs.spec_form import asked_spec, spec_form
from runs.specs import BadSpec, load_scenario
from runs.states import FailureKind, Missed, Overlap
from runs.views import find_simulation
from simweb.access.doors import page
from simweb.access.roles import Role
from simweb.engine import Scenario

CRON_HELP = "like 0 6 * * 1-5: minute hour day month weekday; or @hourly, @daily, @weekly, @monthly"

OF_THE_SPEC = {"params", "turns", "metric_keys"}


class Limit(forms.IntegerField):
    """A number, or blank for none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.widget.attrs["placeholder"] = "no limit"


class SettingsForm(forms.Form):
    """What can be set besides parameters, turns and metrics."""

    name = forms.CharField(max_length=200)
    description = forms.CharField(required=False, label="What it is for", widget=forms.Textarea(attrs={"rows": 2}))
    is_archived = forms.BooleanField(
        required=False, label="Archived", help_text="Off the dashboard; its runs are kept."
    )
    run_timeout_s = Limit(min_value=1, max_value=MOST_LIMIT, label="A run may take", help_text="seconds")
    turn_timeout_s = Limit(min_value=1, max_value=MOST_LIMIT, label="A turn may take", help_text="seconds")
    memory_limit_mb = Limit(min_value=64, max_value=MOST_LIMIT, label="A run may hold", help_text="MiB of memory")
    max_parallel = Limit(min_value=1, max_value=1000, label="At once", help_text="runs")
    retry_attempts = forms.IntegerField(min_value=0, max_value=100, label="Retries by themselves", help_text="at most")
    retry_backoff_s = forms.IntegerField(
        min_value=0, max_value=86_400, label="Pause before a retry", help_text="seconds, doubled each time"
    )
    retry_kinds = forms.MultipleChoiceField(
        required=False, choices=FailureKind.choices, widget=forms.CheckboxSelectMultiple, label="Retry failures of kind"
    )
    cron = forms.CharField(
        required=False,
        max_length=100,
        label="Schedule",
        help_text=CRON_HELP,
    )
    timezone = forms.CharField(required=False, max_length=64, label="Time zone", help_text="like Europe/Berlin")
    paused = forms.BooleanField(required=False, label="Paused")
    missed = forms.ChoiceField(choices=Missed.choices, label="Moments at which no server ran")
    overlap = forms.ChoiceField(choices=Overlap.choices, label="While the scheduled run before is not over")


@page(Role.OPERATOR)
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Look at the settings, or save them."""
    simulation = find_simulation(request, slug)
    form = SettingsForm(request.POST if request.method == "POST" else _present(simulation))
    refused: BadSpec | None = None
    if request.method == "POST":
        refused = _save(request, simulation, form)
        if refused is None and form.is_valid():
            messages.success(
                request, "Saved. Runs that are already queued keep the spec and limits they were made with."
            )
            return redirect("settings", slug)
    return _shown(request, simulation, form, NotifierForm(), 422 if request.method == "POST" else 200, refused)


@require_POST
@page(Role.OPERATOR)
def add_notifier(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell somebody more."""
    simulation = find_simulation(request, slug)
    form = NotifierForm(request.POST)
    if added(request, simulation, form):
        return redirect("settings", slug)
    return _shown(request, simulation, SettingsForm(_present(simulation)), form, 422)


def _present(simulation: Simulation) -> dict[str, Any]:
    names = ("name", "description", "is_archived", *Execution.model_fields)
    schedule: dict[str, Any] = {"cron": simulation.schedule, "timezone": simulation.schedule_timezone}
    schedule |= {"paused": simulation.schedule_paused, "missed": simulation.schedule_missed}
    schedule["overlap"] = simulation.schedule_overlap
    return {**{name: getattr(simulation, name) for name in names}, **schedule}


def _save(request: HttpRequest, simulation: Simulation, form: SettingsForm) -> BadSpec | None:
    """Save all or nothing; what is wrong with it besides the form's own errors."""
    scenario = _scenario_of(simulation)
    asked = asked_spec(request, scenario) if scenario else {}
    spec = {name: asked[name] for name in ("params", "turns", "metric_keys") if name in asked}
    data = form.cleaned_data if form.is_valid() else {}
    execution = {name: data[name] for name in Execution.model_fields if name in data}
    named = {name: data[name] for name in ("name", "description", "is_archived") if name in data}
    try:
        with transaction.atomic():
            simulations.change_simulation(simulation, execution=execution, **named, **spec)
            if data:
                _schedule(simulation, data)
            transaction.set_rollback(not data)
    except BadSpec as error:
        simulation.refresh_from_db()
        of_the_form = [item for item in error.errors if item.loc[0] not in OF_THE_SPEC]
        note_errors(form, BadSpec(of_the_form))
        return BadSpec([item for item in error.errors if item.loc[0] in OF_THE_SPEC])
    return None


def _schedule(simulation: Simulation, data: dict[str, Any]) -> None:
    set_schedule(
        simulation,
        cron=data["cron"].strip(),
        zone=data["timezone"] or "UTC",
        paused=data["paused"],
        missed=Missed(data["missed"]),
        overlap=Overlap(data["overlap"]),
    )


def _scenario_of(simulation: Simulation) -> type[Scenario] | None:
    """None when its code is gone or broken: the rest of its settings can be changed all the same."""
    try:
        return load_scenario(simulation.scenario)
    except BadSpec:
        return None


def _shown(
    request: HttpRequest,
    simulation: Simulation,
    form: SettingsForm,
    notifier: NotifierForm,
    status: int,
    refused: BadSpec | None = None,
) -> HttpResponse:
    scenario = _scenario_of(simulation)
    deliveries = Delivery.objects.filter(notifier__simulation=simulation).select_related("notifier", "run")
    context = {
        "section": "simulations",
        **(_spec_form(request, simulation, scenario, refused) if scenario else {}),
        "simulation": simulation,
        "form": form,
        "limits": [form[name] for name in Execution.model_fields],
        "timing": [form[name] for name in ("cron", "timezone", "paused", "missed", "overlap")],
        "notifier_form": notifier,
        "notifiers": simulation.notifiers.order_by("id"),
        "deliveries": deliveries[:20],
    }
    return render(request, "runs/settings.html", context, status=status)


def _spec_form(
    request: HttpRequest, simulation: Simulation, scenario: type[Scenario], refused: BadSpec | None
) -> dict[str, Any]:
    is_sent = "cron" in request.POST  # not the form of another notifier
    values = {"turns": request.POST.get("turns") if is_sent else simulation.turns}
    return spec_form(
        request, scenario, simulation.params, values, refused, chosen=simulation.metric_keys, is_sent=is_sent
    )
