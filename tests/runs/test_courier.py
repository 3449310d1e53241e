"""Notifications: written with the end of a run, sent afterwards, signed, retried, never to private networks unasked."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from runs import courier, services
from runs.models import Delivery, Notifier, Run, Simulation
from runs.notifiers import create_notifier
from runs.states import Channel
from tests.conftest import Api, MakeRun
from tests.runs.lives import lead_to
from tests.threads import at_once

pytestmark = pytest.mark.django_db


class Receiver(HTTPServer):
    """Keeps what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 200

    @property
    def address(self) -> str:
        return f"http://localhost:{self.server_port}/hook"


class Receiving(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", self.server.address)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quietly."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.NOTIFY_PRIVATE = True
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def tell(simulation: Simulation, channel: Channel, address: str, *statuses: str) -> Notifier:
    return create_notifier(simulation, channel=channel, address=address, statuses=statuses or ("failed",))


def test_a_webhook_carries_the_run_and_a_signature_that_its_secret_makes(
    receiver: Receiver, simulation: Simulation, make_run: MakeRun, api: Api
) -> None:
    notifier = tell(simulation, Channel.WEBHOOK, receiver.address)
    run = lead_to(make_run(), "failed")
    assert courier.deliver_due() == 1
    [(headers, body)] = receiver.received
    expected = hmac.new(notifier.secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Simweb-Signature"] == f"sha256={expected}"
    assert headers["Host"] == receiver.address.split("/")[2]
    told = json.loads(body)
    assert (told["type"], told["run"]["id"], told["run"]["failure_kind"]) == ("run.failed", run.pk, "model")
    [delivery] = api.get(f"/runs/{run.pk}/deliveries").json()["items"]
    assert (delivery["outcome"], delivery["attempts"], delivery["answer"]) == ("sent", 1, "HTTP 200")


def test_slack_gets_a_text_with_the_reason_and_a_link(
    receiver: Receiver, simulation: Simulation, make_run: MakeRun
) -> None:
    tell(simulation, Channel.SLACK, receiver.address)
    run = lead_to(make_run(), "failed")
    courier.deliver_due()
    text = json.loads(receiver.received[0][1])["text"]
    assert "RuntimeError: boom" in text
    assert text.endswith(f"/runs/{run.pk}/")


def test_an_e_mail_is_sent(simulation: Simulation, make_run: MakeRun) -> None:
    tell(simulation, Channel.EMAIL, "ada@example.com", "completed")
    run = lead_to(make_run(), "completed")
    courier.deliver_due()
    [message] = mail.outbox
    assert (message.to, message.subject) == (["ada@example.com"], f"A toy: run {run.pk} completed")


def test_only_the_chosen_ends_are_told(simulation: Simulation, make_run: MakeRun) -> None:
    tell(simulation, Channel.EMAIL, "ada@example.com", "failed")
    lead_to(make_run(), "completed")
    lead_to(make_run(), "cancelled")
    assert not Delivery.objects.exists()


def test_a_failed_delivery_is_tried_again_with_growing_pauses_and_given_up_in_the_end(
    receiver: Receiver, simulation: Simulation, make_run: MakeRun
) -> None:
    tell(simulation, Channel.WEBHOOK, receiver.address)
    run = lead_to(make_run(), "failed")
    receiver.status = 503
    for attempt in range(1, courier.MOST_ATTEMPTS + 1):
        assert courier.deliver_due() == 1
        assert courier.deliver_due() == 0, "not before its pause is over"
        delivery = Delivery.objects.get()
        assert delivery.attempts == attempt
        assert "503" in delivery.answer
        if delivery.next_try_at is not None:
            pause = courier.FIRST_PAUSE * 2 ** (attempt - 1)
            assert abs(delivery.next_try_at - timezone.now() - pause) < timedelta(seconds=10)
            Delivery.objects.update(next_try_at=timezone.now())
    assert Delivery.objects.get().outcome == "failed"
    assert Run.objects.get(pk=run.pk).status == "failed"


def test_a_redirect_is_not_followed(receiver: Receiver, simulation: Simulation, make_run: MakeRun) -> None:
    tell(simulation, Channel.WEBHOOK, receiver.address)
    lead_to(make_run(), "failed")
    receiver.status = 302
    courier.deliver_due()
    assert len(receiver.received) == 1
    assert Delivery.objects.get().outcome == "pending"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "10.0.0.7", "169.254.169.254", "0.0.0.0"])
def test_private_networks_are_refused_and_not_tried_again(host: str, simulation: Simulation, make_run: MakeRun) -> None:
    tell(simulation, Channel.WEBHOOK, f"http://{host}:9/")
    lead_to(make_run(), "failed")
    courier.deliver_due()
    delivery = Delivery.objects.get()
    assert delivery.outcome == "failed"
    assert "SIMWEB_NOTIFY_PRIVATE" in delivery.answer


@pytest.mark.django_db(transaction=True)
def test_of_two_couriers_one_sends(receiver: Receiver, simulation: Simulation, make_run: MakeRun) -> None:
    tell(simulation, Channel.WEBHOOK, receiver.address)
    lead_to(make_run(), "failed")
    at_once(*[courier.deliver_due] * 4)
    assert len(receiver.received) == 1


def many(simulation: Simulation, make_run: MakeRun, count: int) -> None:
    """So many deliveries to one receiver."""
    tell(simulation, Channel.WEBHOOK, "http://example.com/")
    for _ in range(count):
        lead_to(make_run(), "failed")


def test_a_claim_holds_while_its_delivery_is_sent_however_long_those_before_it_took(
    simulation: Simulation, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(simulation, make_run, 9)
    passed = [timezone.now() + timedelta(minutes=1)]
    left = []

    def send(delivery: Delivery) -> str:
        left.append(Delivery.objects.get(pk=delivery.pk).next_try_at - passed[-1])
        passed.append(passed[-1] + timedelta(seconds=10))
        return "taken"

    monkeypatch.setattr(courier, "_send", send)
    monkeypatch.setattr(courier, "timezone", SimpleNamespace(now=lambda: passed[-1]))
    assert courier.deliver_due() == 9
    assert left == [courier.CLAIM] * 9


@pytest.mark.parametrize("fails", [True, False])
def test_a_courier_whose_claim_was_over_writes_over_nobodys_delivery(
    simulation: Simulation, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    many(simulation, make_run, 1)
    of_another = {"next_try_at": timezone.now() + timedelta(seconds=50), "answer": "of another"}

    def send(delivery: Delivery) -> str:
        Delivery.objects.filter(pk=delivery.pk).update(**of_another)
        if fails:
            raise courier.NotTaken("HTTP 503")
        return "taken"

    monkeypatch.setattr(courier, "_send", send)
    courier.deliver_due()
    assert Delivery.objects.filter(outcome="pending", **of_another).exists()


def test_who_answers_slowly_gives_its_place_to_others_after_a_while(
    simulation: Simulation, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(simulation, make_run, 3)
    monkeypatch.setattr(courier, "_send", lambda delivery: "taken, at last")
    clock = itertools.count(step=9.9)
    monkeypatch.setattr(courier, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert [courier.deliver_due() for _ in range(3)] == [2, 1, 0]


def test_nothing_is_told_of_an_end_that_was_rolled_back(simulation: Simulation, make_run: MakeRun) -> None:
    tell(simulation, Channel.EMAIL, "ada@example.com", "cancelled")
    run = make_run()
    services.cancel(run, by=None)
    with pytest.raises(services.TransitionRefused):
        services.cancel(run, by=None)
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"channel": "webhook", "address": "ftp://x/"}, "address"),
        ({"channel": "webhook", "address": "http://["}, "address"),
        ({"channel": "email", "address": "nobody"}, "address"),
        ({"channel": "slack", "address": "https://x/", "statuses": ["running"]}, "statuses"),
        ({"channel": "slack", "address": "https://x/", "statuses": []}, "statuses"),
    ],
)
def test_a_notifier_that_cannot_work_is_refused(api: Api, simulation: Simulation, wanted: Any, field: str) -> None:
    answer = api.post("/simulations/a-toy/notifiers", wanted)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == [field]


def test_a_secret_is_shown_once(api: Api, simulation: Simulation) -> None:
    made = api.post("/simulations/a-toy/notifiers", {"channel": "webhook", "address": "https://example.com/"}).json()
    assert len(made["secret"]) == 64
    [listed] = api.get("/simulations/a-toy/notifiers").json()["items"]
    assert "secret" not in listed
    assert api.delete(f"/simulations/a-toy/notifiers/{made['id']}").status_code == 204
