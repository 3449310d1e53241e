"""Messages as they arrive where they are sent."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.doors.browser import Browser
from tests.runs.test_courier import Receiver
from tests.threads import serving
from tests.waiting import wait_until
from tests.web.server import Lab


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving(Receiver()) as receiver:
        yield receiver


def test_a_notifier_of_all_simulations_tells_of_the_runs_of_each(lab: Lab, receiver: Receiver) -> None:
    body = {"channel": "webhook", "address": receiver.address, "statuses": ["completed"]}
    made = lab.client.post("/notifiers", json=body).raise_for_status().json()
    try:
        runs = [lab.run(lab.simulation(name, "toy", 1)) for name in ("One of all", "Another of all")]
        told = wait_until(lambda: len(receiver.received) == 2 and receiver.received, 30)
        assert {json.loads(text)["run"]["id"] for _, text in told} == set(runs)
        assert [item["id"] for item in lab.client.get("/notifiers").json()["items"]] == [made["id"]]
    finally:
        lab.client.delete(f"/notifiers/{made['id']}").raise_for_status()
    assert lab.client.get("/notifiers").json()["items"] == []


class Dripping(threading.Thread):
    """Takes whatever comes, and answers a byte at a time, for ever, until it is told to end."""

    def __init__(self, beginning: bytes = b"HTTP/1.1 200 OK\r\nX-Slow: ") -> None:
        super().__init__(daemon=True)
        self.beginning = beginning
        self.listening = socket.create_server(("127.0.0.2", 0))
        self.port = self.listening.getsockname()[1]
        self.asked = 0
        self.held = False
        self.ending = threading.Event()

    def run(self) -> None:
        with suppress(OSError):
            while not self.ending.is_set():
                line, _ = self.listening.accept()
                self.asked += 1
                with line, suppress(OSError):
                    line.sendall(self.beginning)
                    self.held = True
                    while not self.ending.wait(0.2):
                        line.sendall(b".")
                self.held = False

    def end(self) -> None:
        self.ending.set()
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.join()
        self.listening.close()


def test_a_receiver_that_drips_keeps_no_other_from_its_messages(lab: Lab, receiver: Receiver) -> None:
    drips = Dripping()
    drips.start()
    addresses = [f"http://127.0.0.2:{drips.port}/{number}" for number in range(3)] + [receiver.address]
    slug = lab.simulation("Told to the slow and the quick", "toy", 1)
    try:
        for address in addresses:
            body = {"channel": "webhook", "address": address, "statuses": ["completed"]}
            lab.client.post(f"/simulations/{slug}/notifiers", json=body).raise_for_status()
        lab.run(slug)
        wait_until(lambda: drips.held, 30)
        later = lab.run(slug)
        wait_until(lambda: [text for _, text in receiver.received if json.loads(text)["run"]["id"] == later], 30)
        assert drips.asked == 1, "one at a time, and it still waits"
    finally:
        drips.end()


def test_a_text_for_slack_calls_nobody(lab: Lab, receiver: Receiver) -> None:
    slug = lab.simulation(
        "To <!channel> & all", "anything", 1, params={"says": json.dumps({"raises": "<!here> a<b & c"})}
    )
    lab.client.post(
        f"/simulations/{slug}/notifiers", json={"channel": "slack", "address": receiver.address, "statuses": ["failed"]}
    ).raise_for_status()
    lab.run(slug)
    [(_, body)] = wait_until(lambda: receiver.received, 30)
    text = json.loads(body)["text"]
    assert "To &lt;!channel&gt; &amp; all" in text
    assert "&lt;!here&gt; a&lt;b &amp; c" in text
    assert "<" not in text


def test_the_page_of_all_notifiers_adds_and_removes(lab: Lab, browser: Browser) -> None:
    answer = browser.send("/notifiers/", {"channel": "email", "address": "her@example.org", "statuses": ["failed"]})
    assert "her@example.org" in answer.text
    refused = browser.send("/notifiers/", {"channel": "email", "address": "nobody", "statuses": ["failed"]}, status=422)
    assert "Is not an e-mail address." in refused.text
    [made] = lab.client.get("/notifiers").json()["items"]
    gone = browser.send("/notifiers/", {}, to=f"/notifiers/{made['id']}/remove/")
    assert "her@example.org" not in gone.text


def test_a_schedule_by_its_short_name_is_kept_and_six_fields_are_refused(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Daily", "toy", 1)
    page = f"/simulations/{slug}/settings/"
    browser.send(page, {"cron": "@daily", "timezone": "UTC", "overlap": "skip", "missed": "once"}, to=page)
    told = lab.client.get(f"/simulations/{slug}").json()
    assert told["schedule"] == {
        "cron": "@daily",
        "timezone": "UTC",
        "paused": False,
        "missed": "once",
        "overlap": "skip",
    }
    assert told["next_run_at"].endswith("T00:00:00.000Z")
    refused = browser.send(page, {"cron": "0 0 6 * * *", "missed": "once", "overlap": "skip"}, to=page, status=422)
    assert "Has six fields: leave out the seconds, and write minute hour day month weekday." in refused.text
