"""What is pushed, and what must survive it."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.web.pages import choose, expand, live, menu_button, open_dashboard, row_of, rows, run_row, toasts
from tests.web.server import Lab

# Read in the same breath: the socket's own snapshot would soon put right what a test got wrong.
APPLY_AND_READ = """([html, selector]) => {
  document.querySelector("live-socket").apply(html);
  return [...document.querySelectorAll(selector)].map(one => one.textContent.trim());
}"""


def order(history_rows: object) -> list[str]:
    return history_rows.evaluate_all("rows => rows.map(row => row.id)")  # type: ignore[attr-defined]


def test_of_twenty_five_pushed_runs_the_newest_twenty_stay(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Flood", turns=1)
    open_dashboard(page, "Flood")
    history = expand(page, "Flood")
    made = lab.finished(slug, 25)
    expect(run_row(page, made[-1]).locator(".status")).to_have_text("Completed")
    expect(rows(history)).to_have_count(20)
    assert order(rows(history)) == [f"run-{run}" for run in reversed(made[-20:])]


def test_a_known_run_is_replaced_in_place(page: Page, lab: Lab) -> None:
    slug = lab.paced("In place", seconds=0.1)
    older, newer = lab.run(slug), lab.run(slug)
    lab.until(newer, "running")
    open_dashboard(page, "In place")
    history = expand(page, "In place")
    lab.cancel(older)
    expect(run_row(page, older).locator(".status")).to_have_text("Cancelled")
    assert order(rows(history)) == [f"run-{newer}", f"run-{older}"]


def test_a_row_older_than_what_is_shown_is_ignored(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Late news")
    [run] = lab.finished(slug, 1)
    open_dashboard(page, "Late news")
    expand(page, "Late news")
    row = run_row(page, run)
    version = int(row.get_attribute("data-version") or 0)
    for stale, shown in ((version - 1, "Completed"), (version + 1, "Overdue")):
        html = row.evaluate("row => row.outerHTML").replace("Completed", "Overdue")
        html = html.replace(f'data-version="{version}"', f'data-version="{stale}"')
        assert page.evaluate(APPLY_AND_READ, [html, f"#run-{run} .status"]) == [shown]


def test_a_snapshot_keeps_what_was_queued_after_it_was_drawn(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Snapshot")
    first, second = lab.finished(slug, 2)
    open_dashboard(page, "Snapshot")
    expand(page, "Snapshot")
    draw = """([first, second]) => {
      const drawn = document.getElementById(first).parentElement.cloneNode(true);
      drawn.querySelector("#" + second).remove();
      drawn.dataset.asOf = document.getElementById(first).dataset.created;
      return drawn.outerHTML;
    }"""
    earlier = page.evaluate(draw, [f"run-{first}", f"run-{second}"])
    shown = page.evaluate(APPLY_AND_READ, [earlier, ".history-rows > .row .status"])
    assert shown == ["Completed", "Completed"]


def test_a_deleted_run_leaves_both_tabs_and_undo_brings_it_back(context: BrowserContext, lab: Lab) -> None:
    slug = lab.simulation("Delete me")
    [first, second] = lab.finished(slug, 2)
    tabs = [context.new_page(), context.new_page()]
    for tab in tabs:
        open_dashboard(tab, "Delete me")
        expand(tab, "Delete me")
    tabs[0].bring_to_front()
    choose(tabs[0], first, "Delete")
    for tab in tabs:
        expect(run_row(tab, first)).to_have_count(0)
        expect(row_of(tab, "Delete me")).to_contain_text("100.0% (1)")
    toasts(tabs[0]).get_by_role("button", name="Undo").click()
    for tab in tabs:
        expect(run_row(tab, first)).to_be_visible()
        assert order(rows(tab.locator("run-history"))) == [f"run-{second}", f"run-{first}"]


def test_an_open_menu_survives_the_end_of_its_run(page: Page, lab: Lab) -> None:
    slug = lab.paced("Ends under the hand", seconds=0.05)
    run = lab.run(slug)
    lab.until(run, "running")
    open_dashboard(page, "Ends under the hand")
    expand(page, "Ends under the hand")
    menu_button(page, run).click()
    lab.cancel(run)
    expect(run_row(page, run).locator(".status")).to_have_text("Cancelled")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu_button(page, run)).to_be_focused()


def test_the_runs_list_prepends_new_runs(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Into the list")
    page.goto("/runs/")
    live(page)
    [run] = lab.finished(slug, 1)
    row = run_row(page, run)
    expect(row.locator(".status")).to_have_text("Completed")
    expect(row).to_contain_text("Into the list")
    assert page.locator(".history-rows > .row").first.get_attribute("id") == f"run-{run}"


def test_the_first_run_takes_the_place_of_the_words_that_there_is_none(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Never run")
    page.goto(f"/simulations/{slug}/")
    live(page)
    words = page.get_by_role("heading", name="No runs recorded yet")
    expect(words).to_be_visible()
    expect(page.get_by_role("table", name="Runs")).to_be_hidden()
    [run] = lab.finished(slug, 1)
    expect(run_row(page, run).locator(".status")).to_have_text("Completed")
    expect(words).to_be_hidden()


def test_the_figures_above_the_dashboard_move(page: Page, lab: Lab) -> None:
    slug = lab.paced("Counted", seconds=0.1)
    open_dashboard(page, "Counted")
    running = page.locator("#stats .stat").filter(has_text="Running").locator("b")
    expect(running).to_have_text("0")
    run = lab.run(slug)
    expect(running).to_have_text("1")
    lab.cancel(run)
    expect(running).to_have_text("0")


def test_a_page_keeps_one_socket(page: Page, lab: Lab) -> None:
    lab.simulation("One socket A")
    lab.simulation("One socket B")
    sockets: list[object] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    open_dashboard(page, "One socket")
    expand(page, "One socket A")
    expand(page, "One socket B")
    assert len(sockets) == 1
