"""Where things are on the pages."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

RECORD = """selector => {
  const texts = (window.recorded ??= {})[selector] = [];
  const look = () => {
    const text = document.querySelector(selector)?.textContent.trim();
    if (text !== undefined && text !== texts.at(-1)) texts.push(text);
  };
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def live(page: Page) -> None:
    """Wait until the page is as the server has it, and hears from it."""
    expect(page.locator("live-socket")).to_have_text("Live")


def open_dashboard(page: Page, search: str = "") -> None:
    """The dashboard, live; only the rows that match, so that other tests' simulations are out of sight."""
    page.goto(f"/?q={search}" if search else "/")
    live(page)


def open_run(page: Page, run: int, query: str = "") -> None:
    """The page of a run, live, its charts drawn."""
    page.goto(f"/runs/{run}/{query}")
    live(page)
    expect(page.locator("sim-chart[aria-busy=true]")).to_have_count(0)


def record(page: Page, selector: str) -> None:
    """Keep the texts that this element takes on from now; `recorded` has them. What passes quickly is not missed."""
    page.evaluate(RECORD, selector)


def recorded(page: Page, selector: str) -> list[str]:
    """The texts of `record`, in order."""
    return list(page.evaluate("selector => window.recorded[selector]", selector))


def row_of(page: Page, name: str) -> Locator:
    """A simulation's row, with its drawer."""
    return page.locator(".simulation").filter(has=page.get_by_role("link", name=name, exact=True))


def chevron(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"Run history of {name}", exact=True)


def expand(page: Page, name: str) -> Locator:
    """Open a simulation's history; its list, loaded."""
    chevron(page, name).click()
    table = page.get_by_role("table", name=f"Run history of {name}")
    expect(table).to_be_visible()
    return page.locator("run-history").filter(has=table)


def rows(history: Locator) -> Locator:
    return history.locator(".history-rows > .row")


def run_row(page: Page, run: int) -> Locator:
    return page.locator(f"#run-{run}")


def menu_button(page: Page, run: int) -> Locator:
    return page.locator(f"#run-{run}-menu")


def choose(page: Page, run: int, item: str) -> None:
    """Choose something in the menu of a run's row."""
    menu_button(page, run).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def toasts(page: Page) -> Locator:
    return page.locator("toast-stack .toast")


def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe."""
    page.evaluate("window.notReloaded = true")


def was_not_reloaded(page: Page) -> bool:
    return bool(page.evaluate("window.notReloaded === true"))
