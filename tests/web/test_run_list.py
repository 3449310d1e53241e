"""The page of all runs in a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.pages import live
from tests.web.server import Lab


def test_runs_are_found_ticked_and_starred_by_keyboard(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Listed town")
    runs = lab.finished(slug, 2)
    page.goto("/runs/")
    live(page)
    box = page.get_by_label("Search")
    box.fill(f"simulation:{slug}")
    box.press("Enter")
    expect(page.get_by_role("checkbox", name="Choose run")).to_have_count(2)
    page.get_by_role("checkbox", name=f"Choose run {runs[0]}").press("Space")
    page.get_by_role("button", name="Star").press("Enter")
    expect(page.get_by_text("Finished: 1 of 1 done.")).to_be_visible()
    page.goto(f"/runs/?q=simulation:{slug}+is:starred")
    expect(page.get_by_role("checkbox", name="Choose run")).to_have_count(1)


def test_all_that_match_are_deleted_with_progress_and_brought_back(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Emptied town")
    lab.finished(slug, 3)
    page.goto(f"/runs/?q=simulation:{slug}")
    page.get_by_label("all 3 that match").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Finished: 3 of 3 done.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Finished: 3 of 3 done.")).to_be_visible()
    page.goto(f"/runs/?q=simulation:{slug}")
    expect(page.get_by_role("checkbox", name="Choose run")).to_have_count(3)
