"""What the page of a run tells beside its metrics."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.web.pages import open_run
from tests.web.server import Lab

CELLS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"


def test_what_is_spent_is_a_chart_that_comes_with_the_first_token_and_follows(page: Page, lab: Lab) -> None:
    run = lab.run(lab.simulation("Spends live", "spending", 1000, params={"seconds": 0.3}))
    open_run(page, run)
    chart = page.locator("sim-chart[data-title=Tokens]")
    expect(chart.locator("canvas")).to_be_visible()
    newest = chart.locator(".u-legend .u-value").first
    expect(newest).to_have_text(re.compile(r"^[1-9]\d*$"))
    early = newest.inner_text()
    expect(newest).not_to_have_text(early)
    quiet = lab.run(lab.paced("Spends nothing live", seconds=0.05))
    lab.until(quiet, "running")
    open_run(page, quiet)
    expect(page.locator("sim-chart canvas").first).to_be_visible()
    expect(page.locator("sim-chart[data-title=Tokens]")).to_be_hidden()


def test_a_chart_of_spending_is_by_turn_or_summed_up_with_its_table(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Spends by turn", "spending", 4), 1)
    open_run(page, run)
    chart = page.locator("sim-chart[data-title=Tokens]")
    chart.get_by_text("As a table").click()
    rows = chart.locator("details tbody tr")
    expect(rows).to_have_count(4)
    assert rows.evaluate_all(CELLS) == [["1", "—"], ["2", "20"], ["3", "30"], ["4", "40"]]
    chart.get_by_role("combobox", name="Tokens: of each turn, or so far").select_option("so far")
    expect(rows.last).to_have_text("490")
    assert rows.evaluate_all(CELLS) == [["1", "—"], ["2", "20"], ["3", "50"], ["4", "90"]]
    expect(chart.locator(".u-legend .u-value")).to_have_text(["4", "90"])


def test_a_problem_leads_to_its_decision_and_back_wherever_they_are(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Worried on a page", "fretful", 130), 1)
    open_run(page, run, "?tab=problems")
    worry = page.locator("#records tbody tr").filter(has_text="worry 130")
    expect(page.locator("#records tbody tr").filter(has_text="worry 60")).to_be_visible()
    worry.get_by_role("link", name="Decision 130").click()
    decision = page.locator("#decision-130")
    expect(decision).to_have_attribute("open", "")
    expect(decision).to_have_attribute("aria-current", "true")
    expect(decision).to_be_in_viewport()
    decision.get_by_role("link", name="worry 130").click()
    expect(worry).to_have_attribute("aria-current", "true")
    expect(worry).to_be_in_viewport()
    minor = lab.client.get(f"/runs/{run}/problems", params={"severity": "minor", "limit": 100}).json()["items"][99]
    open_run(page, run, f"?tab=problems&problem={minor['id']}#problem-{minor['id']}")
    expect(page.locator(f"#problem-{minor['id']}")).to_be_in_viewport()
    page.get_by_role("link", name="From the beginning").click()
    expect(page.locator("#records tbody tr").first).to_contain_text("worry 60")


def test_a_bar_of_the_timeline_leads_to_its_decision_by_keyboard(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Barred", "graph", 5), 1)
    open_run(page, run, "?tab=decisions")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline.get_by_role("link")).to_have_count(10)
    bar = timeline.get_by_role("link", name="Decision 3, success")
    bar.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#decision-3")).to_have_attribute("open", "")
    expect(page.locator("#decision-3 > summary")).to_be_focused()
    expect(page.locator("#decision-3 > .body")).to_be_in_viewport()


def test_bars_never_cover_each_other_on_a_phone(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Barred on a phone", "haggling", 20, params={"buyers": 1}), 1)
    page.set_viewport_size({"width": 360, "height": 740})
    open_run(page, run, "?tab=decisions")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline.get_by_role("link")).to_have_count(20)
    boxes = timeline.get_by_role("link").evaluate_all(
        "bars => bars.map(bar => bar.getBoundingClientRect()).map(box => [box.left, box.right, box.top])"
    )
    pairs = [(one, other) for one in boxes for other in boxes if one is not other and one[2] == other[2]]
    assert not [1 for one, other in pairs if one[0] <= other[0] < one[1]]
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_key_decision_leads_to_its_row(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Keyed decisions", "deciding", 60), 1)
    open_run(page, run)
    highlights = page.get_by_role("region", name="Highlights")
    highlights.get_by_role("link", name="agent 0: choice 4 → go left").click()
    expect(page.locator("#decision-4")).to_have_attribute("open", "")
    expect(page.locator("#decision-4")).to_be_in_viewport()


def test_highlights_follow_the_run_and_what_is_open_stays_open(page: Page, lab: Lab) -> None:
    run = lab.run(lab.simulation("Highlights live", "graph", 1000, params={"seconds": 0.1}))
    open_run(page, run, "?tab=decisions&after=2")
    highlights = page.get_by_role("region", name="Highlights")
    expect(highlights.locator("summary")).to_contain_text("4 edges")
    highlights.locator("summary").click()
    [early] = re.findall(r"of ([\d,]+)", highlights.locator("header").inner_text())
    expect(highlights.locator("header")).not_to_have_text(re.compile(rf"of {early}\s"))
    expect(highlights.locator("details")).to_have_attribute("open", "")
    lab.cancel(run)
    expect(page.locator(f"#run-{run}-head")).to_contain_text("Cancelled")
    expect(highlights).to_be_visible()
    expect(page.locator(f"#run-{run}-outcome")).to_have_count(1)
