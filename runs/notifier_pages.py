"""Who is told when runs end: of all simulations on a page of its own, of one on its settings page."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from runs.models import Delivery, Notifier, Simulation
from runs.notifiers import create_notifier
from runs.specs import BadSpec
from runs.states import Channel, Status
from simweb.access.doors import page
from simweb.access.roles import Role

ENDS = [(status.value, status.label) for status in (Status.COMPLETED, Status.FAILED, Status.CANCELLED)]
DELIVERIES_SHOWN = 20


class NotifierForm(forms.Form):
    """Whom to tell."""

    channel = forms.ChoiceField(choices=Channel.choices)
    address = forms.CharField(max_length=500, help_text="https://… or an e-mail address")
    statuses = forms.MultipleChoiceField(
        choices=ENDS, initial=[Status.FAILED.value], widget=forms.CheckboxSelectMultiple, label="When a run is"
    )


@page(Role.OPERATOR)
def all_notifiers(request: HttpRequest) -> HttpResponse:
    """Who is told of the ends of all runs; add somebody."""
    form = NotifierForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and added(request, None, form):
        return redirect("all-notifiers")
    deliveries = Delivery.objects.filter(notifier__simulation=None).select_related("notifier", "run")
    context = {
        "section": "simulations",
        "notifier_form": form,
        "notifiers": Notifier.objects.filter(simulation=None).order_by("id"),
        "deliveries": deliveries[:DELIVERIES_SHOWN],
    }
    return render(request, "runs/all_notifiers.html", context, status=422 if form.errors else 200)


@require_POST
@page(Role.OPERATOR)
def remove_notifier(request: HttpRequest, notifier_id: int) -> HttpResponse:
    """Tell somebody no longer."""
    notifier = Notifier.objects.select_related("simulation").filter(pk=notifier_id).first()
    if notifier is None:
        raise Http404(f"there is no notifier {notifier_id}")
    notifier.delete()
    return redirect("settings", notifier.simulation.slug) if notifier.simulation else redirect("all-notifiers")


def added(request: HttpRequest, simulation: Simulation | None, form: NotifierForm) -> bool:
    """Make the notifier that the form asks for; else the form says why not."""
    if not form.is_valid():
        return False
    try:
        made = create_notifier(simulation, **form.cleaned_data)
    except BadSpec as error:
        note_errors(form, error)
        return False
    signed = f" Its signatures are made with the secret {made.secret}, shown this once."
    messages.success(request, f"{made} is told.{signed if made.channel != Channel.EMAIL else ''}")
    return True


def note_errors(form: forms.Form, error: BadSpec) -> None:
    """Say at the form's fields what a service refused."""
    for item in error.errors:
        form.add_error(item.loc[-1] if item.loc[-1] in form.fields else None, item.msg)
