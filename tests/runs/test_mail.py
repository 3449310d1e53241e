"""A mail server that does not come to an end."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from runs import courier
from runs import mail as our_mail
from runs.models import Delivery, Simulation
from runs.notifiers import create_notifier
from runs.states import Channel
from simweb import settings as as_they_are
from tests.conftest import MakeRun
from tests.doors.test_notifiers import Dripping
from tests.runs.lives import lead_to

pytestmark = pytest.mark.django_db
BACKEND = as_they_are.EMAIL_BACKEND  # pytest-django puts another in its place


class SlowToPart(threading.Thread):
    """A mail server that takes a message, and then says nothing to the farewell until its line is cut."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.2", 0))
        self.port = self.listening.getsockname()[1]
        self.listening.settimeout(30)

    def run(self) -> None:
        with self.listening, self.listening.accept()[0] as line, line.makefile("rb") as said:
            line.settimeout(30)
            line.sendall(b"220 here\r\n")
            in_message = False
            for text in said:
                if in_message:
                    in_message = text != b".\r\n"
                elif text.lower().startswith(b"quit"):
                    continue
                if not in_message:
                    in_message = text.lower().startswith(b"data")
                    line.sendall(b"354 go on\r\n" if in_message else b"250 yes\r\n")


def test_a_message_that_was_taken_is_not_sent_again_though_the_farewell_comes_too_late(
    simulation: Simulation, make_run: MakeRun, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowToPart()
    monkeypatch.setattr(our_mail, "DEADLINE_SECONDS", 2)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = BACKEND, "127.0.0.2", slow.port
    create_notifier(simulation, channel=Channel.EMAIL, address="ada@example.com", statuses=["completed"])
    lead_to(make_run(), "completed")
    slow.start()
    assert courier.deliver_due() == 1
    slow.join(30)
    delivery = Delivery.objects.get()
    assert (delivery.outcome, delivery.answer) == ("sent", "handed to the mail server")


@pytest.mark.parametrize("beginning", [b"220-", b"220 here\r\n250-"], ids=["at the greeting", "later"])
def test_a_mail_server_that_drips_is_cut_off_at_the_deadline_and_asked_again(
    simulation: Simulation, make_run: MakeRun, settings: Any, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    drips = Dripping(beginning)
    monkeypatch.setattr(our_mail, "DEADLINE_SECONDS", 0.5)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = BACKEND, "127.0.0.2", drips.port
    create_notifier(simulation, channel=Channel.EMAIL, address="ada@example.com", statuses=["completed"])
    lead_to(make_run(), "completed")
    drips.start()
    in_case_it_is_not_cut = threading.Timer(30, drips.end)
    in_case_it_is_not_cut.start()
    try:
        assert courier.deliver_due() == 1
    finally:
        in_case_it_is_not_cut.cancel()
        drips.end()
    delivery = Delivery.objects.get()
    assert delivery.answer == "MailTooSlow: the mail server took longer than 0.5 s"
    assert (delivery.outcome, delivery.attempts) == ("pending", 1)
