"""However much a run has recorded, an answer has an end, and says how to go on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from runs.paging import PAGE_BYTES
from runs.series import MOST_POINTS
from runs.tabs import EVENTS_SHOWN
from tests.doors.browser import Browser
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


def pages(lab: Lab, path: str, rows: str, cursor: object = 0, **query: object) -> Iterator[list]:
    """The rows of each page, to the last."""
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


def test_a_list_of_runs_with_large_results_is_short(lab: Lab, server: Server) -> None:
    slug = lab.simulation("Large results", "toy", 1)
    [first] = lab.finished(slug, 1)
    large = json.dumps({"run.large": "x" * LARGE})
    with closing(sqlite3.connect(server.log.parent / "simweb.sqlite3", timeout=30)) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(runs_run)")][1:]
        chosen = ["?" if name == "run_metrics" else f"f.{name}" for name in columns]
        rows = f"SELECT {', '.join(chosen)} FROM n, (SELECT * FROM runs_run WHERE id = ?) f"  # noqa: S608
        database.execute(f"INSERT INTO runs_run ({', '.join(columns)}) {NUMBERS}{rows}", [30, large, first])
        database.commit()
    for path, query in ((f"/simulations/{slug}/runs", ""), ("/runs", f"simulation:{slug}")):
        came = list(pages(lab, path, "items", cursor="", limit=100, q=query))
        assert len(came) > 2
        assert len({run["id"] for runs in came for run in runs}) == sum(map(len, came)) == 30
    shown = lab.client.get(f"/simulations/{slug}", params={"include": "runs"}).json()["runs"]
    assert 1 < len(shown) < 20


def test_the_page_of_a_run_shows_its_newest_events_and_where_the_rest_is(
    lab: Lab, server: Server, browser: Browser
) -> None:
    [run] = lab.finished(lab.simulation("Events on a page", "toy", 1), 1)
    multiply(server, run, "runs_event", 450)
    address, seen = f"/runs/{run}/?tab=events", 0
    for shown in (EVENTS_SHOWN, EVENTS_SHOWN, 1):
        page = browser.page(address)
        rows = [element for element in page.elements if element.name == "tr"][1:]
        seen += len(rows)
        assert shown <= len(rows) <= EVENTS_SHOWN
        links = [element.attributes.get("href", "") for element in page.elements]
        address = f"/runs/{run}/" + "".join(link for link in links if "before=" in link)
    assert seen == len([event for items in pages(lab, f"/runs/{run}/events", "items") for event in items])
    assert address == f"/runs/{run}/"


@pytest.mark.parametrize(
    ("table", "path", "made", "words"),
    [
        (
            "runs_notifier",
            "/notifiers",
            {"channel": "email", "address": "a@example.org"},
            "There are 1,000, as many as may be",
        ),
        ("runs_savedview", "/saved-views", {"name": "one"}, "You have 1,000 views, as many as may be"),
        (
            "metrics_metricselection",
            "/metric-selections",
            {"name": "one", "scenario": "toy"},
            "ou have 1,000 selections, as many as may be",
        ),
    ],
)
def test_there_are_only_so_many(lab: Lab, server: Server, table: str, path: str, made: dict, words: str) -> None:
    first = lab.client.post(path, json=made).raise_for_status().json()["id"]
    with closing(sqlite3.connect(server.log.parent / "simweb.sqlite3", timeout=30)) as database:
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")][1:]
        chosen = ["'n' || i" if name == "name" else f"f.{name}" for name in columns]
        rows = f"SELECT {', '.join(chosen)} FROM n, (SELECT * FROM {table} WHERE id = ?) f"  # noqa: S608
        database.execute(f"INSERT INTO {table} ({', '.join(columns)}) {NUMBERS}{rows}", [1000, first])
        database.commit()
        refused = lab.client.post(path, json={**made, "name": "one more"} if "name" in made else made)
        database.execute(f"DELETE FROM {table} WHERE id >= ?", [first])  # noqa: S608
        database.commit()
    assert refused.status_code == 422
    assert words in refused.text
