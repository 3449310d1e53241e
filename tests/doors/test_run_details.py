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
from tests.detailed_worlds import RETURNS
from tests.doors.browser import Browser
from tests.doors.everything import Everything
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
    slug = lab.simulation("Worried", "fretful", 61)
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
    [run] = lab.finished(lab.simulation("Worried elsewhere", "fretful", 61), 1)
    data = lab.client.get("/runs/export", params={"ids": run, "format": "json"}).raise_for_status().json()
    data["runs"][0]["id"] += 10**6
    [made] = lab.client.post("/runs/import", json=data).raise_for_status().json()
    [problem, _] = items(lab, f"/runs/{made['id']}/problems", severity="warning")
    [decision] = items(lab, f"/runs/{made['id']}/decisions", cursor=59, limit=1)
    assert (problem["decision_number"], decision["number"], decision["problem_ids"]) == (60, 60, [problem["id"]])


def test_decisions_that_do_not_say_when_they_began_are_laid_one_after_the_other(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Laid out", "graph", 2), 1)
    decisions = items(lab, f"/runs/{run}/decisions")
    starts = [decision["started_ms"] for decision in decisions]
    assert [start - starts[0] for start in starts] == pytest.approx([0, 100, 200, 300])
    assert not any(decision["start_reported"] for decision in decisions)
    assert [decision["latency_ms"] for decision in decisions] == [150, 100, 150, 100]


def test_decisions_that_say_when_they_began_are_there(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("At once", "parallel", 2), 1)
    decisions = items(lab, f"/runs/{run}/decisions")
    assert all(decision["start_reported"] for decision in decisions)
    one, other = sorted({decision["started_ms"] for decision in decisions})
    assert 7 <= one < other < 1000


def test_the_page_says_how_the_timeline_was_laid_out(lab: Lab, browser: Browser) -> None:
    [laid] = lab.finished(lab.simulation("Laid out on a page", "graph", 2), 1)
    [said] = lab.finished(lab.simulation("Said on a page", "parallel", 2), 1)
    pages = [browser.client.get(f"/runs/{run}/?tab=decisions").text for run in (laid, said)]
    assert "did not say when decisions began" in pages[0]
    assert "The scenario said when each decision began." in pages[1]
    assert "Decision 1, success" in " ".join(pages[1].split())


def test_what_came_of_a_decision_is_added_to_what_it_took_itself(lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Sums", "haggling", 10), 1)
    page = lab.client.get(f"/runs/{run}/decisions", params={"limit": 100}).json()
    rows = page["items"]
    assert page["next_cursor"] is None
    assert sum(row["tokens"] for row in rows) == page["counts"]["tokens"]
    assert sum(row["latency_ms"] for row in rows) == pytest.approx(page["counts"]["latency_ms"])
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(lab.get(run)["total_cost_usd"], abs=1e-4)


def test_nodes_and_edges_are_known_in_order_of_first_appearance(lab: Lab, browser: Browser) -> None:
    [run] = lab.finished(lab.simulation("Walks", "graph", 5), 1)
    told = lab.client.get(f"/runs/{run}/summary").json()
    assert told["nodes_executed"] == ["plan", "draft", "act"]
    assert told["edges_traversed"] == ["plan→act", "draft→plan", "act→plan", "plan→draft"]
    assert (told["nodes_left_out"], told["edges_left_out"]) == (0, 0)
    decisions = items(lab, f"/runs/{run}/decisions")
    assert [decision["node"] for decision in decisions[:4]] == ["plan", "draft", "plan", ""]
    page = " ".join(browser.client.get(f"/runs/{run}/").text.split())
    assert "plan, draft, act" in page
    assert "<li>draft→plan</li>" in page


def test_of_very_many_nodes_the_first_are_kept_and_the_others_counted(lab: Lab, browser: Browser) -> None:
    [run] = lab.finished(lab.simulation("Wanders", "wandering", 2), 1)
    told = lab.client.get(f"/runs/{run}/summary").json()
    assert told["nodes_executed"] == [f"node {number}" for number in range(200)]
    assert (told["nodes_left_out"], len(told["edges_traversed"]), told["edges_left_out"]) == (400, 500, 99)
    assert "and 400 more" in " ".join(browser.client.get(f"/runs/{run}/").text.split())


def test_highlights_are_on_the_page_and_quiet_when_there_is_nothing_to_say(lab: Lab, browser: Browser) -> None:
    [run] = lab.finished(lab.simulation("Highlights", "graph", 3), 1)
    page = " ".join(browser.client.get(f"/runs/{run}/").text.split())
    assert "<b>100.0%</b> of 3 settled decisions succeeded" in page
    assert "The house burns.</a>" in page
    assert "Went well.</a>" in page
    [quiet] = lab.finished(lab.simulation("Nothing to say"), 1)
    assert "Highlights" not in browser.client.get(f"/runs/{quiet}/").text


def test_a_scenario_returns_an_output(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Returns", "graph", 3)
    [run] = lab.finished(slug, 1)
    output = {"turns": 3, "found": {"best": [1, 2], "none": None}}
    assert lab.get(run)["output_data"] == output
    assert "{&quot;best&quot;: [1, 2]" in browser.client.get(f"/runs/{run}/").text
    data = lab.client.get("/runs/export", params={"ids": run, "format": "json"}).raise_for_status().json()
    assert data["runs"][0]["output_data"] == output
    data["runs"][0]["id"] += 10**6
    [made] = lab.client.post("/runs/import", json=data).raise_for_status().json()
    assert lab.get(made["id"])["output_data"] == output
    assert lab.get(made["id"])["fingerprint"] == lab.get(run)["fingerprint"]
    before, after = (lab.client.get(f"/runs/{one}/summary").json() for one in (run, made["id"]))
    assert {**after, "run_id": run} == before
    for name in ("output_data", "nodes_executed", "edges_traversed"):  # as exports were before
        del data["runs"][0][name]
    data["runs"][0]["id"] += 1
    [made] = lab.client.post("/runs/import", json=data).raise_for_status().json()
    assert lab.get(made["id"])["output_data"] is None


@pytest.mark.parametrize(
    ("returns", "output", "problem"),
    [
        ("nothing", None, ""),
        ("empty", {}, ""),
        ("odd-names", {"": 1, "items": 2, "3": "three", "\ufffd": "\ufffd", "None": None}, ""),
        ("odd-numbers", {"nan": None, "huge": None, "bool": True, "half": 0.5}, ""),
        ("large", {"small": 1, "after": 2}, "output_data lacks 'large': too large"),
        ("endless", {"fine": 1}, "output_data lacks 'endless': too large"),
        ("a-list", None, "output_data is left out: expected a dict, got list"),
        ("bad", None, "output_data is left out: ValueError: no items"),
    ],
)
def test_whatever_is_returned_is_kept_or_is_a_problem(lab: Lab, returns: str, output: Any, problem: str) -> None:
    run = lab.ended(lab.run(lab.simulation("Returns odd things", "returning", 1), params={"returns": returns}))
    assert (run["status"], run["output_data"]) == ("completed", output)
    assert [item["description"] for item in items(lab, f"/runs/{run['id']}/problems")] == [problem] * bool(problem)


def test_no_page_breaks_of_what_is_returned(lab: Lab, everything: Everything) -> None:
    slug = lab.simulation("Returns anything", "returning", 1)
    runs = [lab.run(slug, params={"returns": returns}) for returns in RETURNS]
    assert {lab.ended(run)["status"] for run in runs} == {"completed"}
    assert everything.broken(slug, runs) == []
