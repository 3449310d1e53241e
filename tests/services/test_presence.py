"""Machines that come, stop and are killed, as Prometheus sees them at any web server."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import httpx

from tests.faults.conftest import Waits
from tests.services.lab import Machines
from tests.waiting import wait_until
from tests.web.server import Lab, Server


def workers(base: str, token: str) -> tuple[int, int]:
    """(busy, idle)"""
    answer = httpx.get(f"{base}/metrics", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    told = dict(line.split(" ") for line in answer.text.splitlines() if line.startswith("simweb_workers{"))
    return int(told['simweb_workers{state="busy"}']), int(told['simweb_workers{state="idle"}'])


def test_workers_are_counted_from_their_start_to_their_stop(
    machines: Machines, lab: Lab, token: str, tmp_path: Path
) -> None:
    other = machines.another_web()
    other.start()
    first, second = machines.worker(), machines.worker()
    for base in (machines.web.base, other.base):
        wait_until(lambda base=base: workers(base, token) == (0, 4), 30)
    waits = Waits(lab, tmp_path)
    run = waits.run("one")
    waits.pid("one")
    assert workers(other.base, token) == (1, 3)
    waits.let_go()
    lab.ended(run)
    first.stop()
    assert workers(other.base, token) == (0, 2), "at once"
    second.stop(signal.SIGKILL)
    assert workers(other.base, token) == (0, 2), "who knows"
    wait_until(lambda: workers(other.base, token) == (0, 0), 30)
    kinds = "SELECT kind FROM runs_serverprocess ORDER BY kind"
    assert machines.ask(kinds) == [("web",), ("web",), ("worker",)]
    other.stop()
    assert machines.ask(kinds) == [("web",), ("worker",)]


def test_a_run_that_fails_on_a_worker_shows_at_every_web_server_at_once(
    machines: Machines, lab: Lab, token: str
) -> None:
    other = machines.another_web()
    other.start()
    machines.worker()
    slug = lab.simulation("Breaks", "crashing")
    bearer = {"Authorization": f"Bearer {token}"}
    for failed in (1, 2):  # what was remembered of the first is not told after the second
        lab.finished(slug, 1)
        for base in (machines.web.base, other.base):
            told = httpx.get(f"{base}/api/v1/simulations/{slug}/performance", headers=bearer).json()
            assert told["failed_executions"] == failed
            assert (
                f'agent_execution_total{{agent_id="{slug}",status="failed"}} {failed}'
                in httpx.get(f"{base}/metrics", headers=bearer).text.splitlines()
            )


def test_a_copy_of_a_data_directory_takes_a_name_of_its_own_and_buries_nothing(
    services: Machines, tmp_path: Path
) -> None:
    database = {"DATABASE_URL": services.database, "SIMWEB_WORKERS": "1", "SIMWEB_DRAIN_SECONDS": "0"}
    (tmp_path / "original").mkdir()
    original, copy = (Server(tmp_path / name, **database) for name in ("original", "copy"))
    names = "SELECT name FROM runs_serverprocess"
    try:
        original.start()
        lab = Lab(original.base, services.token)
        waits = Waits(lab, tmp_path)
        run = waits.run("one")
        waits.pid("one")
        [(taken,)] = services.ask(names)
        shutil.copytree(tmp_path / "original", tmp_path / "copy")
        copy.start()
        assert f"the server {taken} is up elsewhere" in copy.log.read_text()
        assert len(services.ask(names)) == 2
        assert lab.get(run)["status"] == "running"
        waits.let_go()
        assert lab.ended(run)["status"] == "completed"
        lab.client.close()
    finally:
        for server in (original, copy):
            server.stop(signal.SIGKILL)
