"""kill -9 of a server amid an act upon many runs: another one finishes it, and nothing is done twice."""

from __future__ import annotations

import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from tests.faults.conftest import Waits
from tests.faults.processes import players_of
from tests.waiting import wait_until
from tests.web.server import Server

RUNS = 320
ENDS = ("completed", "failed", "cancelled")


def begin(server: Server, **form: str) -> None:
    """Ask for an act upon many runs, on the page, as the person who used the link that the server printed."""
    with httpx.Client(base_url=server.base, follow_redirects=True, timeout=30) as browser:
        browser.get(server.link)
        for address, sent in ((server.link, {}), ("/runs/bulk/", form)):
            data = {**sent, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            answer = browser.post(address, data=data, headers={"Referer": server.base}).raise_for_status()
        assert "/runs/bulk/" in str(answer.url), answer.text


def test_an_act_upon_many_runs_is_finished_by_the_next_server_and_nothing_is_done_twice(
    server: Server, waits: Waits, tmp_path: Path
) -> None:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "simweb.sqlite3", timeout=20)) as database:
            return database.execute(sql).fetchall()

    def looked_at() -> int:
        return int(ask("SELECT count(*) FROM runs_bulkitem")[0][0])

    runs = {waits.run(f"run {number}") for number in range(RUNS)}
    begin(server, act="stop", all="on", q=f"simulation:{waits.slug}")
    wait_until(lambda: looked_at() >= RUNS // 8, 60)
    server.stop(signal.SIGKILL)
    wait_until(lambda: not players_of(tmp_path))
    assert looked_at() < RUNS, "the act was over before the server was killed"
    [(done, refused, finished)] = ask("SELECT done, refused, finished_at FROM runs_bulkact")
    assert (done + refused, finished) == (looked_at(), None)

    server.start()
    wait_until(lambda: ask("SELECT 1 FROM runs_bulkact WHERE finished_at IS NOT NULL"), 60)
    [(total, done, refused)] = ask("SELECT total, done, refused FROM runs_bulkact")
    items = ask("SELECT run_id, refusal FROM runs_bulkitem")
    assert total == done + refused == len(items) == RUNS
    assert {run for run, _ in items} == runs
    told = Counter(ask("SELECT run_id, kind FROM runs_event"))
    ends = {run: kind for run, kind in told if kind in ENDS}
    assert set(ends) == runs
    assert sum(number for (_, kind), number in told.items() if kind in ENDS) == RUNS, "each run ended once"
    refusals = {run for run, refusal in items if refusal}
    assert refusals == {run for run, kind in ends.items() if kind == "failed"}, "only what was lost had ended already"
    assert len(refusals) == refused
