"""Many runs and sockets, models that misbehave among them: a server that has seen them all is as it was after the first."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.environment import FAULT_RUNS
from tests.faults.audit import audit
from tests.faults.processes import players_of, processes_of, zombies_below
from tests.waiting import wait_until
from tests.web.server import Lab, Server

LONG = FAULT_RUNS >= 1000
RUNS, SOCKETS, LEGS = (5000, 1000, 5) if LONG else (50, 30, 2)
MISBEHAVES = 10 if LONG else 5  # every tenth run, or every fifth
VISITORS, FRAMES, QUEUED = 8, 5, 20  # sockets at a time, what each reads, runs that wait
WARM, SPARE_FILES = 4, 4  # the processes of idle players; a connection of a thread that came to be
GROWTH = 1.10  # what memory may be of what it was after the first leg
MISBEHAVING: tuple[tuple[str, dict[str, Any], dict[str, Any], str], ...] = (
    ("rude", {"how": "decisions"}, {}, "failed model"),
    ("rude", {"how": "rows"}, {}, "failed model"),
    ("rude", {"how": "pipe"}, {}, "failed model"),
    ("rude", {"how": "deep"}, {}, "failed model"),
    ("odd", {"ends": "long"}, {}, "failed model"),
    ("rude", {"how": "view-exit"}, {}, "completed"),
    ("rude", {"how": "share"}, {"memory_limit_mb": 400}, "failed system"),
    ("dying", {}, {}, "failed lost"),
    ("endless", {"stubborn": True}, {"turn_timeout_s": 1}, "failed timeout"),
    ("loud", {"characters": 2_000_000}, {}, "completed"),
)


@dataclass(frozen=True)
class Measured:
    """What the server holds when nothing is asked of it."""

    memory: float
    files: int

    @classmethod
    def now(cls, pid: int) -> Measured:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        memory = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        return cls(memory / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def visit(address: str, headers: dict[str, str], number: int) -> int:
    """Open a socket, watch, and go: every other one without a word."""
    path, topic = ("/ws/", "runs") if number % 4 < 2 else ("/ws/live/", "history")
    with suppress(TimeoutError, ConnectionClosed), connect(address + path, additional_headers=headers) as line:
        line.send(json.dumps({"type": "subscribe", "topics": [topic]}))
        for _ in range(FRAMES):
            line.recv(5)
        if number % 2:
            line.socket.shutdown(SHUT_RDWR)
    return 1


def slugs(lab: Lab) -> Iterator[str]:
    """The simulations to run next: some times one that behaves, then the next of those that do not."""
    behaves = lab.simulation("Behaves", "toy", 3)
    rude = []
    for number, (scenario, params, execution, _) in enumerate(MISBEHAVING):
        rude.append(lab.simulation(f"Misbehaves {number}", scenario, 3, params=params))
        lab.client.patch(f"/simulations/{rude[-1]}", json={"execution": execution}).raise_for_status()
    for one in cycle(rude):
        yield from [behaves] * (MISBEHAVES - 1)
        yield one


class Soak:
    """A server's life: legs of runs and visits, and what it holds after each."""

    def __init__(self, server: Server, lab: Lab, folder: Path) -> None:
        assert server.process is not None
        self.pid, self.lab, self.folder = server.process.pid, lab, folder
        self.address, self.queued, self.visited = server.base.replace("http", "ws"), 0, 0
        self.slugs = slugs(lab)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "simweb.sqlite3", timeout=20)) as database:
            return database.execute(sql).fetchall()

    def ended(self, wanted: int) -> bool:
        [(count,)] = self.ask("SELECT count(*) FROM runs_run WHERE finished_at IS NOT NULL")
        return int(count) >= wanted

    def leg(self) -> Measured:
        """So many runs are played while sockets come and go."""
        headers = {"Authorization": str(self.lab.client.headers["Authorization"])}
        with ThreadPoolExecutor(VISITORS) as visitors:
            visits = [
                visitors.submit(visit, self.address, headers, self.visited + number)
                for number in range(SOCKETS // LEGS)
            ]
            for _ in range(RUNS // LEGS):
                self.queued += 1
                self.lab.run(next(self.slugs))
                wait_until(lambda: self.ended(self.queued - QUEUED), 60)
            wait_until(lambda: self.ended(self.queued), 120)
            self.visited += sum(each.result(60) for each in visits)
        return Measured.now(self.pid)


def test_a_server_that_has_seen_much_is_as_it_was(server: Server, lab: Lab, tmp_path: Path) -> None:
    wait_until(lambda: httpx.get(f"{server.base}/ready", timeout=20).status_code == 200, 20)
    soak = Soak(server, lab, tmp_path)
    seen, rows = [], []
    for _ in range(LEGS):
        seen.append(soak.leg())
        rows.append(f"{soak.queued:>6,}  {soak.visited:>7,}  {seen[-1].memory:>6.0f} MiB  {seen[-1].files:>11}")
    first, last = seen[0], seen[-1]
    idle = wait_until(lambda: len(found := players_of(tmp_path)) <= WARM and found, 30)
    zombies, found = zombies_below(soak.pid), audit(soak.ask)
    server.stop()
    left = processes_of(tmp_path)
    print("\n  runs  sockets      memory  descriptors", *rows, sep="\n")  # noqa: T201
    print(f"{len(zombies)} zombies, {len(idle)} players that wait, {len(left)} processes left; {found}")  # noqa: T201
    assert (zombies, left, found.lies) == (set(), set(), 0)
    assert last.files <= first.files + SPARE_FILES, rows
    assert last.memory <= first.memory * GROWTH, rows
    wanted = Counter({"completed": RUNS - RUNS // MISBEHAVES})
    for number in range(RUNS // MISBEHAVES):
        wanted[MISBEHAVING[number % len(MISBEHAVING)][-1]] += 1
    assert found.ends == wanted
