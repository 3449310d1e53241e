"""Durations and moments, written by the page's clock."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import NewContext
from tests.web.pages import expand, live, open_dashboard, run_row
from tests.web.server import Lab

WRONG_CLOCK = """(shift => {
  const Real = Date;
  window.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + shift); }
    static now() { return Real.now() + shift; }
  };
  const origin = performance.timeOrigin;
  Object.defineProperty(performance, "timeOrigin", { value: origin + shift });
})(600000)"""


def seconds(text: str) -> int:
    """`1 m 05 s` in seconds."""
    parts = {unit: int(number) for number, unit in re.findall(r"(\d+) ([hms])", text)}
    return parts.get("h", 0) * 3600 + parts.get("m", 0) * 60 + parts.get("s", 0)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 s"),
        (45_000, "45 s"),
        (59_999, "59 s"),
        (65_000, "1 m 05 s"),
        (83_000, "1 m 23 s"),
        (7_380_000, "2 h 03 m"),
    ],
)
def test_durations_are_written_for_reading(page: Page, milliseconds: int, text: str) -> None:
    page.goto("/sign-in/")
    assert page.evaluate("number => simwebClock.duration(number)", milliseconds) == text


def test_a_duration_grows_while_its_run_is_played_and_then_stays(page: Page, lab: Lab) -> None:
    run = lab.run(lab.paced("Ticking"))
    lab.until(run, "running")
    open_dashboard(page, "Ticking")
    expand(page, "Ticking")
    duration = run_row(page, run).get_by_role("cell").nth(2)
    expect(duration).to_have_text(re.compile(r"^\d+ s$"))
    early = seconds(duration.inner_text())
    expect(duration).to_have_text(re.compile("|".join(f"^{early + more} s$" for more in range(2, 10))))
    lab.cancel(run)
    expect(run_row(page, run).locator(".status")).to_have_text("Cancelled")
    taken = lab.get(run)["duration_ms"]
    expect(duration).to_have_text(f"{taken // 1000} s")
    expect(duration).not_to_have_attribute("data-since", re.compile(""))


def test_no_timer_runs_where_nothing_ticks(page: Page, lab: Lab) -> None:
    page.goto("/simulations/new/")
    assert page.evaluate("simwebClock.ticking") is False
    run = lab.run(lab.paced("Timed"))
    lab.until(run, "running")
    page.goto(f"/runs/{run}/")
    live(page)
    assert page.evaluate("simwebClock.ticking") is True


def test_a_client_whose_clock_is_wrong_shows_the_right_duration(new_context: NewContext, lab: Lab) -> None:
    run = lab.run(lab.paced("Wrong clock"))
    lab.until(run, "running")
    context = new_context()
    context.add_init_script(WRONG_CLOCK)
    page = context.new_page()
    open_dashboard(page, "Wrong clock")
    expand(page, "Wrong clock")
    row = run_row(page, run)
    expect(row.get_by_role("cell").nth(2)).to_have_text(re.compile(r"^\d+ s$"))  # and not ten minutes more, or less
    expect(row.locator("time[data-relative]")).to_have_text(re.compile(r"^(just now|\d+ s ago)$"))


def test_a_moment_is_told_in_full_in_the_readers_own_zone(new_context: NewContext, lab: Lab) -> None:
    slug = lab.simulation("Zoned")
    [run] = lab.finished(slug, 1)
    titles = []
    for zone in ("Asia/Tokyo", "America/New_York"):
        page = new_context(timezone_id=zone, locale="en-GB").new_page()
        page.goto("/simulations/zoned/")
        moment = run_row(page, run).locator("time[data-relative]")
        expect(moment).to_have_attribute("datetime", lab.get(run)["started_at"])
        expect(moment).to_have_attribute("title", re.compile(r"^\w+day,? \d+ \w+ \d{4}"))
        titles.append(moment.get_attribute("title"))
    assert titles[0] != titles[1]
