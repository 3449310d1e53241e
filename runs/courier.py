"""Courier: sends what is in the outbox. It has a thread of its own, and nothing it meets can hurt a run."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import logging
import socket
import threading
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.mail import send_mail
from django.db import close_old_connections, connections
from django.db.models import F
from django.utils import timezone

from runs.models import Delivery, Run, discreet
from runs.schemas import run_json
from runs.states import Channel, Delivered

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 5.0
MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=30)
# Longer than one sending can take: a courier that dies in the middle leaves its delivery to the next.
CLAIM = timedelta(minutes=1)
LOOK_SECONDS = 1.0


class Refused(Exception):
    """An address to which this server does not send."""


class Courier(threading.Thread):
    """One thread a server; of two couriers one sends a delivery."""

    def __init__(self) -> None:
        super().__init__(name="courier", daemon=True)
        self._ending = threading.Event()

    def run(self) -> None:
        while not self._ending.wait(LOOK_SECONDS):
            try:
                deliver_due()
            except Exception:
                logger.exception("courier: a round failed; the next is in a second")
                close_old_connections()
        connections.close_all()

    def stop(self) -> None:
        """End after the present delivery."""
        self._ending.set()


def deliver_due() -> int:
    """Try every delivery whose time has come; how many there were."""
    now = timezone.now()
    due = Delivery.objects.filter(outcome=Delivered.PENDING, next_try_at__lte=now).order_by("next_try_at")[:50]
    return sum(_try(delivery, now) for delivery in due.select_related("notifier", "run__simulation", "run__created_by"))


def _try(delivery: Delivery, now: datetime) -> bool:
    mine = Delivery.objects.filter(pk=delivery.pk, outcome=Delivered.PENDING, next_try_at=delivery.next_try_at)
    if not mine.update(next_try_at=now + CLAIM, attempts=F("attempts") + 1):
        return False  # another courier has it
    try:
        answer = _send(delivery)
    except Exception as error:  # whatever the other side or the network does
        said = discreet(f"{type(error).__name__}: {error}")
        _note_failure(delivery, delivery.attempts + 1, said, isinstance(error, Refused))
    else:
        sent = {"outcome": Delivered.SENT, "answer": answer[:300], "sent_at": timezone.now(), "next_try_at": None}
        Delivery.objects.filter(pk=delivery.pk).update(**sent)
    return True


def _note_failure(delivery: Delivery, attempts: int, answer: str, final: bool) -> None:
    changes: dict[str, Any] = {"answer": answer[:300]}
    if final or attempts >= MOST_ATTEMPTS:
        changes.update(outcome=Delivered.FAILED, next_try_at=None)
    else:
        changes["next_try_at"] = timezone.now() + FIRST_PAUSE * 2 ** (attempts - 1)
    Delivery.objects.filter(pk=delivery.pk).update(**changes)


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
    response = _post(notifier.address, body, headers)
    response.raise_for_status()
    return f"HTTP {response.status_code}"


def _post(address: str, body: str, headers: dict[str, str]) -> httpx.Response:
    """POST to the very address that was checked: the name is not asked a second time, and no redirect is followed."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        raise Refused("the address must begin with http:// or https://")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    ip = _checked_ip(host, port)
    url = httpx.URL(address).copy_with(host=ip)
    with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        request = client.build_request(
            "POST", url, content=body, headers={**headers, "Host": parts.netloc.split("@")[-1]}
        )
        request.extensions["sni_hostname"] = host
        return client.send(request)


def _checked_ip(host: str, port: int) -> str:
    found = {str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not settings.NOTIFY_PRIVATE and not all(ipaddress.ip_address(ip).is_global for ip in found):
        raise Refused(f"{host} is in a private network; set SIMWEB_NOTIFY_PRIVATE=1 to allow that")
    return sorted(found)[0]


def _headline(run: Run) -> str:
    return f"{run.simulation.name}: run {run.pk} {run.status}"


def _text(run: Run) -> str:
    why = f" {run.error_type}: {run.error_message}" if run.error_type else ""
    return f"{_headline(run)} after {run.turns_done} of {run.turns} turns.{why}\n{settings.PUBLIC_URL}{run.get_absolute_url()}"
