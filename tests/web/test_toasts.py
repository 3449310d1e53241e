"""Short messages: one for each end of a run that was watched."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.web.pages import expand, live, open_dashboard, run_row, toasts
from tests.web.server import Lab


def test_the_end_of_a_watched_run_is_one_toast(page: Page, lab: Lab) -> None:
    slug = lab.paced("Toasted", seconds=0.05, turns=20)
    open_dashboard(page, "Toasted")
    expand(page, "Toasted")
    run = lab.run(slug)
    expect(run_row(page, run).locator(".status")).to_have_text("Completed")
    expect(toasts(page)).to_have_text(re.compile(f"^Run {run} completed"))
    toasts(page).hover()  # what is being read stays
    row = run_row(page, run).evaluate("row => row.outerHTML")
    page.evaluate("html => document.querySelector('live-socket').apply(html)", row)
    expect(toasts(page)).to_have_count(1)
    toasts(page).get_by_role("link").click()
    page.wait_for_url(f"**/runs/{run}/")


def test_runs_that_ended_before_are_no_news(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Historic")
    runs = lab.finished(slug, 3)
    open_dashboard(page, "Historic")
    expand(page, "Historic")
    expect(page.locator(".history-rows > .row")).to_have_count(3)
    page.goto(f"/runs/{runs[0]}/")
    live(page)
    expect(toasts(page)).to_have_count(0)


def test_a_failure_is_a_toast_of_its_own_kind(page: Page, lab: Lab) -> None:
    run = lab.run(lab.paced("Failing toast", seconds=0.1))
    lab.until(run, "running")
    page.goto(f"/runs/{run}/")
    live(page)
    head = page.locator(f"#run-{run}-head")
    html = head.evaluate("head => head.outerHTML").replace('"running"', '"failed"')
    newer = re.sub(r'data-version="(\d+)"', lambda found: f'data-version="{int(found[1]) + 10**6}"', html)
    page.evaluate("html => document.querySelector('live-socket').apply(html)", newer)
    expect(page.locator(".toast.error")).to_have_text(re.compile(f"Run {run} failed"))


def test_a_toast_can_be_closed(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('toast-stack').show('Hello', { seconds: 60 })")
    toasts(page).get_by_role("button", name="Close").click()
    expect(toasts(page)).to_have_count(0)


def test_toasts_do_not_pile_up(page: Page) -> None:
    page.goto("/")
    page.evaluate(
        "for (let n = 0; n < 9; n++) document.querySelector('toast-stack').show(`Note ${n}`, { seconds: 60 })"
    )
    expect(toasts(page)).to_have_count(4)
    expect(toasts(page).last).to_contain_text("Note 8")
