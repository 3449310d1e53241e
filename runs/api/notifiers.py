"""API of notifiers: whom to tell when runs of a simulation end, and what became of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict

from runs.api.answers import NotFound, answer, caller, find_run, find_simulation
from runs.api.pages import AfterId, ThousandAtMost, as_cursor, by_id, page
from runs.models import Delivery, Notifier
from runs.notifiers import create_notifier
from runs.schemas import iso
from runs.states import Channel, Status
from simweb.access.idempotency import idempotent_but_for
from simweb.access.roles import Role

router = Router(tags=["notifications"])


class NotifierIn(Schema):
    model_config = ConfigDict(extra="forbid")
    channel: Channel
    address: str
    statuses: list[Status] = [Status.FAILED]


class NotifierOut(Schema):
    """`address` of a webhook ends after its host: the rest lets post there, and is never shown again."""

    id: int
    channel: str
    address: str
    statuses: list[str]


class NewNotifier(NotifierOut):
    """`secret` is shown this once, and is null in the repetition of an answer: X-Simweb-Signature is
    sha256=HMAC-SHA256(secret, body)."""

    secret: str | None


class NotifierList(Schema):
    items: list[NotifierOut]
    next_cursor: str | None


class DeliveryOut(Schema):
    channel: str
    address: str
    outcome: str
    attempts: int
    answer: str
    created_at: str
    sent_at: str | None


class DeliveryList(Schema):
    items: list[DeliveryOut]
    next_cursor: str | None


@router.get("/simulations/{slug}/notifiers", response=NotifierList)
def list_notifiers(request: HttpRequest, slug: str) -> HttpResponse:
    caller(request, Role.OPERATOR)
    found = find_simulation(request, slug).notifiers.order_by("id")
    return answer({"items": [_notifier(notifier) for notifier in found], "next_cursor": None})


@router.post("/simulations/{slug}/notifiers", response={201: NewNotifier}, summary="Tell somebody when runs end")
@idempotent_but_for("secret")
def create(request: HttpRequest, slug: str, data: NotifierIn) -> HttpResponse:
    caller(request, Role.OPERATOR)
    made = create_notifier(find_simulation(request, slug), **data.dict())
    place = f"/api/v1/simulations/{slug}/notifiers/{made.pk}"
    return answer({**_notifier(made), "secret": made.secret}, 201, place)


@router.delete("/simulations/{slug}/notifiers/{notifier_id}", response={204: None})
def delete(request: HttpRequest, slug: str, notifier_id: int) -> HttpResponse:
    caller(request, Role.OPERATOR)
    found = find_simulation(request, slug).notifiers
    return _deleted(found.all(), notifier_id, f"simulation {slug!r} has no notifier {notifier_id}")


@router.get("/notifiers", response=NotifierList, summary="Who is told when runs of any simulation end")
def list_all(request: HttpRequest) -> HttpResponse:
    caller(request, Role.OPERATOR)
    found = Notifier.objects.filter(simulation=None).order_by("id")
    return answer({"items": [_notifier(notifier) for notifier in found], "next_cursor": None})


@router.post("/notifiers", response={201: NewNotifier}, summary="Tell somebody when runs of any simulation end")
@idempotent_but_for("secret")
def create_for_all(request: HttpRequest, data: NotifierIn) -> HttpResponse:
    caller(request, Role.OPERATOR)
    made = create_notifier(None, **data.dict())
    return answer({**_notifier(made), "secret": made.secret}, 201, f"/api/v1/notifiers/{made.pk}")


@router.delete("/notifiers/{notifier_id}", response={204: None})
def delete_for_all(request: HttpRequest, notifier_id: int) -> HttpResponse:
    caller(request, Role.OPERATOR)
    found = Notifier.objects.filter(simulation=None)
    return _deleted(found, notifier_id, f"there is no notifier {notifier_id} of all simulations")


@router.get("/runs/{int:run_id}/deliveries", response=DeliveryList, summary="Notifications about it, and their outcome")
def list_deliveries(request: HttpRequest, run_id: int, cursor: AfterId, limit: ThousandAtMost) -> HttpResponse:
    caller(request, Role.OPERATOR)
    deliveries = find_run(request, run_id).deliveries.select_related("notifier")
    found = page(by_id(deliveries), _delivery, cursor, limit)
    return answer({"items": found.told, "next_cursor": as_cursor(found.following)})


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "channel": delivery.notifier.channel,
        "address": delivery.notifier.shown_address,
        "outcome": delivery.outcome,
        "attempts": delivery.attempts,
        "answer": delivery.answer,
        "created_at": iso(delivery.created_at),
        "sent_at": iso(delivery.sent_at),
    }


def _deleted(notifiers: QuerySet[Notifier], notifier_id: int, missing: str) -> HttpResponse:
    if notifier_id >= 2**63 or not notifiers.filter(pk=notifier_id).delete()[0]:
        raise NotFound(missing)
    return HttpResponse(status=204)


def _notifier(notifier: Notifier) -> dict[str, Any]:
    shown = {name: getattr(notifier, name) for name in ("id", "channel", "statuses")}
    return {**shown, "address": notifier.shown_address}
