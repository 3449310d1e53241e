"""The dashboard: a row per simulation, sorted and searched by its address, and the history that a row opens."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from runs.models import Run, Simulation
from runs.simulations import create_simulation
from tests.conftest import MakeRun, signed_in
from tests.html import Page, words
from tests.runs.lives import lead_to


def page_of(browser: Client, path: str, status: int = 200) -> Page:
    answer = browser.get(path)
    assert answer.status_code == status
    return Page(answer.content.decode())


def names(page: Page) -> list[str]:
    return [element.text for element in page.all("a", class_="name")]


@pytest.fixture
def three(make_run: MakeRun, simulation: Simulation) -> None:
    """A toy that always succeeds, Beta that failed, and alpha that never ran."""
    lead_to(make_run(), "completed")
    beta = create_simulation(name="Beta", scenario="costly")
    lead_to(make_run(beta), "failed")
    create_simulation(name="alpha", scenario="loud")


def test_a_new_server_says_what_to_do_first(browser: Client) -> None:
    page = page_of(browser, "/")
    [empty] = page.all("div", class_="card empty")
    assert "No simulations yet" in empty.text
    assert page.all("a", href="/simulations/new/", class_="button primary")


def test_a_row_tells_how_a_simulation_is_doing(browser: Client, simulation: Simulation, make_run: MakeRun) -> None:
    for status in ("completed", "completed", "completed", "failed"):
        lead_to(make_run(), status)
    page = page_of(browser, "/")
    cells = {part: words(page.by_id(f"simulation-{simulation.pk}-{part}").text) for part in ("last", "rate", "started")}
    assert cells["last"] == "Failed"
    assert cells["rate"] == "75.0% (4)"
    assert cells["started"].startswith("20")
    assert page.all("form", action="/simulations/a-toy/run/")
    stats = words(page.by_id("stats").text)
    assert stats == "Running0 Queued0 Runs, 24 h4 Success, all runs75.0%"


def test_a_simulation_that_never_ran_says_so(browser: Client, simulation: Simulation) -> None:
    page = page_of(browser, "/")
    assert page.by_id(f"simulation-{simulation.pk}-last").text == "No runs yet"
    assert page.by_id(f"simulation-{simulation.pk}-rate").text == "—"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["A toy", "alpha", "Beta"]),
        ("-name", ["Beta", "alpha", "A toy"]),
        ("success", ["Beta", "A toy", "alpha"]),
        ("-success", ["A toy", "Beta", "alpha"]),
        ("last", ["A toy", "Beta", "alpha"]),
        ("started", ["A toy", "Beta", "alpha"]),
        ("-started", ["Beta", "A toy", "alpha"]),
        ("nonsense", ["A toy", "alpha", "Beta"]),
    ],
)
def test_rows_are_sorted_and_what_is_unknown_comes_last(
    browser: Client, three: None, sort: str, expected: list[str]
) -> None:
    assert names(page_of(browser, f"/?sort={sort}")) == expected


def test_a_sort_is_remembered_and_shown_in_its_heading(browser: Client, three: None) -> None:
    browser.get("/?sort=-success")
    page = page_of(browser, "/")
    assert names(page)[0] == "A toy"
    [heading] = page.all("span", aria_sort="descending")
    assert words(heading.text) == "Success"


@pytest.mark.parametrize(
    ("q", "expected"), [("TOY", ["A toy"]), ("costly", ["Beta"]), ("a", ["A toy", "alpha", "Beta"]), ("zzz", [])]
)
def test_simulations_are_found_by_name_and_scenario(browser: Client, three: None, q: str, expected: list[str]) -> None:
    page = page_of(browser, f"/?q={q}&sort=name")
    assert names(page) == expected
    if not expected:
        assert "No simulation matches “zzz”" in page.by_id("simulations").text


def test_an_archived_simulation_is_not_shown(browser: Client, simulation: Simulation) -> None:
    Simulation.objects.update(is_archived=True)
    assert names(page_of(browser, "/")) == []


def test_a_viewer_sees_no_control_that_changes_something(viewer: User, three: None) -> None:
    page = page_of(signed_in(viewer), "/")
    assert {form.attributes["action"] for form in page.all("form")} <= {"/", "/sign-out/"}
    assert page.all("a", href="/simulations/new/") == []
    assert [button.attributes.get("data-act") for button in page.all("button", role="menuitem")] == []


def test_a_history_shows_the_newest_runs_first_and_never_more_than_twenty(
    browser: Client, simulation: Simulation, make_run: MakeRun
) -> None:
    ids = [make_run().pk for _ in range(25)]
    page = page_of(browser, "/simulations/a-toy/history/")
    rows = [element.attributes["id"] for element in page.elements if "data-version" in element.attributes]
    assert [row for row in rows if not row.endswith("-progress")] == [f"run-{pk}" for pk in ids[:4:-1]]
    headings = [words(element.text) for element in page.all("span", role="columnheader")]
    assert headings == ["Status", "Started", "Duration", "Trigger", "Tokens", "Cost", "Actions"]


def test_a_history_without_runs_is_an_empty_list(browser: Client, simulation: Simulation) -> None:
    page = page_of(browser, "/simulations/a-toy/history/")
    assert page.by_id(f"history-{simulation.pk}-rows").text.strip() == ""


def test_run_starts_what_is_saved_and_answers_with_the_history(browser: Client, simulation: Simulation) -> None:
    answer = browser.post("/simulations/a-toy/run/", headers={"HX-Request": "true"})
    run = Run.objects.get()
    assert f'id="run-{run.pk}"' in answer.content.decode()
    assert (run.trigger, run.params, run.turns) == ("manual", simulation.params, simulation.turns)


def test_run_without_a_script_leads_to_the_new_run(browser: Client, simulation: Simulation) -> None:
    answer = browser.post("/simulations/a-toy/run/")
    assert answer["Location"] == f"/runs/{Run.objects.get().pk}/"


def test_a_simulation_whose_scenario_is_gone_says_so_when_run(browser: Client, simulation: Simulation) -> None:
    Simulation.objects.update(scenario="atlantis")
    answer = browser.post("/simulations/a-toy/run/", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "Unknown scenario 'atlantis'" in answer.content.decode()
    assert "Unknown scenario" in browser.post("/simulations/a-toy/run/", follow=True).content.decode()
