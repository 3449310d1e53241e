"""Updates come and nothing that a person has begun is lost. With SIMWEB_FAULT_RUNS=1000 for a minute, else for some seconds."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.environment import FAULT_RUNS
from tests.web.pages import expand, live, menu_button, open_dashboard, run_row
from tests.web.server import Lab

UPDATES = 600 if FAULT_RUNS >= 1000 else 25
COUNTED = """wanted => new Promise(done => {
  let count = 0;
  const began = performance.now();
  document.addEventListener("live:changed", () => {
    count += 1;
    if (count === wanted) done((performance.now() - began) / 1000);
  });
})"""


def runs_at_once(lab: Lab, name: str, count: int) -> tuple[str, list[int]]:
    """A simulation with so many runs that tell of twenty turns a second each."""
    slug = lab.paced(name, seconds=0.05, turns=5000)
    runs = [lab.run(slug) for _ in range(count)]
    for run in runs:
        lab.until(run, "running")
    return slug, runs


def test_what_a_person_does_survives_ten_updates_a_second(page: Page, lab: Lab) -> None:
    slug, runs = runs_at_once(lab, "Busy bee", 3)
    done = [lab.run(slug) for _ in range(4)]
    for queued in done:
        lab.cancel(queued)
    run = runs[-1]
    page.set_viewport_size({"width": 1280, "height": 420})
    open_dashboard(page)
    expand(page, "Busy bee")
    page.get_by_role("button", name="Show all (7)").click()
    page.get_by_role("searchbox").evaluate("box => { box.value = 'half a thou'; }")
    page.evaluate("scrollTo(0, 160)")
    menu_button(page, run).evaluate("button => button.focus({ preventScroll: true })")
    page.evaluate("id => getSelection().selectAllChildren(document.querySelector(`#run-${id} .trigger`))", done[0])
    before = page.evaluate("scrollY")
    assert page.evaluate(COUNTED, UPDATES)
    expect(run_row(page, run).locator(".progress")).to_have_text(re.compile(r"^\d\d+/5,000$"))
    expect(menu_button(page, run)).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "API"
    assert page.evaluate("scrollY") == before > 0
    expect(page.get_by_role("searchbox")).to_have_value("half a thou")
    expect(page.get_by_role("button", name="Show less")).to_be_visible()


def test_five_open_details_and_a_half_typed_question_survive_updates_of_three_runs(page: Page, lab: Lab) -> None:
    slug, runs = runs_at_once(lab, "Three bees", 3)
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(f"/simulations/{slug}/")
    live(page)
    details = page.locator("#main details")
    for number in range(5):
        details.nth(number).locator("summary").first.click()
    box = page.get_by_label("Search")
    box.fill("status:runn")
    box.evaluate("box => box.setSelectionRange(3, 7)")
    page.evaluate("scrollTo(0, 160)")
    page.locator(f"#run-{runs[1]} input[type=checkbox]").evaluate("box => { box.checked = true; }")
    before = page.evaluate("scrollY")
    took = page.evaluate(COUNTED, UPDATES)
    if UPDATES >= 600:
        print(f"{UPDATES} updates in {took:.0f} s")  # noqa: T201
    for number in range(5):
        expect(details.nth(number)).to_have_attribute("open", "")
    expect(box).to_be_focused()
    assert box.evaluate("box => [box.value, box.selectionStart, box.selectionEnd]") == ["status:runn", 3, 7]
    expect(page.locator(f"#run-{runs[1]} input[type=checkbox]")).to_be_checked()
    assert page.evaluate("scrollY") == before > 0
