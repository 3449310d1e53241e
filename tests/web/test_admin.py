"""The admin pages."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.server import Lab


def test_the_admin_lists_every_model(page: Page) -> None:
    page.goto("/admin/")
    for name in ("Simulations", "Runs", "Metric selections", "Tokens", "Users"):
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()


def test_a_run_is_stopped_by_the_admins_action(page: Page, lab: Lab, forgiven: list[str]) -> None:
    run = lab.run(lab.paced("Stopped by admin"))
    lab.until(run, "running")
    page.goto("/admin/runs/run/")
    page.locator(f"input[name=_selected_action][value='{run}']").check()
    page.locator("select[name=action]").select_option(label="Stop")
    page.get_by_role("button", name="Run the selected action").or_(page.get_by_role("button", name="Go")).first.click()
    expect(page.locator(".messagelist")).to_be_visible()
    assert lab.get(run)["status"] == "cancelled"
