"""The page of all runs in a browser."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.web.conftest import NewContext
from tests.web.pages import live, mark, run_row, toasts, was_not_reloaded
from tests.web.server import Lab

DEAF = """() => {
  document.querySelector("live-socket").apply = (html) => {
    if (html.includes("data-gone")) document.body.dataset.missed = "";
  };
}"""


def test_runs_are_found_ticked_and_starred_by_keyboard(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Listed town")
    runs = lab.finished(slug, 2)
    page.goto("/runs/")
    live(page)
    box = page.get_by_label("Search")
    box.fill(f"simulation:{slug}")
    box.press("Enter")
    expect(page.get_by_role("checkbox", name="Choose run")).to_have_count(2)
    page.get_by_role("checkbox", name=f"Choose run {runs[0]}").press("Space")
    page.get_by_role("button", name="Star").press("Enter")
    expect(page.get_by_text("Finished: 1 of 1 done.")).to_be_visible()
    page.goto(f"/runs/?q=simulation:{slug}+is:starred")
    expect(page.get_by_role("checkbox", name="Choose run")).to_have_count(1)


def test_all_that_match_are_deleted_with_progress_and_brought_back(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Emptied town")
    lab.finished(slug, 3)
    page.goto(f"/runs/?q=simulation:{slug}")
    page.get_by_label("all 3 that match").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Finished: 3 of 3 done.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Finished: 3 of 3 done.")).to_be_visible()
    page.goto(f"/runs/?q=simulation:{slug}")
    expect(page.get_by_role("checkbox", name="Choose run")).to_have_count(3)


def test_a_table_of_chosen_columns_is_live_and_what_is_ticked_stays_ticked(new_context: NewContext, lab: Lab) -> None:
    page = new_context().new_page()  # columns are remembered
    slug = lab.paced("Columned town", 0.1, turns=20)
    run, other = lab.run(slug, seed=7), lab.run(slug, seed=8)
    page.goto(f"/runs/?q=simulation:{slug}&columns=seed,turns,duration")
    live(page)
    mark(page)
    row = page.locator(f"#run-{run}-listed")
    box = row.get_by_role("checkbox")
    box.check()
    page.get_by_text("What may be asked").click()
    row.get_by_role("link").focus()
    expect(row).to_contain_text("Completed")
    expect(row.get_by_role("cell", name="20/20")).to_be_visible()
    expect(box).to_be_checked()
    expect(row.get_by_role("link")).to_be_focused()
    expect(page.locator(".listtools details").first).to_have_attribute("open", "")
    expect(toasts(page).filter(has_text=f"Run {run} completed")).to_be_visible()
    lab.ended(other)
    lab.delete(other)
    expect(page.locator(f"#run-{other}-listed")).to_have_count(0)
    assert was_not_reloaded(page)


def test_a_table_of_chosen_columns_finds_out_what_it_missed_while_its_line_was_cut(
    new_context: NewContext, lab: Lab
) -> None:
    page = new_context().new_page()
    slug = lab.simulation("Missed town")
    run = lab.finished(slug, 1)[0]
    page.goto(f"/runs/?q=simulation:{slug}&columns=seed")
    live(page)
    page.evaluate(DEAF)
    lab.delete(run)
    expect(page.locator("body[data-missed]")).to_have_count(1)
    page.evaluate("delete document.querySelector('live-socket').apply")
    expect(page.locator(f"#run-{run}-listed")).to_be_visible()
    page.evaluate("document.querySelector('live-socket').disconnectedCallback()")
    expect(page.locator(f"#run-{run}-listed")).to_have_count(0)


def test_news_of_many_turns_are_asked_for_together(new_context: NewContext, lab: Lab) -> None:
    page = new_context().new_page()  # columns are remembered
    slug = lab.paced("Busy town", 0.02, turns=200)
    runs = [lab.run(slug) for _ in range(3)]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/runs/rows/" in request.url else None)
    began = time.monotonic()
    page.goto(f"/runs/?q=simulation:{slug}&columns=turns")
    for run in runs:
        expect(page.locator(f"#run-{run}-listed")).to_contain_text("200/200")
    assert len(asked) <= 2 + 2 * (time.monotonic() - began)


def test_a_run_that_is_ticked_among_the_plain_rows_stays_ticked_when_it_ends(page: Page, lab: Lab) -> None:
    run = lab.run(lab.paced("Plain town", 0.1, turns=20))
    page.goto("/runs/?columns=started,duration,trigger,tokens,cost")
    live(page)
    box = run_row(page, run).get_by_role("checkbox")
    box.check()
    page.get_by_label("Search").focus()
    expect(run_row(page, run)).to_contain_text("Completed")
    expect(box).to_be_checked()
