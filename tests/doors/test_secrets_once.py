"""Secrets of webhooks, and requests that are sent twice: what was told once is told to nobody else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.doors.browser import Browser
from tests.runs.test_courier import Receiver
from tests.threads import serving
from tests.waiting import wait_until
from tests.web.server import Lab, Server

ONE_DATABASE = "what is kept is looked for in the file"
SECRET = "s3cr3t-of-the-hook"  # in the path, the query and before the host of a webhook's address


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving(Receiver()) as receiver:
        receiver.status = 404
        yield receiver


def test_the_end_of_a_webhooks_address_is_shown_nowhere(
    server: Server, lab: Lab, browser: Browser, receiver: Receiver
) -> None:
    slug = lab.simulation("Told discreetly", "toy", 1)
    host = receiver.address.split("/")[2]
    address = f"http://me:{SECRET}@{host}/hooks/{SECRET}?key={SECRET}"
    body = {"channel": "webhook", "address": address, "statuses": ["completed"]}
    answer = lab.client.post(f"/simulations/{slug}/notifiers", json=body).raise_for_status()
    run = lab.run(slug)
    lab.ended(run)
    assert wait_until(lambda: receiver.received, 30)
    wait_until(lambda: "404" in lab.client.get(f"/runs/{run}/deliveries").text, 30)
    shown = [answer.text, *(lab.client.get(path).text for path in (f"/runs/{run}/deliveries", f"/runs/{run}/events"))]
    shown.append(lab.client.get(f"/simulations/{slug}/notifiers").text)
    pages = (
        f"/simulations/{slug}/settings/",
        f"/runs/{run}/?tab=events",
        "/admin/runs/notifier/",
        "/admin/runs/delivery/",
    )
    shown += [browser.client.get(page).raise_for_status().text for page in pages]
    number = answer.json()["id"]
    shown.append(browser.client.get(f"/admin/runs/notifier/{number}/change/").raise_for_status().text)
    assert all(host in text for text in (shown[0], shown[1], shown[3], *shown[4:5], shown[-1]))
    assert not [text for text in [*shown, server.log.read_text()] if SECRET in text]


def test_the_secret_of_a_webhook_is_not_kept_with_the_answer_and_not_told_again(server: Server, lab: Lab) -> None:
    slug = lab.simulation("Told once", "toy", 1)
    body = {"channel": "webhook", "address": f"https://example.com/{SECRET}"}
    ask = {"json": body, "headers": {"Idempotency-Key": "a webhook, once"}}
    first, second = (lab.client.post(f"/simulations/{slug}/notifiers", **ask).raise_for_status() for _ in range(2))
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == {**first.json(), "secret": None}
    kept = "SELECT * FROM access_idempotentrequest WHERE key = 'a webhook, once'"
    with closing(sqlite3.connect(server.log.parent / "simweb.sqlite3")) as database:
        [row] = database.execute(kept).fetchall()
    assert not [value for value in row if first.json()["secret"] in str(value) or SECRET in str(value)]


def test_an_answer_is_not_repeated_to_a_token_of_a_lesser_role(server: Server, lab: Lab) -> None:
    path = f"/simulations/{lab.simulation('Asked twice', 'toy', 1)}/runs"
    headers = {"Idempotency-Key": "once by the admin"}
    made = lab.client.post(path, json={}, headers=headers).raise_for_status().json()
    lesser = server.manage("token", "of a lesser role", "--role", "operator")
    with httpx.Client(base_url=lab.client.base_url, headers={"Authorization": f"Bearer {lesser}", **headers}) as other:
        refused = other.post(path, json={})
    assert (refused.status_code, f'"id": {made["id"]}' in refused.text) == (403, False)
