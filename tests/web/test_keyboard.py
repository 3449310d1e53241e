"""The dashboard without a mouse: rows, headings, search."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.web.pages import chevron, expand, live, open_dashboard, row_of
from tests.web.server import Lab


def expect_names(page: Page, *names: str) -> None:
    """These simulations are shown, in this order."""
    expect(page.locator(".simulation .name")).to_have_text(list(names))


def test_enter_and_space_open_and_close_a_row(page: Page, lab: Lab) -> None:
    lab.simulation("Keyed")
    open_dashboard(page, "Keyed")
    button = chevron(page, "Keyed")
    button.focus()
    for key, state in (("Enter", "true"), ("Space", "false"), ("Space", "true"), ("Enter", "false")):
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-expanded", state)
    panel = button.get_attribute("aria-controls")
    expect(page.locator(f"#{panel}")).to_have_count(1)


def test_arrows_move_between_rows(page: Page, lab: Lab) -> None:
    for name in ("Arrow 1", "Arrow 2", "Arrow 3"):
        lab.simulation(name)
    open_dashboard(page, "Arrow")
    chevron(page, "Arrow 1").focus()
    for key, name in (
        ("ArrowDown", "Arrow 2"),
        ("ArrowDown", "Arrow 3"),
        ("ArrowDown", "Arrow 3"),
        ("ArrowUp", "Arrow 2"),
    ):
        page.keyboard.press(key)
        expect(chevron(page, name)).to_be_focused()


def test_enter_on_the_run_button_runs_once_and_never_toggles(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Entered")
    open_dashboard(page, "Entered")
    expand(page, "Entered")
    page.get_by_role("button", name="Run Entered").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".history-rows > .row")).to_have_count(1)
    expect(chevron(page, "Entered")).to_have_attribute("aria-expanded", "true")
    assert len(lab.client.get(f"/simulations/{slug}/runs").json()["items"]) == 1


def test_headings_sort_both_ways_and_the_choice_is_remembered(page: Page, lab: Lab) -> None:
    good, bad = lab.simulation("Sorted good"), lab.simulation("Sorted bad", "crashing")
    lab.simulation("Sorted unknown")
    lab.finished(good, 1)
    lab.finished(bad, 1)
    open_dashboard(page, "Sorted")
    heading = page.get_by_role("columnheader", name="Success")
    try:
        heading.get_by_role("link").press("Enter")
        expect(heading).to_have_attribute("aria-sort", "ascending")
        expect_names(page, "Sorted bad", "Sorted good", "Sorted unknown")
        heading.get_by_role("link").click()
        expect(heading).to_have_attribute("aria-sort", "descending")
        expect_names(page, "Sorted good", "Sorted bad", "Sorted unknown")
        page.goto("/?q=Sorted")
        expect(heading).to_have_attribute("aria-sort", "descending")
        expect_names(page, "Sorted good", "Sorted bad", "Sorted unknown")
    finally:
        page.goto("/?sort=name")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")


def test_search_filters_as_one_types_and_keeps_it_in_the_address(page: Page, lab: Lab) -> None:
    for name in ("Needle", "Haystack"):
        lab.simulation(name)
    open_dashboard(page)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("needle")
    expect(page.locator(".simulation")).to_have_count(1)
    expect_names(page, "Needle")
    expect(page).to_have_url(re.compile(r"[?&]q=needle"))
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("needle")
    expect_names(page, "Needle")


def test_a_found_row_is_as_alive_as_any(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Found alive")
    open_dashboard(page)
    page.get_by_role("searchbox").fill("found alive")
    expect(page.locator(".simulation")).to_have_count(1)
    expand(page, "Found alive")
    lab.finished(slug, 1)
    expect(page.locator(".history-rows > .row .status")).to_have_text("Completed")
    expect(row_of(page, "Found alive").locator("> .row .status")).to_have_text("Completed")


def test_a_search_without_result_offers_the_way_back(page: Page) -> None:
    page.goto("/?q=zzzz-nothing")
    expect(page.get_by_role("heading", name="No simulation matches “zzzz-nothing”")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    live(page)
    expect(page.locator(".simulation").first).to_be_visible()


def test_the_first_tab_stop_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
