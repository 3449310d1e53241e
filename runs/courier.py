"""Courier: sends what is in the outbox. It has threads of its own, and nothing it meets can hurt a run."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import send_mail
from django.db import close_old_connections, connections
from django.db.models import F
from django.utils import timezone

from runs.models import Delivery, Run, discreet
from runs.schemas import run_json
from runs.states import Channel, Delivered
from runs.webhooks import Refused, post

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=30)
# Longer than one sending can take: a courier that dies in the middle leaves its delivery to the next.
CLAIM = timedelta(minutes=1)
LOOK_SECONDS = 1.0
MOST_SENDERS = 8
MOST_AT_ONCE = 50
# After so much work for one receiver its sender gives its place to another's; what is left comes when it is its turn.
TURN_SECONDS = 10.0


class NotTaken(Exception):
    """The receiver answered that it did not take it."""


class Courier(threading.Thread):
    """One thread a server that looks what is due, and one for each receiver that is being told: a slow one keeps nobody
    but itself. Of two servers one sends a delivery.
    """

    def __init__(self) -> None:
        super().__init__(name="courier", daemon=True)
        self._ending = threading.Event()
        self._senders: dict[str, threading.Thread] = {}
        self._served: dict[str, float] = {}

    def run(self) -> None:
        while not self._ending.wait(LOOK_SECONDS):
            try:
                self._send_out()
            except Exception:
                logger.exception("courier: a round failed; the next is in a second")
                close_old_connections()
        connections.close_all()

    def stop(self) -> None:
        """End after the present deliveries."""
        self._ending.set()

    def _send_out(self) -> None:
        """A sender for each receiver that has none, those first that have waited longest; as many as there may be."""
        due = due_receivers()
        self._senders = {receiver: sender for receiver, sender in self._senders.items() if sender.is_alive()}
        self._served = {receiver: at for receiver, at in self._served.items() if receiver in due}
        for receiver in sorted(due.keys() - self._senders.keys(), key=lambda one: self._served.get(one, 0.0)):
            if len(self._senders) >= MOST_SENDERS:
                break
            self._served[receiver] = time.monotonic()
            sender = threading.Thread(
                target=self._tell, args=[due[receiver]], name=f"courier to {receiver}", daemon=True
            )
            self._senders[receiver] = sender
            sender.start()

    def _tell(self, notifiers: list[int]) -> None:
        try:
            deliver_to(notifiers, self._ending)
        except Exception:
            logger.exception("courier: a receiver could not be told; it is tried again")
        finally:
            connections.close_all()


def due_receivers() -> dict[str, list[int]]:
    """Who is to be told something now: the notifiers of each receiver, which is a host, or the mail server."""
    due = Delivery.objects.filter(outcome=Delivered.PENDING, next_try_at__lte=timezone.now())
    found: dict[str, list[int]] = {}
    told = due.order_by("notifier").values_list("notifier", "notifier__channel", "notifier__address").distinct()
    for pk, channel, address in told:
        found.setdefault("" if channel == Channel.EMAIL else _host(address), []).append(pk)
    return found


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return address


def deliver_due() -> int:
    """Try, one after the other, what is due; how many deliveries there were."""
    return sum(deliver_to(notifiers, threading.Event()) for notifiers in due_receivers().values())


def deliver_to(notifiers: list[int], ending: threading.Event) -> int:
    """Try what is due of these notifiers, oldest first, until one fails (the receiver may be gone) or others have waited
    for long. How many were tried.
    """
    began, tried = time.monotonic(), 0
    due = Delivery.objects.filter(outcome=Delivered.PENDING, next_try_at__lte=timezone.now(), notifier__in=notifiers)
    ordered = due.order_by("next_try_at").select_related("notifier", "run__simulation", "run__created_by")
    for delivery in ordered[:MOST_AT_ONCE]:
        if ending.is_set():
            break
        sent = _try(delivery)
        tried += sent is not None
        if sent is False or time.monotonic() - began >= TURN_SECONDS:
            break
    return tried


def _try(delivery: Delivery) -> bool | None:
    """Whether it was sent; None when another courier has it."""
    pending = Delivery.objects.filter(pk=delivery.pk, outcome=Delivered.PENDING)
    until = timezone.now() + CLAIM
    due = pending.filter(next_try_at=delivery.next_try_at)
    if not due.update(next_try_at=until, attempts=F("attempts") + 1):
        return None
    mine = pending.filter(next_try_at=until)
    try:
        answer = _send(delivery)
    except Exception as error:  # whatever the other side or the network does
        said = discreet(f"{type(error).__name__}: {error}")
        mine.update(**_failure(delivery.attempts + 1, said, isinstance(error, Refused)))
        return False
    mine.update(outcome=Delivered.SENT, answer=answer[:300], sent_at=timezone.now(), next_try_at=None)
    return True


def _failure(attempts: int, answer: str, final: bool) -> dict[str, Any]:
    """What a delivery becomes that was not taken."""
    changes: dict[str, Any] = {"answer": answer[:300]}
    if final or attempts >= MOST_ATTEMPTS:
        return {**changes, "outcome": Delivered.FAILED, "next_try_at": None}
    return {**changes, "next_try_at": timezone.now() + FIRST_PAUSE * 2 ** (attempts - 1)}


def _send(delivery: Delivery) -> str:
    notifier, run = delivery.notifier, delivery.run
    if notifier.channel == Channel.EMAIL:
        send_mail(_headline(run), _text(run), None, [notifier.address])
        return "handed to the mail server"
    if notifier.channel == Channel.SLACK:
        # Slack reads three characters as its own: <!channel> in an error's text would call everybody.
        body = json.dumps({"text": escape(_text(run), quote=False)})
    else:
        body = json.dumps({"type": f"run.{run.status}", "delivery": delivery.pk, "run": run_json(run)})
    signature = hmac.new(notifier.secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Simweb-Signature": f"sha256={signature}"}
    status = post(notifier.address, body, headers)
    if not 200 <= status < 300:
        raise NotTaken(f"HTTP {status}")
    return f"HTTP {status}"


def _headline(run: Run) -> str:
    return f"{run.simulation.name}: run {run.pk} {run.status}"


def _text(run: Run) -> str:
    why = f" {run.error_type}: {run.error_message}" if run.error_type else ""
    return f"{_headline(run)} after {run.turns_done} of {run.turns} turns.{why}\n{settings.PUBLIC_URL}{run.get_absolute_url()}"
