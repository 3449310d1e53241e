"""Starting a run, and watching its row."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.web.pages import (
    chevron,
    expand,
    mark,
    open_dashboard,
    record,
    recorded,
    row_of,
    rows,
    toasts,
    was_not_reloaded,
)
from tests.web.server import Lab


def test_a_run_from_the_form_moves_through_its_states_in_two_tabs(context: BrowserContext, lab: Lab) -> None:
    lab.paced("Two tabs", seconds=0.1, turns=40)
    tabs = [context.new_page(), context.new_page()]
    for tab in tabs:
        open_dashboard(tab, "Two tabs")
        expand(tab, "Two tabs")
        mark(tab)
        record(tab, ".history-rows > .row .status")
        record(tab, ".history-rows > .row .progress")
    form = context.new_page()
    form.goto("/simulations/two-tabs/new/")
    form.get_by_role("button", name="Run", exact=True).click()
    form.wait_for_url(re.compile(r"/runs/\d+/$"))
    run = int(form.url.rstrip("/").rsplit("/", 1)[-1])

    for tab in tabs:
        expect(tab.locator(f"#run-{run} .status")).to_have_text("Completed")
        statuses = recorded(tab, ".history-rows > .row .status")
        assert statuses[-2:] == ["Running", "Completed"]
        assert set(statuses) <= {"Queued", "Running", "Completed"}
        progress = recorded(tab, ".history-rows > .row .progress")
        assert sum(text.endswith("/40") for text in progress) > 3, progress
        expect(row_of(tab, "Two tabs").locator("> .row .status")).to_have_text("Completed")
        expect(row_of(tab, "Two tabs")).to_contain_text("100.0% (1)")
        assert tab.locator(f"[id='run-{run}']").count() == 1
        assert was_not_reloaded(tab)


def test_a_run_waits_as_queued_while_all_workers_are_busy(page: Page, lab: Lab) -> None:
    slug = lab.paced("Queue up", seconds=0.2)
    busy = [lab.run(slug) for _ in range(4)]
    for run in busy:
        lab.until(run, "running")
    open_dashboard(page, "Queue up")
    history = expand(page, "Queue up")
    last = lab.run(slug)
    expect(page.locator(f"#run-{last} .status")).to_have_text("Queued")
    expect(rows(history).first).to_have_id(f"run-{last}")
    lab.cancel(busy[0])
    expect(page.locator(f"#run-{last} .status")).to_have_text("Running")


def test_the_quick_run_button_opens_the_history_with_the_new_run_on_top(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Quick one")
    before = lab.finished(slug, 2)
    open_dashboard(page, "Quick one")
    page.get_by_role("button", name="Run Quick one").click()
    history = page.get_by_role("table", name="Run history of Quick one")
    expect(rows(history)).to_have_count(3)
    expect(chevron(page, "Quick one")).to_have_attribute("aria-expanded", "true")
    expect(rows(history).first.locator(".status")).to_have_text("Completed")
    ids = rows(history).evaluate_all("rows => rows.map(row => row.id)")
    assert ids[1:] == [f"run-{run}" for run in reversed(before)]
    assert len(set(ids)) == 3


def test_the_run_button_is_disabled_while_its_request_is_on_the_way(page: Page, lab: Lab) -> None:
    lab.simulation("Held back")
    open_dashboard(page, "Held back")
    held: list[Route] = []
    page.route("**/simulations/held-back/run/", lambda route: held.append(route))
    button = page.get_by_role("button", name="Run Held back")
    with page.expect_request("**/simulations/held-back/run/"):
        button.click()
    expect(button).to_be_disabled()
    assert len(held) == 1
    held[0].continue_()
    expect(button).to_be_enabled()
    expect(page.locator(".history-rows > .row")).to_have_count(1)


def test_a_refused_start_is_told_in_words_and_changes_nothing(page: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven += ["422", "Response Status"]
    slug = lab.simulation("Refused one")
    lab.finished(slug, 1)
    open_dashboard(page, "Refused one")
    refusal = {
        "status": 422,
        "content_type": "text/plain; charset=utf-8",
        "body": "Refused one cannot run as it is saved.",
    }
    page.route("**/simulations/refused-one/run/", lambda route: route.fulfill(**refusal))
    button = page.get_by_role("button", name="Run Refused one")
    button.click()
    expect(toasts(page)).to_have_text(re.compile("Refused one cannot run as it is saved"))
    expect(button).to_be_enabled()
    expect(row_of(page, "Refused one").locator("> .row .status")).to_have_text("Completed")


def test_replicates_make_that_many_runs_with_seeds_in_a_row(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Replicated")
    page.goto("/simulations/replicated/new/")
    page.get_by_label("Replicates").fill("3")
    page.get_by_label("Seed").fill("41")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/simulations/replicated/")
    expect(page.locator(".history-rows > .row")).to_have_count(3)
    found = lab.client.get(f"/simulations/{slug}/runs").json()["items"]
    assert [run["seed"] for run in found] == [43, 42, 41]
