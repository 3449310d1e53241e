"""Many short runs while players, and once the server, are killed at random: nothing lies when the storm is over."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tests.environment import FAULT_RUNS
from tests.faults.audit import audit
from tests.faults.processes import players_of
from tests.waiting import wait_until
from tests.web.server import Lab, Server

QUIET_SECONDS = 60


def unended(lab: Lab, slug: str) -> int:
    """How many runs still wait or are played; at most a page of each."""
    found = [lab.client.get(f"/simulations/{slug}/runs", params={"status": s}) for s in ("queued", "running", "stuck")]
    return sum(len(answer.raise_for_status().json()["items"]) for answer in found)


def kill_one(chance: random.Random, folder: Path) -> int:
    """Kill a player at random, one that plays or one that waits to."""
    players = sorted(players_of(folder))
    if not players:
        return 0
    with suppress(ProcessLookupError):
        os.kill(chance.choice(players), signal.SIGKILL)
    return 1


def test_a_storm_leaves_no_run_that_lies_and_no_process(server: Server, lab: Lab, tmp_path: Path) -> None:
    chance, kills, servers = random.Random(3), 0, 0
    slug = lab.simulation("Short", "paced", 20, params={"seconds": 0.01})
    for _ in range(FAULT_RUNS):
        lab.run(slug)
    ended_when_killed = FAULT_RUNS // 2

    def over() -> bool:
        nonlocal kills, servers
        kills += kill_one(chance, tmp_path)
        if not servers and lab.client.get("/simulations/short").json()["terminal_runs"] >= ended_when_killed:
            server.stop(signal.SIGKILL)
            servers += 1
            wait_until(lambda: not players_of(tmp_path))
            server.start()
        return unended(lab, slug) == 0

    # A player is killed about every third of a second, less often than one gets warm: else nothing would ever complete.
    wait_until(over, max(QUIET_SECONDS, FAULT_RUNS), every=0.4)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "simweb.sqlite3")) as database:
            return database.execute(sql).fetchall()

    found = audit(ask)
    server.stop()
    orphans = len(players_of(tmp_path))
    print(f"\n{kills} players and {servers} server killed; {orphans} orphans; {found}")  # noqa: T201
    assert (found.runs, found.lies, orphans) == (FAULT_RUNS, 0, 0), found
    assert found.ends.get("completed", 0) > 0
    assert found.ends.get("failed lost", 0) > 0
