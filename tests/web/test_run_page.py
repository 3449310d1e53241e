"""The page of one run."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect

from tests.web.conftest import NewContext
from tests.web.pages import open_run, toasts
from tests.web.server import Lab


def test_charts_are_drawn_and_follow_the_run(page: Page, lab: Lab) -> None:
    run = lab.run(lab.paced("Drawn live", seconds=0.05))
    lab.until(run, "running")
    open_run(page, run)
    chart = page.locator("sim-chart").first
    expect(chart.locator("canvas")).to_be_visible()
    newest = chart.locator(".u-legend .u-value").first
    expect(newest).to_have_text(re.compile(r"^\d\d+$"))
    early = newest.inner_text()
    expect(newest).not_to_have_text(early)


def test_a_chart_has_its_numbers_as_a_table(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Tabled", metric_keys=["turn.walk.parts"])
    [run] = lab.finished(slug, 1)
    open_run(page, run)
    chart = page.locator("sim-chart")
    chart.get_by_text("As a table").click()
    expect(chart.locator("details thead th")).to_have_text(["Turn", "odd", "place"])
    turns = lab.client.get(f"/runs/{run}/turns").json()["items"]
    parts = [turn["metrics"]["turn.walk.parts"] for turn in turns]
    wanted = [[str(number), str(part["odd"]), str(part["place"])] for number, part in enumerate(parts, 1)]
    expect(chart.locator("details tbody tr")).to_have_count(5)
    cells = chart.locator("details tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert cells == wanted


def test_the_newest_values_stand_in_the_legend_of_an_ended_run(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Legend", metric_keys=["turn.walk.place"])
    [run] = lab.finished(slug, 1)
    open_run(page, run)
    place = lab.client.get(f"/runs/{run}/turns").json()["items"][-1]["metrics"]["turn.walk.place"]
    expect(page.locator(".u-legend .u-value")).to_have_text(["5", str(place)])


def test_tabs_open_by_click_and_stay_in_the_address(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Tabs", "costly"), 1)
    open_run(page, run)
    records = page.locator("#records")
    expect(records.locator("tbody tr")).to_have_count(5)
    page.get_by_role("link", name="Problems 5").click()
    expect(records).to_contain_text("doubt 3")
    expect(page).to_have_url(re.compile(r"\?tab=problems$"))
    page.reload()
    expect(page.get_by_role("link", name="Problems 5")).to_have_attribute("aria-current", "page")
    for tab, text in (("Events", "Completed"), ("Spec", '"scenario": "costly"'), ("Log", "printed nothing")):
        page.get_by_role("link", name=tab, exact=True).click()
        expect(records).to_contain_text(text)


def test_the_turns_follow_the_run(page: Page, lab: Lab) -> None:
    run = lab.run(lab.paced("Turns follow", seconds=0.05))
    lab.until(run, "running")
    open_run(page, run)
    top = page.locator("#records tbody tr th").first
    early = top.inner_text()
    expect(top).not_to_have_text(early)
    head = page.get_by_role("link", name="Turns", exact=True)
    head.focus()
    later = top.inner_text()
    expect(top).not_to_have_text(later)
    expect(head).to_be_focused()


def test_earlier_turns_are_a_page_away_and_keep_still(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Pages of turns", turns=120), 1)
    open_run(page, run)
    page.get_by_role("link", name="Earlier turns").click()
    expect(page.locator("#records tbody tr th").first).to_have_text("70")
    page.get_by_role("link", name="Newest turns").click()
    expect(page.locator("#records tbody tr th").first).to_have_text("120")


def test_a_failed_run_shows_what_went_wrong_and_where(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Post mortem", "crashing"), 1)
    open_run(page, run)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("RuntimeError in turn 3")
    expect(alert).to_contain_text("the bank is empty")
    trace = alert.locator("pre")
    expect(trace).to_be_hidden()
    alert.get_by_text("Traceback", exact=True).click()
    expect(trace).to_contain_text('raise RuntimeError("the bank is empty")')


def test_a_failure_appears_without_a_reload(page: Page, lab: Lab) -> None:
    run = lab.run(lab.paced("Falls over", seconds=0.1))
    lab.until(run, "running")
    open_run(page, run)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("h1 .status")).to_have_text("Cancelled")
    expect(page.get_by_role("button", name="Retry", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    assert lab.get(run)["status"] == "cancelled"


def test_a_retry_leads_to_the_new_run_which_names_the_old(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Second try", "crashing"), 1)
    open_run(page, run)
    page.get_by_role("button", name="Retry", exact=True).click()
    page.wait_for_url(lambda url: re.search(r"/runs/\d+/$", url) is not None and f"/runs/{run}/" not in url)
    expect(page.locator(".pagehead").first).to_contain_text(f"attempt 2, retry of run {run}")


def test_the_spec_is_copied_as_json(new_context: NewContext, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Copied"), 1)
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    open_run(page, run)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(toasts(page)).to_contain_text("The spec is copied")
    spec = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (spec["scenario"], spec["seed"]) == ("toy", lab.get(run)["seed"])


def test_a_browser_that_does_not_let_pages_copy_says_so(new_context: NewContext, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Not copied"), 1)
    context = new_context()
    context.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page = context.new_page()
    open_run(page, run)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(toasts(page)).to_contain_text("does not let pages copy")


def test_the_fingerprint_and_the_seed_are_shown(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Marked"), 1)
    open_run(page, run)
    found = lab.get(run)
    facts = page.locator(f"#run-{run}-live")
    expect(facts).to_contain_text(f"{found['fingerprint'][:4]}…{found['fingerprint'][-4:]}")
    expect(facts).to_contain_text(str(found["seed"]))
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "5")


def test_a_deleted_run_offers_to_be_restored(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Back again"), 1)
    open_run(page, run)
    page.get_by_role("button", name="Delete", exact=True).click()
    notice = page.get_by_role("status").filter(has_text="This run is deleted")
    notice.get_by_role("button", name="Restore it").click()
    expect(page.get_by_role("heading", name=f"Run {run}")).to_be_visible()
    expect(notice).to_have_count(0)
    assert lab.get(run)["status"] == "completed"


def test_a_run_that_is_not_there_is_a_page_that_says_so(page: Page, forgiven: list[str]) -> None:
    forgiven.append("404")
    page.goto("/runs/999999999/")
    expect(page.locator("main")).to_contain_text("There is no such page")


def test_what_the_model_prints_is_shown_as_text(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Injected", params={"note": "<img src=x onerror=alert(1)>"})
    [run] = lab.finished(slug, 1)
    open_run(page, run)
    expect(page.locator("aside")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("img").count() == 0


def test_what_a_person_has_opened_among_the_decisions_stays_open_when_the_records_follow_the_run(
    page: Page, lab: Lab
) -> None:
    [run] = lab.finished(lab.simulation("Opened", "deciding", 12), 1)
    open_run(page, run, "?tab=decisions&outcome=failure")
    first = page.locator(".decisions details").first
    first.locator("summary").click()
    expect(first).to_contain_text("a wall")
    with page.expect_response(lambda answer: "outcome=failure" in answer.url):
        page.evaluate("htmx.trigger('#records', 'records-changed')")
    expect(page.locator(".decisions details")).to_have_count(3)
    expect(first).to_have_attribute("open", "")


def test_decisions_are_filtered_by_outcome_and_by_agent(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Decided", "deciding", 12), 1)
    open_run(page, run, "?tab=decisions")
    records = page.locator("#records")
    expect(records.locator("details")).to_have_count(12)
    records.get_by_role("link", name="Failed 3").click()
    expect(records.locator("details")).to_have_count(3)
    expect(page).to_have_url(re.compile("outcome=failure"))
    page.goto(f"/runs/{run}/?tab=decisions&agent=agent+1")
    expect(records.locator("details")).to_have_count(6)


def test_verify_shows_its_badge_without_a_reload(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Verified", "toy"), 1)
    open_run(page, run)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator(".story .badge.verified")).to_have_text("✓ Verified by replay")


def test_marks_are_kept_and_found_after_a_reload(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Marked", "toy"), 1)
    open_run(page, run)
    marks = page.locator(".marks")
    marks.get_by_label("Tags").fill("paper, Baseline")
    marks.get_by_label("Notes").fill("See figure 2.")
    marks.get_by_label("Star").check()
    marks.get_by_role("button", name="Keep").click()
    expect(marks.get_by_role("status")).to_have_text("Kept.")
    open_run(page, run)
    expect(marks.get_by_label("Tags")).to_have_value("baseline, paper")
    expect(marks.get_by_label("Star")).to_be_checked()


def test_a_run_is_taken_along_as_a_file(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Taken", "toy"), 1)
    open_run(page, run)
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert taken.value.suggested_filename == f"run-{run}.csv"
    assert taken.value.path().read_text().startswith(f"# run {run}: ")
