"""The pages of performance in a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.server import Lab
from tests.web.test_axe import assert_accessible, themed  # noqa: F401


def test_they_can_be_used_by_everybody(themed: Page, lab: Lab) -> None:  # noqa: F811
    slug = lab.simulation("Axe performance", "crashing")
    lab.finished(slug, 1)
    for address in ("/performance/", f"/simulations/{slug}/performance/", "/performance/?time_range=1d"):
        themed.goto(address)
        expect(themed.locator(".bars").first).to_be_visible()
        themed.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert_accessible(themed)


def test_a_bar_leads_to_its_runs_and_a_run_that_ends_is_shown_without_a_reload(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Bars")
    lab.finished(slug, 2)
    page.goto(f"/simulations/{slug}/performance/")
    bar = page.get_by_role("region", name="Runs").or_(page.locator("section.trend").first).locator(".slot a")
    expect(bar).to_have_count(1)
    page.get_by_text("As a table").first.click()
    lab.finished(slug, 1)
    page.evaluate("htmx.trigger('#performance', 'refresh')")
    expect(page.locator("#figures b").first).to_have_text("3")
    expect(page.locator("#as-table-runs")).to_have_attribute("open", "")
    bar.click()
    expect(page.locator(".history-rows > .row")).to_have_count(3)
