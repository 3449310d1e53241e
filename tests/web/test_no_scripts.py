"""A browser without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import NewContext
from tests.web.server import Lab


@pytest.fixture
def plain(new_context: NewContext) -> Page:
    return new_context(java_script_enabled=False).new_page()


def test_a_run_is_started_watched_by_reloading_and_stopped(plain: Page, lab: Lab) -> None:
    slug = lab.paced("Plain")
    plain.goto(f"/simulations/{slug}/new/")
    plain.get_by_label("Turns", exact=True).fill("900")
    plain.get_by_role("button", name="Run", exact=True).click()
    plain.wait_for_url(re.compile(r"/runs/\d+/$"))
    run = int(plain.url.rstrip("/").rsplit("/", 1)[-1])
    assert lab.until(run, "running")["turns"] == 900
    plain.reload()
    expect(plain.locator("h1 .status")).to_have_text("Running")
    plain.get_by_role("button", name="Stop", exact=True).click()
    expect(plain.locator("h1 .status")).to_have_text("Cancelled")
    assert lab.get(run)["status"] == "cancelled"


def test_the_quick_run_button_leads_to_the_run(plain: Page, lab: Lab) -> None:
    lab.simulation("Plain quick")
    plain.goto("/?q=Plain quick")
    plain.get_by_role("button", name="Run Plain quick").click()
    plain.wait_for_url(re.compile(r"/runs/\d+/$"))
    run = int(plain.url.rstrip("/").rsplit("/", 1)[-1])
    lab.ended(run)
    plain.reload()
    expect(plain.locator("h1 .status")).to_have_text("Completed")
    expect(plain.locator("#records tbody tr")).to_have_count(5)


def test_lists_tabs_and_menus_are_links(plain: Page, lab: Lab) -> None:
    slug = lab.simulation("Plain links")
    [run] = lab.finished(slug, 1)
    plain.goto("/?q=Plain links")
    plain.get_by_role("link", name="Plain links", exact=True).click()
    plain.get_by_role("button", name=f"Actions of run {run}").click()
    plain.wait_for_url(f"**/runs/{run}/")
    plain.get_by_role("link", name="Events", exact=True).click()
    expect(plain.locator("#records")).to_contain_text("Completed")


def test_a_refused_form_says_why_in_place(plain: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven.append("422")
    slug = lab.simulation("Plain refusal")
    plain.goto(f"/simulations/{slug}/new/")
    plain.get_by_label("Agents", exact=True).fill("0")
    plain.get_by_role("button", name="Run", exact=True).click()
    expect(plain.locator("#error-agents")).not_to_be_empty()
    expect(plain.get_by_label("Agents", exact=True)).to_have_value("0")
