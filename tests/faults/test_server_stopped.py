"""SIGTERM, SIGHUP, SIGQUIT of a server: what is played is finished, given back or failed, and never left lying."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.conftest import QUICK, Waits
from tests.faults.processes import players_of
from tests.prepared import prepare
from tests.waiting import wait_until
from tests.web.server import ROOT, Lab, Server


def states(lab: Lab, run: int) -> list[str]:
    return [event["kind"] for event in lab.client.get(f"/runs/{run}/events").json()["items"]]


def test_a_run_without_a_turn_is_queued_again_and_one_with_turns_is_lost(
    server: Server, lab: Lab, waits: Waits, tmp_path: Path
) -> None:
    begun = waits.run("begun")
    waits.pid("begun")
    wait_until(lambda: lab.get(begun)["turns_done"] == 1)
    unbegun = waits.run("unbegun", turn=1)
    waits.pid("unbegun")
    server.stop(signal.SIGQUIT)
    assert not players_of(tmp_path)
    server.start()
    lost = lab.ended(begun)
    assert (lost["status"], lost["failure_kind"], lost["error"]["type"]) == ("failed", "lost", "ServerStopped")
    assert lost["turns_done"] == 1
    assert states(lab, unbegun)[:3] == ["queued", "running", "queued"]
    waits.let_go()
    assert lab.ended(unbegun)["status"] == "completed"


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, **{**QUICK, "SIMWEB_DRAIN_SECONDS": "20"})
    server.token = prepare(server)
    server.start()
    yield server
    server.stop()


def test_a_run_that_finishes_while_the_server_drains_is_completed(patient: Server, tmp_path: Path) -> None:
    lab = Lab(patient.base, patient.token)
    run = lab.run(lab.paced("Soon done", 0.2, turns=5))
    waiting = [lab.run(lab.paced("Waits", 0.2, turns=5)) for _ in range(3)][-1]
    lab.until(run, "running")
    patient.stop(signal.SIGTERM)
    assert not players_of(tmp_path)
    patient.start()
    assert states(lab, run) == ["queued", "running", "completed"]
    assert lab.ended(waiting)["status"] == "completed"
    assert states(lab, waiting) == ["queued", "running", "completed"]
    last = lab.run(lab.paced("Soon done too", 0.2, turns=5))
    lab.until(last, "running")
    lab.client.close()
    patient.stop(signal.SIGHUP)
    assert not players_of(tmp_path)
    with closing(sqlite3.connect(tmp_path / "simweb.sqlite3")) as database:
        assert database.execute("SELECT status FROM runs_run WHERE id = ?", [last]).fetchall() == [("completed",)]


def test_under_nohup_a_hangup_ends_nothing() -> None:
    code = "import os; from simweb.hangup import end_like_sigterm; end_like_sigterm(); os.kill(os.getpid(), 1); print('on')"
    done = subprocess.run(["nohup", sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "on"
