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
# Kills are due by what has ended, not by the clock: a slow machine has as many of them as a quick one.
RUNS_FOR_EACH_KILLED_PLAYER = 4
LEFT_WHEN_QUIET = 20


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

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "simweb.sqlite3", timeout=20)) as database:
            return database.execute(sql).fetchall()

    def ended() -> int:
        return int(ask("SELECT count(*) FROM runs_run WHERE finished_at IS NOT NULL")[0][0])

    def nearly_over() -> bool:
        nonlocal kills, servers
        if ended() >= (kills + 1) * RUNS_FOR_EACH_KILLED_PLAYER:
            kills += kill_one(chance, tmp_path)
        if not servers and ended() >= FAULT_RUNS // 2:
            server.stop(signal.SIGKILL)
            servers += 1
            wait_until(lambda: not players_of(tmp_path), QUIET_SECONDS)
            server.start()
        return ended() >= FAULT_RUNS - LEFT_WHEN_QUIET

    wait_until(nearly_over, max(3 * QUIET_SECONDS, 2 * FAULT_RUNS), every=0.1)
    wait_until(lambda: ended() == FAULT_RUNS, QUIET_SECONDS)
    found = audit(ask)
    server.stop()
    orphans = len(players_of(tmp_path))
    print(f"\n{kills} players and {servers} server killed; {orphans} orphans; {found}")  # noqa: T201
    assert (found.runs, found.lies, orphans) == (FAULT_RUNS, 0, 0), found
    assert (kills > 0, servers) == (True, 1)
    assert found.ends.get("completed", 0) > 0
    assert found.ends.get("failed lost", 0) > 0
