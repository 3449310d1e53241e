"""The run history that a row of the dashboard opens into."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Request, Route, expect

from tests.web.pages import chevron, expand, live, open_dashboard, row_of, rows
from tests.web.server import Lab


def count_requests(page: Page, part: str) -> list[Request]:
    """The requests to addresses with this part, as they come."""
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request) if part in request.url else None)
    return seen


def test_opening_one_history_closes_the_other(page: Page, lab: Lab) -> None:
    for name in ("Accordion A", "Accordion B"):
        lab.simulation(name)
    open_dashboard(page, "Accordion")
    expand(page, "Accordion A")
    expand(page, "Accordion B")
    expect(chevron(page, "Accordion A")).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("table", name="Run history of Accordion A")).to_be_hidden()
    chevron(page, "Accordion B").click()
    expect(page.get_by_role("table", name="Run history of Accordion B")).to_be_hidden()


def test_a_history_is_fetched_once(page: Page, lab: Lab) -> None:
    lab.simulation("Lazy one")
    open_dashboard(page, "Lazy one")
    seen = count_requests(page, "/history/")
    assert not seen
    expand(page, "Lazy one")
    chevron(page, "Lazy one").click()
    expand(page, "Lazy one")
    assert len(seen) == 1


def test_a_click_anywhere_on_the_row_opens_it_but_its_links_do_not(page: Page, lab: Lab) -> None:
    lab.simulation("Clickable")
    open_dashboard(page, "Clickable")
    row_of(page, "Clickable").get_by_text("toy · 5 turns").click()
    expect(chevron(page, "Clickable")).to_have_attribute("aria-expanded", "true")
    page.get_by_role("link", name="Clickable", exact=True).click()
    expect(page.get_by_role("heading", name="Clickable")).to_be_visible()


def test_the_history_has_the_columns_in_order(page: Page, lab: Lab) -> None:
    lab.simulation("Columns")
    open_dashboard(page, "Columns")
    heads = expand(page, "Columns").get_by_role("columnheader")
    expect(heads).to_have_text(["Status", "Started", "Duration", "Trigger", "Tokens", "Cost", "Actions"])


def test_the_dashboard_has_its_columns_in_order(page: Page, lab: Lab) -> None:
    lab.simulation("Headings")
    open_dashboard(page, "Headings")
    heads = page.get_by_role("table", name="Simulations").locator("> div > .head").get_by_role("columnheader")
    wanted = ["Run history", "Name", "Last run", "Started", "Next", "Success", "Headline", "Start"]
    expect(heads).to_have_text(wanted)


def test_a_row_of_the_history_says_it_all(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Told in full", "costly", 8)
    [run] = lab.finished(slug, 1)
    open_dashboard(page, "Told in full")
    cells = rows(expand(page, "Told in full")).first.get_by_role("cell")
    expect(cells.nth(0)).to_contain_text("Completed")
    expect(cells.nth(1).locator("time[data-relative]")).to_have_text(re.compile(r"^(just now|\d+ s ago)$"))
    expect(cells.nth(3)).to_have_text("API")
    expect(cells.nth(4)).to_have_text("800")
    expect(cells.nth(5)).to_have_text("$0.10")
    started = lab.get(run)["started_at"]
    expect(cells.nth(1).locator("time[data-relative]")).to_have_attribute("datetime", started)


def test_five_runs_need_no_link_to_show_all(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Five runs")
    lab.finished(slug, 5)
    open_dashboard(page, "Five runs")
    history = expand(page, "Five runs")
    expect(rows(history)).to_have_count(5)
    expect(history.get_by_text("Show all")).to_be_hidden()


def test_six_runs_show_five_and_a_link_to_all(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Six runs")
    lab.finished(slug, 6)
    open_dashboard(page, "Six runs")
    history = expand(page, "Six runs")
    button = page.get_by_role("button", name="Show all (6)")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(rows(history).filter(visible=True)).to_have_count(5)
    button.click()
    expect(rows(history).filter(visible=True)).to_have_count(6)
    less = page.get_by_role("button", name="Show less")
    expect(less).to_have_attribute("aria-expanded", "true")
    less.click()
    expect(rows(history).filter(visible=True)).to_have_count(5)


def test_more_than_twenty_runs_show_twenty_and_the_way_to_the_rest(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Many runs", turns=1)
    made = lab.finished(slug, 22)
    open_dashboard(page, "Many runs")
    history = expand(page, "Many runs")
    page.get_by_role("button", name="Show all (20)").click()
    expect(rows(history).filter(visible=True)).to_have_count(20)
    expect(rows(history).first).to_have_id(f"run-{made[-1]}")
    page.get_by_role("link", name="All runs →").click()
    expect(page.locator(".history-rows > .row")).to_have_count(22)


def test_a_history_shows_a_skeleton_until_it_is_there(page: Page, lab: Lab) -> None:
    lab.simulation("Slow one")
    open_dashboard(page, "Slow one")
    held: list[Route] = []
    page.route("**/history/", lambda route: held.append(route))
    with page.expect_request("**/history/"):
        chevron(page, "Slow one").click()
    expect(row_of(page, "Slow one").get_by_role("status", name="Loading")).to_be_visible()
    held[0].continue_()
    expect(page.get_by_role("table", name="Run history of Slow one")).to_be_visible()
    expect(row_of(page, "Slow one").get_by_role("status", name="Loading")).to_have_count(0)


def test_a_history_without_runs_says_so(page: Page, lab: Lab) -> None:
    lab.simulation("No runs")
    open_dashboard(page, "No runs")
    history = expand(page, "No runs")
    expect(history).to_contain_text("No runs recorded yet.")


def test_a_history_that_cannot_be_fetched_offers_to_try_again(page: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven += ["ERR_FAILED", "htmx:", "Failed to load"]
    slug = lab.simulation("Broken line")
    lab.finished(slug, 1)
    open_dashboard(page, "Broken line")
    page.route("**/history/", lambda route: route.abort())
    chevron(page, "Broken line").click()
    alert = row_of(page, "Broken line").get_by_role("alert")
    expect(alert).to_contain_text("could not be fetched")
    page.unroute("**/history/")
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator(".history-rows > .row")).to_have_count(1)


def test_the_address_remembers_the_open_row(page: Page, lab: Lab) -> None:
    lab.simulation("Remembered")
    open_dashboard(page, "Remembered")
    expand(page, "Remembered")
    assert page.url.endswith("#open=remembered")
    page.reload()
    live(page)
    expect(page.get_by_role("table", name="Run history of Remembered")).to_be_visible()
    chevron(page, "Remembered").click()
    assert "#open" not in page.url
