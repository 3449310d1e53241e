"""What a run has to tell beside its metrics: spending, the way through a graph, links, what it returned."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas
import pytest
from pyarrow import parquet
from websockets.sync.client import connect

from simweb.client import Lab as Client
from tests.doors.browser import Browser
from tests.web.server import Lab, Server


def series(lab: Lab, run: int, metric: str, **more: Any) -> list[list[Any]]:
    answer = lab.client.get(f"/runs/{run}/series", params={"metric": metric, **more}).raise_for_status().json()
    assert (answer["metric"], answer["kind"]) == (metric, "number")
    return list(answer["points"])


def items(lab: Lab, path: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = lab.client.get(path, params={"limit": 100, **query}).raise_for_status().json()
        found += page["items"]
        if page["next_cursor"] is None or "limit" in query:
            return found
        query["cursor"] = page["next_cursor"]


def test_spending_is_a_series_by_turn_and_summed_up(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Spends", "spending", 4), 1)
    assert series(lab, run, "tokens") == [[1, None], [2, 20], [3, 30], [4, 40]]
    assert series(lab, run, "cost_usd") == [[1, None], [2, 0.1], [3, 0.1], [4, 0.1]]
    assert series(lab, run, "total_tokens") == [[1, None], [2, 20], [3, 50], [4, 90]]
    assert series(lab, run, "total_cost_usd") == [[1, None], [2, 0.1], [3, 0.2], [4, 0.3]]
    assert series(lab, run, "total_tokens", after=2, until=3) == [[3, 50]]
    assert series(lab, run, "total_tokens", after=1) == [[2, 20], [3, 50], [4, 90]]
    assert series(lab, run, "total_tokens", after=4) == []


def test_a_run_that_spends_nothing_has_series_without_points_and_no_chart(lab: Lab, browser: Browser) -> None:
    [run] = lab.finished(lab.simulation("Spends nothing"), 1)
    assert [series(lab, run, name) for name in ("tokens", "cost_usd", "total_tokens", "total_cost_usd")] == [[]] * 4
    page = browser.client.get(f"/runs/{run}/").text
    assert 'data-metric="tokens"' not in page
    assert ">Tokens</th>" not in page


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_files_have_what_each_turn_spent(lab: Lab, format: str) -> None:
    [run] = lab.finished(lab.simulation("Spends into files", "spending", 3), 1)
    content = lab.client.get(f"/runs/{run}/export", params={"format": format}).raise_for_status().content
    is_csv = format == "csv"
    table = (
        pandas.read_csv(io.BytesIO(content), comment="#")
        if is_csv
        else parquet.read_table(io.BytesIO(content)).to_pandas()
    )
    assert table["tokens"].isna().tolist() == [True, False, False]
    assert table["tokens"].tolist()[1:] == [20, 30]
    assert table["cost_usd"].tolist()[1:] == [0.1, 0.1]


def test_the_client_and_the_turns_tab_have_what_each_turn_spent(
    lab: Lab, browser: Browser, server: Server, token: str
) -> None:
    [run] = lab.finished(lab.simulation("Spends in tables", "spending", 3), 1)
    with Client(server.base, token=token) as client:
        table = client.run(run).to_pandas()
    assert table["tokens"].tolist()[1:] == [20, 30]
    page = browser.client.get(f"/runs/{run}/?tab=turns").text
    assert '<th class="num" scope="col">Tokens</th>' in page
    assert '<td class="num">$0.10</td>' in page


def problems_told(server: Server, token: str, run: int) -> list[dict[str, Any]]:
    """What the socket says of the run's problems until it ends."""
    address, headers = f"{server.base.replace('http', 'ws')}/ws/", {"Authorization": f"Bearer {token}"}
    told = []
    with connect(address, additional_headers=headers, max_size=None) as socket:
        socket.send(json.dumps({"type": "subscribe", "topics": [f"run:{run}"]}))
        while (message := json.loads(socket.recv(timeout=20))).get("data", {}).get("status") != "completed":
            if message["type"] == "run_problem":
                told.append(message["data"])
    return told


def test_problems_and_decisions_name_each_other_in_api_and_socket(lab: Lab, server: Server, token: str) -> None:
    slug = lab.simulation("Worried", "worried", 61)
    run = lab.run(slug, params={"seconds": 1})
    told = problems_told(server, token, run)
    problems = items(lab, f"/runs/{run}/problems", severity="warning")
    assert [(problem["decision"], problem["decision_number"]) for problem in problems] == [("k0", 60), ("k1", 61)]
    decisions = items(lab, f"/runs/{run}/decisions")
    linked = {decision["number"]: decision["problem_ids"] for decision in decisions if decision["problem_ids"]}
    assert linked == {60: [problems[0]["id"]], 61: [problems[1]["id"]]}
    assert len({decision["id"] for decision in decisions}) == 61
    unknown = items(lab, f"/runs/{run}/problems", severity="minor")[-1]
    assert (unknown["decision"], unknown["decision_number"]) == ("no such key", None)
    by_id = {problem["id"]: problem for problem in items(lab, f"/runs/{run}/problems")}
    assert told
    assert all(by_id[one["id"]].items() <= one.items() for one in told)


def test_links_stay_true_when_a_run_is_imported(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Worried elsewhere", "worried", 61), 1)
    data = lab.client.get("/runs/export", params={"ids": run, "format": "json"}).raise_for_status().json()
    data["runs"][0]["id"] += 10**6
    [made] = lab.client.post("/runs/import", json=data).raise_for_status().json()
    [problem, _] = items(lab, f"/runs/{made['id']}/problems", severity="warning")
    [decision] = items(lab, f"/runs/{made['id']}/decisions", cursor=59, limit=1)
    assert (problem["decision_number"], decision["number"], decision["problem_ids"]) == (60, 60, [problem["id"]])
