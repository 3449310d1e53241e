"""PostgreSQL goes away in the middle of a run and of a page, and comes back: on the same machine, and with a Celery worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.doors.browser import signed_in
from tests.faults.conftest import Waits
from tests.faults.processes import is_alive
from tests.postgres import ADDRESS
from tests.services.lab import Machines
from tests.services.wire import Wire
from tests.waiting import wait_until
from tests.web.server import Lab

AT_ONCE = 24  # more than a server has threads that answer
SETTINGS = {"SIMWEB_WORKERS": "1", "SIMWEB_LOST_SECONDS": "5", "SIMWEB_PING_SECONDS": "2"}


@pytest.fixture
def wire(services: Machines) -> Iterator[Wire]:
    """What servers and workers reach the database by."""
    there = urlsplit(ADDRESS)
    wire = Wire(there.port or 5432, beginning=b"")
    by_wire = there._replace(netloc=f"{there.username or ''}@{urlsplit(wire.base).netloc}", path=f"/{services.name}")
    services.web.env.update(SETTINGS, DATABASE_URL=by_wire.geturl())
    yield wire
    wire.close()


def asked_at_once(client: httpx.Client, path: str) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(client.get, [path] * AT_ONCE))


@contextmanager
def watching(base: str, token: str, run: int) -> Iterator[ClientConnection]:
    """A socket that is told of the run, and has its snapshot."""
    headers = {"Authorization": f"Bearer {token}"}
    with connect(f"{base.replace('http', 'ws')}/ws/", additional_headers=headers) as line:
        line.send(json.dumps({"type": "subscribe", "topics": [f"run:{run}"]}))
        assert json.loads(line.recv(30))["type"] == "snapshot"
        yield line


def code_of_close(line: ClientConnection) -> int | None:
    with suppress(ConnectionClosed):
        while line.recv(30):
            pass
    return line.close_code


@pytest.mark.parametrize("executor", ["local", "celery"])
def test_a_database_that_goes_away_and_comes_back_costs_no_more_than_what_was_played(
    services: Machines, wire: Wire, tmp_path: Path, executor: str
) -> None:
    services.web.env["SIMWEB_EXECUTOR"] = executor
    services.web.start()
    if executor == "celery":
        services.worker(slots=1)
    token = services.token
    lab = Lab(services.web.base, token)
    waits = Waits(lab, tmp_path)
    run = waits.run("one")
    pid = waits.pid("one")
    wait_until(lambda: lab.get(run)["turns_done"] == 1, 30)
    queued = lab.run(lab.simulation("Waits for the slot"))
    with signed_in(services.web) as pages, watching(services.web.base, token, run) as line:
        wire.go_away(silently=False)
        while_it_is_away(pages, lab, line, run)
        wait_until(lambda: not is_alive(pid), 40)
        if executor == "local":
            wire.go_away(silently=True)
            assert pages.get("/runs/").status_code == 503, "and not a page that never comes"
        waits.let_go()
        wire.come_back()
        assert {answer.status_code for answer in asked_at_once(pages, "/runs/")} == {200}, (
            "no broken connection is used"
        )
    with watching(services.web.base, token, run):
        assert lab.ended(queued, 60)["status"] == "completed"
    told = lab.ended(run, 60)
    assert (told["status"], told["failure_kind"], told["turns_done"]) == ("failed", "lost", 1)
    wait_until(lambda: httpx.get(f"{services.web.base}/ready", timeout=30).status_code == 200, 30)
    lab.client.close()


def while_it_is_away(pages: httpx.Client, lab: Lab, line: ClientConnection, run: int) -> None:
    """Whoever asks is told so, in words, and soon."""
    for answer in (*asked_at_once(pages, f"/runs/{run}/"), pages.get("/"), lab.client.get(f"/runs/{run}")):
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) > 0
        assert "The database cannot be reached" in answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert pages.get("/health").status_code == 200
    ready = pages.get("/ready")
    assert ready.status_code == 503
    assert ready.json()["database"] != "ok"
    assert code_of_close(line) == 1013
