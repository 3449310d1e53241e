"""A real server on data of its own, which the tests hurt."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.processes import players_of
from tests.prepared import prepare
from tests.waiting import wait_until
from tests.web.server import Lab, Server

QUICK = {
    "SIMWEB_WORKERS": "2",
    "SIMWEB_STOP_GRACE_SECONDS": "1",
    "SIMWEB_DRAIN_SECONDS": "0",
    "SIMWEB_LOST_SECONDS": "5",
}


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """A server on this folder, started. Whatever a test did to it, it leaves no process behind."""
    server = Server(folder, **QUICK)
    server.token = prepare(server)
    server.link = server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)
    wait_until(lambda: not players_of(folder))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A module whose tests leave the server alive has one for all of them instead."""
    with served(tmp_path) as server:
        yield server


@pytest.fixture
def lab(server: Server) -> Iterator[Lab]:
    lab = Lab(server.base, server.token)
    yield lab
    lab.client.close()


class Waits:
    """Runs that wait in their second turn until they are let go, and the processes that play them."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.slug = lab.simulation("Waits", "waiting", 3)

    def run(self, name: str, **params: object) -> int:
        return self.lab.run(self.slug, params={"arrive": str(self.folder / name), "until": str(self.gate), **params})

    @property
    def gate(self) -> Path:
        return self.folder / "gate"

    def pid(self, name: str) -> int:
        """The process in which the run of this name waits."""
        file = self.folder / name
        return int(wait_until(lambda: file.exists() and file.read_text(), 60))

    def let_go(self) -> None:
        self.gate.touch()


@pytest.fixture
def waits(lab: Lab, tmp_path: Path) -> Waits:
    return Waits(lab, tmp_path)
