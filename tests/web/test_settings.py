"""The settings of a simulation, as a person sets them: limits, schedule, who is told."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.web.pages import open_dashboard, row_of
from tests.web.server import Lab


def plan(lab: Lab, slug: str) -> None:
    """Put a simulation on a schedule."""
    schedule = {"cron": "0 6 * * 1-5", "timezone": "Europe/Berlin"}
    lab.client.patch(f"/simulations/{slug}", json={"schedule": schedule}).raise_for_status()


def open_settings(page: Page, slug: str) -> None:
    page.goto(f"/simulations/{slug}/")
    page.get_by_role("link", name="Settings", exact=True).click()
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()


def add_notifier(page: Page, address: str) -> None:
    """Have somebody told, and wait until the page says so."""
    page.get_by_label("Address").fill(address)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="is told")).to_be_visible()


def test_parameters_turns_metrics_name_and_purpose_are_changed(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Changed by hand")
    open_settings(page, slug)
    page.get_by_label("Name", exact=True).fill("Changed")
    page.get_by_label("What it is for").fill("To see it changed")
    page.get_by_label("Agents", exact=True).fill("5000")
    page.get_by_label("Turns", exact=True).fill("7")
    expect(page.locator("#error-agents")).to_contain_text("1000")
    page.get_by_label("Agents", exact=True).fill("50")
    page.get_by_role("button", name="None", exact=True).click()
    page.locator("input[value='turn.actions.total']").check()
    save(page)
    kept = lab.client.get(f"/simulations/{slug}").json()
    assert [kept[name] for name in ("name", "description", "turns", "metric_keys")] == [
        "Changed",
        "To see it changed",
        7,
        ["turn.actions.total"],
    ]
    assert kept["params"]["agents"] == 50


def test_limits_are_kept_and_a_blank_one_is_none(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Limited by hand")
    open_settings(page, slug)
    expect(page.get_by_label("A turn may take")).to_have_attribute("placeholder", "no limit")
    page.get_by_label("A run may take").fill("600")
    page.get_by_label("At once").fill("2")
    page.get_by_label("Retries by themselves").fill("3")
    page.get_by_role("checkbox", name="Timeout").uncheck()
    save(page)
    expect(page.get_by_label("A run may take")).to_have_value("600")
    kept = lab.client.get(f"/simulations/{slug}").json()["execution"]
    names = ("run_timeout_s", "turn_timeout_s", "max_parallel", "retry_attempts", "retry_kinds")
    assert [kept[name] for name in names] == [600, None, 2, 3, ["lost"]]


def test_a_schedule_says_when_it_is_next_here_and_on_the_dashboard(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Scheduled by hand")
    open_settings(page, slug)
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="Schedule"))
    page.get_by_label("Schedule", exact=True).fill("0 6 * * 1-5")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    save(page)
    moment = lab.client.get(f"/simulations/{slug}").json()["next_run_at"]
    expect(card).to_contain_text(f"next {moment[:10]} {moment[11:16]} UTC")
    expect(card.locator("time")).to_have_attribute("datetime", moment)
    open_dashboard(page, "Scheduled by hand")
    expect(row_of(page, "Scheduled by hand").locator("[id$=-next] time")).to_have_attribute("datetime", moment)


def test_a_paused_schedule_says_so_and_goes_on_when_it_is_no_longer(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Paused by hand")
    plan(lab, slug)
    open_settings(page, slug)
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="Schedule"))
    page.get_by_role("checkbox", name="Paused").check()
    save(page)
    expect(card.locator("p")).to_have_text("paused")
    open_dashboard(page, "Paused by hand")
    expect(row_of(page, "Paused by hand").locator("[id$=-next]")).to_have_text("paused")
    open_settings(page, slug)
    page.get_by_role("checkbox", name="Paused").uncheck()
    save(page)
    expect(card).to_contain_text(re.compile(r"next \d{4}-\d\d-\d\d"))


def test_a_schedule_that_came_says_when_it_was_last(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Came by")
    lab.client.patch(f"/simulations/{slug}", json={"schedule": {"cron": "* * * * *"}}).raise_for_status()
    page.goto(f"/simulations/{slug}/")
    page.locator(".history-rows > .row").first.wait_for(timeout=75_000)  # a minute is the least there is
    page.get_by_role("link", name="Settings", exact=True).click()
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="Schedule"))
    expect(card).to_contain_text(re.compile(r"last \d{4}-\d\d-\d\d \d\d:\d\d UTC, (just now|\d+ s ago)"))


def test_what_is_wrong_is_said_at_its_field_and_the_rest_is_kept(page: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven.append("422")
    slug = lab.simulation("Wrongly set")
    open_settings(page, slug)
    page.get_by_label("A run may take").fill("77")
    page.get_by_label("Schedule", exact=True).fill("every morning")
    page.get_by_role("button", name="Save", exact=True).click()
    field = page.locator(".field").filter(has=page.get_by_label("Schedule", exact=True))
    expect(field.locator(".error")).to_contain_text("Is not a cron expression")
    expect(page.get_by_label("Schedule", exact=True)).to_have_value("every morning")
    expect(page.get_by_label("A run may take")).to_have_value("77")
    assert lab.client.get(f"/simulations/{slug}").json()["execution"]["run_timeout_s"] is None


def test_somebody_is_told_and_no_longer(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Told by hand")
    open_settings(page, slug)
    expect(page.get_by_text("Nobody is told when a run of this simulation ends.")).to_be_visible()
    page.get_by_role("checkbox", name="Completed").check()
    add_notifier(page, "https://example.com/hook")
    entry = page.locator("form.inline")
    expect(entry).to_contain_text("Webhook to https://example.com/… when completed, failed")
    entry.get_by_role("button", name=re.compile("^Remove")).click()
    expect(entry).to_have_count(0)
    expect(page.get_by_text("Nobody is told when a run of this simulation ends.")).to_be_visible()
