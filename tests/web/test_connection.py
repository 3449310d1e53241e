"""A line that breaks, a server that goes and comes back, a network without sockets."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.prepared import prepare
from tests.web.conftest import NewContext
from tests.web.pages import choose, expand, live, open_dashboard, row_of, run_row, toasts
from tests.web.server import Lab, Server

NO_SOCKETS = """window.WebSocket = class extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  readyState = 3;
  constructor() { super(); setTimeout(() => this.onclose?.({ code: 1006 }), 1); }
  send() {}
  close() {}
}"""
AWAY = ["ERR_CONNECTION_REFUSED", "WebSocket connection", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "htmx:"]


@pytest.fixture
def frail(chrome: Browser, tmp_path: Path) -> Iterator[Server]:
    """A server that the test may kill."""
    server = Server(tmp_path)
    server.token = prepare(server)
    server.link = server.start()
    yield server
    server.stop()


@pytest.fixture
def frail_page(frail: Server, new_context: NewContext, forgiven: list[str]) -> Page:
    forgiven += AWAY
    page = new_context(base_url=frail.base, storage_state=None).new_page()
    page.goto(frail.link)
    page.wait_for_url(f"{frail.base}/")
    return page


def test_a_page_outlives_the_death_of_its_server(frail: Server, frail_page: Page) -> None:
    lab = Lab(frail.base, frail.token)
    slug = lab.paced("Outlived")
    old = lab.finished(lab.simulation("Quiet"), 1)[0]
    run = lab.run(slug)
    lab.until(run, "running")
    open_dashboard(frail_page)
    expand(frail_page, "Outlived")
    expect(run_row(frail_page, run).locator(".status")).to_have_text("Running")

    frail.stop(signal.SIGKILL)
    pill = frail_page.locator("live-socket")
    expect(pill).to_have_text(re.compile("Reconnecting|Updating"))
    expect(run_row(frail_page, run).locator(".status")).to_have_text("Running")
    frail_page.get_by_role("button", name="Run Outlived").click()
    expect(toasts(frail_page).first).to_contain_text("The server does not answer")

    frail.start()
    lab.client.delete(f"/runs/{old}").raise_for_status()
    live(frail_page)
    expect(run_row(frail_page, run).locator(".status")).to_have_text("Failed")
    expect(row_of(frail_page, "Quiet").locator("> .row")).to_contain_text("No runs yet")
    lab.client.close()


def test_a_signed_out_page_says_that_it_is_not_live(new_context: NewContext, server: Server) -> None:
    link = server.manage("sign_in_link").rsplit("/sign-in/", 1)[-1]
    context = new_context(storage_state=None)
    page = context.new_page()
    page.goto(f"/sign-in/{link}")
    live(page)
    context.clear_cookies()
    page.evaluate("document.querySelector('live-socket').disconnectedCallback()")
    expect(page.locator("live-socket")).to_have_text("Not live: sign in again")


class Wire:
    """Between the pages and the server: what comes from the server may be held back, and lines may be cut."""

    def __init__(self, page: Page) -> None:
        self.lines: list[WebSocketRoute] = []
        self.deaf: set[WebSocketRoute] = set()
        page.route_web_socket(re.compile("/ws/live/"), self._open)

    def _open(self, line: WebSocketRoute) -> None:
        self.lines.append(line)
        server = line.connect_to_server()
        server.on_message(lambda frame: None if line in self.deaf else line.send(frame))

    def hold_back(self) -> None:
        """From now on nothing comes through the line that is open."""
        self.deaf.add(self.lines[-1])


def test_a_page_that_was_too_slow_comes_back_and_misses_nothing(page: Page, lab: Lab) -> None:
    wire = Wire(page)
    slug = lab.simulation("Too slow")
    open_dashboard(page, "Too slow")
    expand(page, "Too slow")
    wire.hold_back()
    missed = lab.finished(slug, 3)
    expect(page.locator(".history-rows > .row")).to_have_count(0)
    wire.lines[0].close(code=4429)
    expect(run_row(page, missed[-1]).locator(".status")).to_have_text("Completed")
    live(page)
    expect(page.locator(".history-rows > .row .status")).to_have_text(["Completed"] * 3)
    expect(row_of(page, "Too slow").locator("> .row")).to_contain_text("100.0% (3)")
    assert len(wire.lines) == 2


def test_a_line_that_died_without_a_word_is_noticed_and_replaced(new_context: NewContext, lab: Lab) -> None:
    page = new_context().new_page()  # of a browser of its own: its clock is wound forward
    page.clock.install()
    wire = Wire(page)
    slug = lab.simulation("Gone quiet")
    open_dashboard(page, "Gone quiet")
    wire.hold_back()
    lab.finished(slug, 1)
    page.clock.fast_forward(26_000)  # nothing was heard for so long: the page asks
    expect(page.locator("live-socket")).to_have_text("Live")
    page.clock.fast_forward(11_000)  # and has no answer
    expect(page.locator("live-socket")).to_have_text("Reconnecting")
    page.clock.fast_forward(1_000)
    live(page)
    expect(row_of(page, "Gone quiet").locator("> .row .status")).to_have_text("Completed")
    assert len(wire.lines) == 2


@pytest.fixture
def deaf(new_context: NewContext) -> BrowserContext:
    """A browser behind a proxy that lets no socket through."""
    context = new_context()
    context.add_init_script(NO_SOCKETS)
    return context


def test_without_sockets_the_dashboard_is_polled(deaf: BrowserContext, lab: Lab) -> None:
    slug = lab.simulation("Polled")
    old = lab.finished(slug, 1)[0]
    page = deaf.new_page()
    page.goto("/?q=Polled")
    expand(page, "Polled")
    lab.delete(old)
    new = lab.finished(slug, 1)[0]
    expect(page.locator("live-socket")).to_have_text("Updating every few seconds")
    expect(run_row(page, new).locator(".status")).to_have_text("Completed")
    expect(run_row(page, old)).to_have_count(0)
    expect(row_of(page, "Polled").locator("> .row")).to_contain_text("100.0% (1)")
    choose(page, new, "Delete")
    expect(run_row(page, new)).to_have_count(0)


def test_without_sockets_the_run_page_is_polled(deaf: BrowserContext, lab: Lab) -> None:
    run = lab.run(lab.paced("Polled page"))
    lab.until(run, "running")
    page = deaf.new_page()
    page.goto(f"/runs/{run}/")
    expect(page.locator("live-socket")).to_have_text("Updating every few seconds")
    done = page.locator(f"#run-{run}-live .facts b").first
    early = done.inner_text()
    expect(done).not_to_have_text(early)
    lab.cancel(run)
    expect(page.locator(f"#run-{run}-head .status")).to_have_text("Cancelled")
    expect(toasts(page)).to_have_text(re.compile(f"Run {run} cancelled"))
