"""Lists as files, and simulations with their runs."""

from __future__ import annotations

import csv
import io

from tests.doors.browser import Browser
from tests.web.server import Lab


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_all_runs_that_match_are_in_the_csv_not_only_the_page(lab: Lab) -> None:
    slug = lab.simulation("Listed", "toy", 1)
    runs = [lab.client.post(f"/simulations/{slug}/runs", json={"seed": seed}).json()["id"] for seed in range(60)]
    for run in runs:
        lab.ended(run, 90)
    asked = {
        "q": f"simulation:{slug} seed<55",
        "sort": "id",
        "columns": "seed,duration,param.agents,metric.run.actions.total",
    }
    answer = lab.client.get("/runs/csv", params=asked)
    assert answer.headers["content-disposition"] == 'attachment; filename="runs.csv"'
    rows = table(answer.text)
    assert [int(row["run"]) for row in rows] == runs[:55]
    assert [int(row["seed"]) for row in rows] == list(range(55))
    assert {row["param.agents"] for row in rows} == {"10"}
    assert {row["metric.run.actions.total"] for row in rows} == {"11"}
    assert all(int(row["duration_ms"]) >= 0 for row in rows)
    assert lab.client.get("/runs/csv", params={**asked, "bom": 1}).content.startswith(b"\xef\xbb\xbfrun,")


def test_what_failed_says_why_in_the_csv(lab: Lab) -> None:
    slug = lab.simulation("Listed failures", "crashing", 5)
    run = lab.ended(lab.run(slug))["id"]
    [row] = table(lab.client.get("/runs/csv", params={"q": f"simulation:{slug}"}).text)
    assert (int(row["run"]), row["status"], row["error"]) == (run, "failed", "RuntimeError: the bank is empty")


def test_a_question_that_means_nothing_is_refused_before_the_file_begins(lab: Lab) -> None:
    for asked in ({"q": "seed<x"}, {"sort": "beauty"}, {"columns": "beauty"}):
        answer = lab.client.get("/runs/csv", params=asked)
        assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, list(asked)), answer.text


def test_the_page_of_runs_links_the_csv_of_its_question(lab: Lab, browser: Browser) -> None:
    slug = lab.simulation("Linked", "toy", 1)
    run = lab.ended(lab.run(slug))["id"]
    page = browser.page(f"/simulations/{slug}/?status=completed&columns=seed")
    [link] = [element for element in page.all("a") if element.text.startswith("CSV of all")]
    rows = table(browser.client.get(link.attributes["href"]).text)
    assert [(int(row["run"]), set(row)) for row in rows] == [(run, {"run", "simulation", "status", "seed", "error"})]


def test_a_simulation_comes_with_its_newest_runs_when_asked_to(lab: Lab) -> None:
    slug = lab.simulation("With runs", "toy", 1)
    runs = lab.finished(slug, 3)
    told = lab.client.get(f"/simulations/{slug}", params={"include": "runs"}).json()
    assert [run["id"] for run in told["runs"]] == runs[::-1]
    assert "runs" not in lab.client.get(f"/simulations/{slug}").json()
    listed = lab.client.get("/simulations", params={"include": "runs"}).json()["items"]
    [mine] = [item for item in listed if item["slug"] == slug]
    assert mine["runs"] == told["runs"]
