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
from runs.notifier_pages import NotifierForm, added, note_errors
from runs.schedules import set_schedule
from runs.schemas import Execution
from runs.specs import BadSpec
from runs.states import FailureKind, Missed, Overlap
from runs.views import find_simulation
from simweb.access.doors import page
from simweb.access.roles import Role

CRON_HELP = "like 0 6 * * 1-5: minute hour day month weekday; or @hourly, @daily, @weekly, @monthly"


class Limit(forms.IntegerField):
    """A number, or blank for none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.widget.attrs["placeholder"] = "no limit"


class SettingsForm(forms.Form):
    """What can be set besides parameters and metrics."""

    name = forms.CharField(max_length=200)
    is_archived = forms.BooleanField(
        required=False, label="Archived", help_text="Off the dashboard; its runs are kept."
    )
    run_timeout_s = Limit(min_value=1, label="A run may take", help_text="seconds")
    turn_timeout_s = Limit(min_value=1, label="A turn may take", help_text="seconds")
    memory_limit_mb = Limit(min_value=64, label="A run may hold", help_text="MiB of memory")
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
    if request.method == "POST" and form.is_valid() and _saved(simulation, form):
        messages.success(request, "Saved. Runs that are already queued keep the limits they were made with.")
        return redirect("settings", slug)
    return _shown(request, simulation, form, NotifierForm(), 422 if request.method == "POST" else 200)


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
    names = ("name", "is_archived", *Execution.model_fields)
    schedule: dict[str, Any] = {"cron": simulation.schedule, "timezone": simulation.schedule_timezone}
    schedule |= {"paused": simulation.schedule_paused, "missed": simulation.schedule_missed}
    schedule["overlap"] = simulation.schedule_overlap
    return {**{name: getattr(simulation, name) for name in names}, **schedule}


def _saved(simulation: Simulation, form: SettingsForm) -> bool:
    data = form.cleaned_data
    execution = {name: data[name] for name in Execution.model_fields}
    try:
        with transaction.atomic():
            simulations.change_simulation(
                simulation, name=data["name"], is_archived=data["is_archived"], execution=execution
            )
            set_schedule(
                simulation,
                cron=data["cron"].strip(),
                zone=data["timezone"] or "UTC",
                paused=data["paused"],
                missed=Missed(data["missed"]),
                overlap=Overlap(data["overlap"]),
            )
    except BadSpec as error:
        note_errors(form, error)
        return False
    return True


def _shown(
    request: HttpRequest, simulation: Simulation, form: SettingsForm, notifier: NotifierForm, status: int
) -> HttpResponse:
    deliveries = Delivery.objects.filter(notifier__simulation=simulation).select_related("notifier", "run")
    context = {
        "section": "simulations",
        "simulation": simulation,
        "form": form,
        "notifier_form": notifier,
        "notifiers": simulation.notifiers.order_by("id"),
        "deliveries": deliveries[:20],
    }
    return render(request, "runs/settings.html", context, status=status)
