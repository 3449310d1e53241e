"""Takes the pictures of the README anew: `.venv/bin/python docs/screenshots/take.py`. Needs Chromium."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from tests.web.conftest import ARGUMENTS, chromium  # noqa: E402
from tests.web.pages import expand, live  # noqa: E402
from tests.web.server import Lab, Server  # noqa: E402

SHOWN = "Opinions on a social feed"
WINDOW = {"width": 1280, "height": 800}


def prepare(lab: Lab) -> int:
    """Some history of the ready-made simulations, and a run that is being played; its number."""
    simulations = lab.client.get("/simulations").json()["items"]
    for simulation in simulations:
        lab.finished(simulation["slug"], 4)
    lab.cancel(lab.run("social-feed", turns=100_000))
    running = lab.run("social-feed", turns=1000)
    lab.until(running, "running")
    return running


def open_page(browser: Browser, server: Server, state: dict, address: str, scheme: str) -> Page:
    """A page, live, in light or dark."""
    context = browser.new_context(
        base_url=server.base, storage_state=state, viewport=WINDOW, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    live(page)
    return page


def take(browser: Browser, server: Server, running: int) -> None:
    """The three pictures."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.link)
    page.wait_for_url(f"{server.base}/")
    state = context.storage_state()
    for name, scheme in (("dashboard", "light"), ("dashboard-dark", "dark")):
        page = open_page(browser, server, state, "/", scheme)
        expand(page, SHOWN)
        expect(page.locator(f"#run-{running} .status")).to_have_text("Running")
        page.screenshot(path=HERE / f"{name}.png")
    page = open_page(browser, server, state, f"/runs/{running}/", "light")
    for chart in page.locator("sim-chart canvas").all():
        expect(chart).to_be_visible()
    page.screenshot(path=HERE / "run.png")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        server.link = server.start()
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            running = prepare(Lab(server.base, server.manage("token", "pictures", "--role", "admin")))
            take(browser, server, running)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
