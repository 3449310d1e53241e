"""kill -9: of a server, of a player."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.faults.conftest import Waits
from tests.faults.processes import is_alive, players_of
from tests.waiting import wait_until
from tests.web.server import Lab, Server


def test_a_killed_server_leaves_no_process_and_its_runs_are_told_as_lost_when_it_is_back(
    server: Server, lab: Lab, waits: Waits, tmp_path: Path
) -> None:
    playing = [waits.run(name) for name in ("one", "two")]
    queued = lab.run(lab.simulation("A toy"))
    pids = {waits.pid(name) for name in ("one", "two")}
    assert pids <= players_of(tmp_path)
    wait_until(lambda: [lab.get(run)["turns_done"] for run in playing] == [1, 1])
    server.stop(signal.SIGKILL)
    wait_until(lambda: not players_of(tmp_path))
    server.start()
    for run in playing:
        lost = lab.ended(run)
        assert (lost["status"], lost["failure_kind"], lost["turns_done"]) == ("failed", "lost", 1)
        assert lost["error"]["message"] == "The server ended while this run was being played."
    assert lab.ended(queued)["status"] == "completed"


def test_what_a_model_started_itself_does_not_outlive_a_killed_server(
    server: Server, waits: Waits, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    waits.run("one", child=str(left), stubborn=True)
    pids = [waits.pid("one"), int(left.read_text())]
    assert all(map(is_alive, pids))
    server.stop(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, pids)))


def test_a_killed_player_costs_its_run_and_the_slot_is_free_again(lab: Lab, waits: Waits) -> None:
    runs = {name: waits.run(name) for name in ("one", "two")}
    pids = {name: waits.pid(name) for name in runs}
    third = waits.run("three")
    os.kill(pids["one"], signal.SIGKILL)
    lost = lab.ended(runs["one"])
    assert (lost["status"], lost["failure_kind"], lost["error"]["type"]) == ("failed", "lost", "PlayerLost")
    assert "SIGKILL" in lost["error"]["message"]
    assert waits.pid("three") not in pids.values()
    assert is_alive(pids["two"])
    waits.let_go()
    assert {lab.ended(run)["status"] for run in (runs["two"], third)} == {"completed"}
