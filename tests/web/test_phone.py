"""Narrow windows, and the density of wide ones."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import NewContext
from tests.web.pages import expand, live, open_dashboard, rows, run_row
from tests.web.server import Lab
from tests.web.test_settings import add_notifier, plan

PHONE = {"width": 360, "height": 740}
LONG = "A simulation whose name is long and_has_a_word_that_no_line_of_a_phone_can_hold_in_full"


@pytest.fixture
def phone(new_context: NewContext) -> Page:
    return new_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()


def hangs_over(page: Page) -> int:
    """How far the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_no_page_is_wider_than_a_phone(phone: Page, lab: Lab) -> None:
    slug = lab.simulation(LONG, "costly")
    runs = lab.finished(slug, 6)
    own = f"/simulations/{slug}/"
    for address in (
        "/",
        "/runs/",
        f"/runs/{runs[0]}/",
        own,
        f"{own}new/",
        "/simulations/new/",
        "/performance/",
        f"{own}performance/",
    ):
        phone.goto(address)
        expect(phone.get_by_role("heading", level=1)).to_be_visible()
        assert hangs_over(phone) == 0, address


def test_an_open_history_fits_a_phone(phone: Page, lab: Lab) -> None:
    slug = lab.simulation(LONG, "costly")
    lab.finished(slug, 1)
    open_dashboard(phone, "A simulation whose")
    history = expand(phone, LONG)
    assert hangs_over(phone) == 0
    for cell in rows(history).first.get_by_role("cell").filter(visible=True).all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]


def test_the_settings_fit_a_phone(phone: Page, lab: Lab) -> None:
    slug = lab.simulation(LONG)
    plan(lab, slug)
    phone.goto(f"/simulations/{slug}/settings/")
    add_notifier(phone, f"https://example.com/{'a-long-way-' * 20}")
    assert hangs_over(phone) == 0


def test_the_run_page_of_every_tab_fits_a_phone(phone: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Phone tabs", "crashing"), 1)
    for tab in ("turns", "problems", "log", "events", "spec"):
        phone.goto(f"/runs/{run}/?tab={tab}")
        expect(phone.locator("sim-chart canvas").first).to_be_visible()
        assert hangs_over(phone) == 0, tab


@pytest.mark.parametrize(("width", "shown"), [(639, False), (640, True)])
def test_tokens_and_cost_are_hidden_below_640(page: Page, lab: Lab, width: int, shown: bool) -> None:
    slug = lab.simulation("Breakpoint", "costly")
    [run] = lab.finished(slug, 1)
    page.set_viewport_size({"width": width, "height": 800})
    open_dashboard(page, "Breakpoint")
    history = expand(page, "Breakpoint")
    for name in ("tokens", "cost"):
        expect(history.locator(f".head .{name}")).to_be_visible(visible=shown)
        expect(run_row(page, run).locator(f".{name}")).to_be_visible(visible=shown)
    assert hangs_over(page) == 0


def test_rows_are_28_pixels_with_numerals_in_columns(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Dense", "costly")
    [run] = lab.finished(slug, 1)
    open_dashboard(page, "Dense")
    expand(page, "Dense")
    row = run_row(page, run)
    box = row.bounding_box()
    assert box is not None
    assert box["height"] == 28
    for cell in (row.locator(".tokens"), row.locator(".cost"), row.get_by_role("cell").nth(2)):
        expect(cell).to_have_css("text-align", "right")
        expect(cell).to_have_css("font-variant-numeric", "tabular-nums")


def test_the_theme_switch_is_remembered(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/")
    live(page)
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_css("color-scheme", "dark")
