"""SIGTERM, SIGHUP, SIGQUIT of a worker machine: what it plays is finished, given back or failed, and no process is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.faults.conftest import Waits
from tests.faults.processes import is_alive, players_of
from tests.services.lab import Machines
from tests.services.test_celery import events
from tests.waiting import wait_until
from tests.web.server import Lab


def test_what_has_no_turn_is_played_by_another_worker_and_what_has_turns_is_lost(
    machines: Machines, lab: Lab, tmp_path: Path
) -> None:
    first = machines.worker(SIMWEB_DRAIN_SECONDS="0")
    waits = Waits(lab, tmp_path)
    begun, unbegun = waits.run("begun", stubborn=True), waits.run("unbegun", turn=1)
    players = {waits.pid("begun"), waits.pid("unbegun")}
    wait_until(lambda: lab.get(begun)["turns_done"] == 1)
    second = machines.worker()
    first.stop(signal.SIGHUP)
    assert not [pid for pid in players if is_alive(pid)]
    assert not players_of(first.data_dir)
    lost = lab.get(begun)
    assert (lost["status"], lost["failure_kind"], lost["error"]["type"]) == ("failed", "lost", "ServerStopped")
    assert lost["turns_done"] == 1
    waits.let_go()
    assert lab.ended(unbegun, 60)["status"] == "completed"
    assert events(lab, unbegun) == ["queued", "running", "queued", "running", "completed"]
    second.stop()
    assert not players_of(second.data_dir)


@pytest.mark.parametrize(
    ("told", "signaled"),
    [("the worker", signal.SIGQUIT), ("all its processes", signal.SIGTERM)],
    ids=str,
)
def test_a_run_that_finishes_while_the_worker_drains_is_completed(
    machines: Machines, lab: Lab, tmp_path: Path, told: str, signaled: signal.Signals
) -> None:
    worker = machines.worker(SIMWEB_DRAIN_SECONDS="30")
    waits = Waits(lab, tmp_path)
    run = waits.run("one")
    waits.pid("one")
    if told == "the worker":
        worker.process.send_signal(signaled)
    else:
        os.killpg(worker.process.pid, signaled)
    wait_until(lambda: "Warm shutdown" in worker.log.read_text(), 20)
    waiting = waits.run("two")
    waits.let_go()
    worker.stop()
    assert lab.get(run)["status"] == "completed"
    assert events(lab, run) == ["queued", "running", "completed"]
    assert events(lab, waiting) == ["queued"]
    assert not players_of(worker.data_dir)
