"""Many short runs on two worker machines and two web servers while all that can be killed is: nothing lies afterwards."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.environment import FAULT_RUNS
from tests.faults.audit import audit
from tests.faults.processes import players_of, processes_of
from tests.services.lab import Machines, Worker
from tests.waiting import wait_until
from tests.web.server import Lab, Server

QUIET_SECONDS = 60
FAULTS = FAULT_RUNS // 15
RUNS_FOR_EACH_KILLED_PLAYER = 6
# Faults are due by what has ended, not by the clock: a slow machine has as many of them as a quick one.
LEFT_WHEN_QUIET = 20


class Storm:
    """The machines, the people who queue runs meanwhile, and the one who kills."""

    def __init__(self, machines: Machines, labs: list[Lab]) -> None:
        self.machines, self.labs = machines, labs
        self.chance = random.Random(5)
        self.slug = labs[0].simulation("Short", "paced", 20, params={"seconds": 0.03})
        self.accepted: set[int] = set()
        self.killed: Counter[str] = Counter()
        kinds = [self.kill_worker, self.kill_process_of_a_worker, self.kill_web, self.kill_redis]
        self.faults = [fault for _ in range(0, FAULTS, len(kinds)) for fault in self.chance.sample(kinds, len(kinds))]

    @property
    def ended(self) -> int:
        [(count,)] = self.machines.ask("SELECT count(*) FROM runs_run WHERE finished_at IS NOT NULL")
        return int(count)

    @property
    def unended(self) -> int:
        [(count,)] = self.machines.ask("SELECT count(*) FROM runs_run WHERE finished_at IS NULL")
        return int(count)

    def queue(self, count: int) -> None:
        """Queue so many runs, each on a server that answers."""
        for _ in range(min(count, FAULT_RUNS - len(self.accepted))):
            wait_until(self._queue_one, QUIET_SECONDS)

    def _queue_one(self) -> bool:
        with suppress(httpx.TransportError):
            self.accepted.add(self.chance.choice(self.labs).run(self.slug))
            return True
        return False

    def rage(self) -> None:
        """Most of the runs first, the others while something is down; players are killed all the while."""
        self.queue(FAULT_RUNS * 3 // 4)
        for number, fault in enumerate(self.faults, 1):
            self._play_on(until=number * FAULT_RUNS * 3 // 4 // (len(self.faults) + 1))
            fault()
        self.queue(FAULT_RUNS)
        self._play_on(until=FAULT_RUNS - LEFT_WHEN_QUIET)

    def _play_on(self, until: int) -> None:
        def far_enough() -> bool:
            ended = self.ended
            if ended >= (self.killed["players"] + 1) * RUNS_FOR_EACH_KILLED_PLAYER:
                self.kill_player()
            return ended >= until

        wait_until(far_enough, max(3 * QUIET_SECONDS, FAULT_RUNS), every=0.1)

    def kill_player(self) -> None:
        """One that plays or one that waits to."""
        players = sorted(pid for worker in self.machines.workers for pid in players_of(worker.data_dir))
        if players:
            self._kill(self.chance.choice(players), "players")

    def kill_worker(self) -> None:
        worker, _ = wait_until(self._one_that_plays, QUIET_SECONDS)
        self._while_down(worker, "workers")

    def kill_web(self) -> None:
        self._while_down(self.chance.choice(self.machines.webs), "web servers")

    def kill_redis(self) -> None:
        self.machines.redis.kill()
        self.killed["Redis"] += 1
        self._queue_some()
        self.machines.redis.start()

    def kill_process_of_a_worker(self) -> None:
        """One of its pool; the worker has to notice and to start another."""
        _, process = wait_until(self._one_that_plays, QUIET_SECONDS)
        self._kill(process, "processes of a worker")
        self._queue_some()

    def _one_that_plays(self) -> tuple[Worker, int] | None:
        """A worker, and the process of its pool that is playing a run."""
        rows = self.machines.ask("SELECT player FROM runs_run WHERE finished_at IS NULL AND player <> ''")
        playing = {int(name.rpartition("-")[2]) for (name,) in rows}
        found = [
            (worker, pid) for worker in self.machines.workers for pid in sorted(processes_of(worker.data_dir) & playing)
        ]
        return self.chance.choice(found) if found else None

    def _while_down(self, machine: Worker | Server, kind: str) -> None:
        machine.stop(signal.SIGKILL)
        self.killed[kind] += 1
        wait_until(lambda: not processes_of(machine.log.parent), QUIET_SECONDS)
        self._queue_some()
        machine.start()

    def _queue_some(self) -> None:
        self.queue(FAULT_RUNS // 4 // len(self.faults))

    def _kill(self, pid: int, kind: str) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.killed[kind] += 1


@pytest.fixture
def storm(machines: Machines, token: str) -> Iterator[Storm]:
    for _ in range(2):
        machines.worker(SIMWEB_LOST_SECONDS="5")
    machines.another_web().start()
    labs = [Lab(web.base, token) for web in machines.webs]
    yield Storm(machines, labs)
    for lab in labs:
        lab.client.close()


def test_a_storm_on_many_machines_leaves_no_run_that_lies_and_no_process(storm: Storm) -> None:
    machines = storm.machines
    storm.rage()
    wait_until(lambda: storm.unended == 0, QUIET_SECONDS)
    found = audit(machines.ask)
    forgotten = storm.accepted - {run for (run,) in machines.ask("SELECT id FROM runs_run")}
    for machine in (*machines.workers, *machines.webs):
        machine.stop()
    orphans = sum(len(processes_of(machine.log.parent)) for machine in (*machines.workers, *machines.webs))
    print(f"\nkilled: {dict(storm.killed)}; {orphans} orphans; {len(forgotten)} forgotten; {found}")  # noqa: T201
    assert (len(storm.accepted), len(forgotten), found.lies, orphans) == (FAULT_RUNS, 0, 0, 0), found
    assert set(storm.killed) == {"players", "processes of a worker", "workers", "web servers", "Redis"}
    assert found.ends.get("completed", 0) > 0
    assert found.ends.get("failed lost", 0) > 0
