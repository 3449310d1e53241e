"""However much a run has recorded, an answer has an end, and says how to go on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from runs.api.pages import PAGE_BYTES
from runs.series import MOST_POINTS
from tests.web.server import Lab, Server

ONE_DATABASE = "the bounds are on rows as they are told, wherever they are kept"
MANY, LARGE = 20_000, 1 << 20
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
LIKE_THE_FIRST = {
    "runs_turn": "SELECT * FROM runs_turn WHERE run_id = ? AND number = 1",
    "runs_event": "SELECT * FROM runs_event WHERE run_id = ? LIMIT 1",
}


def multiply(server: Server, run: int, table: str, count: int, **values: str) -> None:
    """Give a run as many rows, each like its first but for its number and these values."""
    with closing(sqlite3.connect(server.log.parent / "simweb.sqlite3", timeout=30)) as database:
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")][1:]
        chosen = ["i" if name == "number" else "?" if name in values else f"f.{name}" for name in columns]
        told = [values[name] for name in columns if name in values]
        rows = f"SELECT {', '.join(chosen)} FROM n, ({LIKE_THE_FIRST[table]}) f"  # noqa: S608
        database.execute(f"INSERT INTO {table} ({', '.join(columns)}) {NUMBERS}{rows}", [count, *told, run])
        database.commit()


def pages(lab: Lab, path: str, rows: str, **query: object) -> Iterator[list]:
    """The rows of each page, to the last."""
    cursor: object = 0
    while cursor is not None:
        answer: httpx.Response = lab.client.get(path, params={**query, "cursor": cursor}).raise_for_status()
        assert len(answer.content) < PAGE_BYTES + 2 * LARGE
        told = answer.json()
        yield told[rows]
        cursor = told.get("next_cursor")


def test_a_run_with_very_many_turns_is_told_a_thousand_at_a_time(lab: Lab, server: Server) -> None:
    [run] = lab.finished(lab.simulation("Very many turns", "toy", 1), 1)
    whole = lab.client.get(f"/simulations/runs/{run}").json()
    assert len(whole["turns"]) == 1
    assert "next_cursor" not in whole, "as it always was"
    multiply(server, run, "runs_turn", MANY)
    came = list(pages(lab, f"/simulations/runs/{run}", "turns"))
    assert {len(turns) for turns in came} == {1000}
    assert [turn["turn_number"] for turns in came for turn in turns] == list(range(1, MANY + 1))


@pytest.mark.parametrize(("path", "rows"), [("/runs/{run}/turns", "items"), ("/simulations/runs/{run}", "turns")])
def test_a_page_of_large_turns_is_short(lab: Lab, server: Server, path: str, rows: str) -> None:
    [run] = lab.finished(lab.simulation("Large turns", "toy", 1), 1)
    multiply(server, run, "runs_turn", 30, metrics=json.dumps({"turn.large": "x" * LARGE}))
    came = list(pages(lab, path.replace("{run}", str(run)), rows, limit=100))
    assert len(came) > 2
    assert sum(map(len, came)) == 30


def test_events_come_in_pages(lab: Lab, server: Server) -> None:
    [run] = lab.finished(lab.simulation("Many events", "toy", 1), 1)
    multiply(server, run, "runs_event", 2500)
    came = list(pages(lab, f"/runs/{run}/events", "items"))
    assert [len(events) for events in came][:2] == [1000, 1000]
    assert sum(map(len, came)) > 2500


def test_a_mapping_of_many_names_has_fewer_points_of_each(lab: Lab, server: Server) -> None:
    [run] = lab.finished(lab.simulation("Many names", "toy", 1), 1)
    names = {f"n{number}": number for number in range(2_000)}
    metrics = json.dumps({"turn.actions.counts_by_type": names})
    multiply(server, run, "runs_turn", 300, metrics=metrics)
    asked = {"metric": "turn.actions.counts_by_type", "max_points": 20_000}
    told = lab.client.get(f"/runs/{run}/series", params=asked).raise_for_status().json()["series"]
    assert len(told) >= len(names)
    assert sum(map(len, told.values())) <= MOST_POINTS


def test_simulations_come_in_pages(lab: Lab) -> None:
    for name in ("One of a list", "Another of a list"):
        lab.simulation(name, "toy")
    everything = [item["slug"] for items in pages(lab, "/simulations", "items") for item in items]
    by_two = [item["slug"] for items in pages(lab, "/simulations", "items", limit=2) for item in items]
    assert by_two == everything
