"""Many machines: runs queued on a web server and played by Celery workers, while something of it is killed."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

from websockets.sync.client import connect

from tests.faults.conftest import Waits
from tests.faults.processes import is_alive, players_of
from tests.services.lab import Machines
from tests.waiting import wait_until
from tests.web.server import Lab


def events(lab: Lab, run: int) -> list[str]:
    return [event["kind"] for event in lab.client.get(f"/runs/{run}/events").json()["items"]]


def test_a_run_is_played_on_another_machine_and_stop_ends_its_process(
    machines: Machines, lab: Lab, tmp_path: Path
) -> None:
    worker = machines.worker()
    done = lab.ended(lab.run(lab.simulation("A toy", turns=30)), 60)
    assert (done["status"], done["turns_done"]) == ("completed", 30)
    assert not players_of(tmp_path / "web")
    waits = Waits(lab, tmp_path)
    run = waits.run("one", stubborn=True)
    pid = waits.pid("one")
    assert pid in players_of(worker.data_dir)
    lab.cancel(run)
    wait_until(lambda: not is_alive(pid))
    assert lab.get(run)["status"] == "cancelled"
    worker.stop()
    assert not players_of(worker.data_dir)


def test_a_killed_worker_costs_its_run_within_30_s_and_a_second_message_changes_nothing(
    machines: Machines, lab: Lab, tmp_path: Path
) -> None:
    first = machines.worker()
    waits = Waits(lab, tmp_path)
    run = waits.run("one")
    pid = waits.pid("one")
    wait_until(lambda: lab.get(run)["turns_done"] == 1)
    killed_at = time.monotonic()
    first.stop(signal.SIGKILL)
    wait_until(lambda: not is_alive(pid) and not players_of(first.data_dir))
    lost = lab.ended(run, 30 - (time.monotonic() - killed_at))
    assert (lost["status"], lost["failure_kind"], lost["turns_done"]) == ("failed", "lost", 1)
    machines.worker()
    send = f"from runs.executors.celery import celery_app; celery_app().send_task('simweb.conduct', ({run},))"
    machines.web.manage("shell", "--no-imports", "-c", send)
    after = lab.run(lab.simulation("A toy"))
    assert lab.ended(after, 60)["status"] == "completed"
    assert lab.get(run) == lost
    assert events(lab, run) == ["queued", "running", "failed"]


def test_a_socket_of_the_web_server_tells_the_life_of_a_run_that_another_machine_plays(
    machines: Machines, lab: Lab, token: str, tmp_path: Path
) -> None:
    machines.worker()
    waits = Waits(lab, tmp_path)
    address = machines.web.base.replace("http", "ws") + "/ws/"
    seen: list[tuple[str, int]] = []
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        socket.send(json.dumps({"type": "subscribe", "topics": [f"simulation:{waits.slug}"]}))
        run = waits.run("one")
        while ("completed", 3) not in seen:
            frame = json.loads(socket.recv(60))
            if frame["type"] in {"run_update", "run_progress"} and frame["data"]["id"] == run:
                seen.append((frame["data"]["status"], frame["data"]["turns_done"]))
            if ("running", 1) in seen:
                waits.let_go()
    assert seen[0] == ("queued", 0)


def test_a_redis_that_is_killed_and_has_forgotten_everything_loses_no_run(machines: Machines, lab: Lab) -> None:
    slug = lab.simulation("A toy")
    before = [lab.run(slug) for _ in range(3)]
    look = "from runs.executors.celery import unread_messages; print(unread_messages())"
    assert machines.web.manage("shell", "--no-imports", "-c", look) == "3"
    machines.redis.kill()
    during = [lab.run(slug) for _ in range(2)]
    machines.redis.start()
    machines.worker()
    assert {lab.ended(run, 60)["status"] for run in (*before, *during)} == {"completed"}
    assert events(lab, before[0]) == ["queued", "running", "completed"]


def test_a_redis_that_is_killed_while_a_run_is_played_costs_neither_the_run_nor_the_worker(
    machines: Machines, lab: Lab, tmp_path: Path
) -> None:
    machines.worker()
    waits = Waits(lab, tmp_path)
    run = waits.run("one")
    waits.pid("one")
    machines.redis.kill()
    machines.redis.start()
    waits.let_go()
    assert lab.ended(run, 60)["status"] == "completed"
    assert lab.ended(lab.run(lab.simulation("A toy")), 60)["status"] == "completed"
