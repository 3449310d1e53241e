"""The ⋮ menu of a run, by hand and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.pages import choose, expand, menu_button, open_dashboard, rows, run_row, toasts
from tests.web.server import Lab

ITEMS = ["View details", "Retry", "Run again", "Verify", "Stop", "Compare", "Delete"]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def failed_run(page: Page, lab: Lab, name: str) -> int:
    """A failed run, its history open, its menu button focused."""
    [run] = lab.finished(lab.simulation(name, "crashing"), 1)
    open_dashboard(page, name)
    expand(page, name)
    menu_button(page, run).focus()
    return run


@pytest.mark.parametrize("key", ["Enter", "Space", "ArrowDown", "ArrowUp"])
def test_the_menu_opens_by_key_and_focuses_an_item(page: Page, lab: Lab, key: str) -> None:
    run = failed_run(page, lab, f"Opened by {key}")
    page.keyboard.press(key)
    expect(menu_button(page, run)).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("menuitem")).to_have_text(ITEMS)
    assert focused(page) == ("Delete" if key == "ArrowUp" else "View details")


def test_keys_move_within_the_menu_past_what_cannot_be_done(page: Page, lab: Lab) -> None:
    failed_run(page, lab, "Walked by key")
    page.keyboard.press("Enter")
    walk = {"ArrowDown": "Retry", "End": "Delete", "ArrowUp": "Compare", "Home": "View details"}
    for key, item in walk.items():
        page.keyboard.press(key)
        assert focused(page) == item, key
    page.keyboard.press("ArrowUp")
    assert focused(page) == "Delete", "it goes round"


def test_escape_closes_the_menu_and_gives_the_focus_back(page: Page, lab: Lab) -> None:
    run = failed_run(page, lab, "Escaped")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(menu_button(page, run)).to_be_focused()
    expect(menu_button(page, run)).to_have_attribute("aria-expanded", "false")


def test_tab_closes_the_menu_and_goes_on(page: Page, lab: Lab) -> None:
    run = failed_run(page, lab, "Tabbed")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(menu_button(page, run)).not_to_be_focused()
    assert focused(page) == "All runs →"


def test_a_click_elsewhere_closes_the_menu(page: Page, lab: Lab) -> None:
    run = failed_run(page, lab, "Clicked away")
    menu_button(page, run).click()
    expect(page.get_by_role("menu")).to_be_visible()
    page.get_by_role("heading", name="Simulations").click()
    expect(page.get_by_role("menu")).to_have_count(0)


def test_enter_on_view_details_goes_to_the_run(page: Page, lab: Lab) -> None:
    run = failed_run(page, lab, "Viewed")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{run}/")


def test_compare_in_the_menu_begins_a_comparison_with_the_run(page: Page, lab: Lab) -> None:
    run = failed_run(page, lab, "Compared by menu")
    choose(page, run, "Compare")
    page.wait_for_url(f"**/compare/?runs={run}")
    expect(page.get_by_role("checkbox", name=f"Run {run}")).to_be_checked()


def test_a_running_run_can_be_stopped_and_not_retried(page: Page, lab: Lab) -> None:
    run = lab.run(lab.paced("Stoppable"))
    lab.until(run, "running")
    open_dashboard(page, "Stoppable")
    expand(page, "Stoppable")
    menu_button(page, run).click()
    expect(page.get_by_role("menuitem", name="Stop")).not_to_have_attribute("aria-disabled", "true")
    for item in ("Retry", "Delete"):
        expect(page.get_by_role("menuitem", name=item)).to_have_attribute("aria-disabled", "true")
    page.get_by_role("menuitem", name="Stop").click()
    expect(run_row(page, run).locator(".status")).to_have_text("Cancelled")
    assert lab.get(run)["status"] == "cancelled"
    expect(menu_button(page, run)).to_be_focused()


def test_a_failed_run_can_be_retried_and_not_stopped(page: Page, lab: Lab) -> None:
    run = failed_run(page, lab, "Retryable")
    menu_button(page, run).click()
    stop = page.get_by_role("menuitem", name="Stop")
    expect(stop).to_have_attribute("aria-disabled", "true")
    stop.click(force=True)
    expect(page.get_by_role("menu")).to_be_visible()
    page.get_by_role("menuitem", name="Retry").click()
    history = page.locator("run-history")
    expect(rows(history)).to_have_count(2)
    expect(rows(history).first.locator(".status")).to_have_text("Failed")
    again = int((rows(history).first.get_attribute("id") or "").removeprefix("run-"))
    assert lab.get(again)["retry_of"] == run


def test_an_act_that_comes_too_late_is_told(page: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven.append("409")
    run = lab.run(lab.paced("Too late"))
    lab.until(run, "running")
    open_dashboard(page, "Too late")
    expand(page, "Too late")
    menu_button(page, run).click()
    lab.cancel(run)
    expect(run_row(page, run).locator(".status")).to_have_text("Cancelled")
    page.get_by_role("menuitem", name="Stop").click()
    expect(toasts(page).filter(has_text="Too late")).to_have_count(1)


def test_run_again_takes_a_new_seed(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Once more")
    [run] = lab.finished(slug, 1)
    open_dashboard(page, "Once more")
    history = expand(page, "Once more")
    choose(page, run, "Run again")
    expect(rows(history)).to_have_count(2)
    newest = lab.client.get(f"/simulations/{slug}/runs").json()["items"][0]
    assert newest["seed"] != lab.get(run)["seed"]
    assert newest["retry_of"] is None


def test_the_menu_of_the_lowest_row_stays_in_the_window(page: Page, lab: Lab) -> None:
    run = failed_run(page, lab, "Lowest")
    page.set_viewport_size({"width": 1280, "height": 420})
    menu_button(page, run).scroll_into_view_if_needed()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_in_viewport(ratio=1)
