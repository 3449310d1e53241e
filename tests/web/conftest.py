"""Chromium against a real server. A page that writes an error to its console fails its test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.requirements import require
from tests.web.server import Lab, Server

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
DESK = {"width": 1280, "height": 800}
NewContext = Callable[..., BrowserContext]


def chromium() -> str:
    """Where Chromium is; blank when it is not."""
    named = os.environ.get("CHROMIUM", "")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Package scope: Playwright keeps an event loop in this thread as long as it lives, and other tests must not meet it.
@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    require("browser", bool(chromium()), "no Chromium here: apt-get install chromium, or set CHROMIUM to its path")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(chrome: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("web"))
    try:
        server.link = server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="package")
def token(server: Server) -> str:
    return server.manage("token", "browser tests", "--role", "admin")


@pytest.fixture(scope="package")
def signed_in(chrome: Browser, server: Server) -> Any:
    """What a browser keeps of the admin who used the link that the server printed."""
    context = chrome.new_context(base_url=server.base)
    page = context.new_page()
    page.goto(server.link)
    page.wait_for_url(f"{server.base}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def lab(server: Server, token: str) -> Iterator[Lab]:
    """The API, for what a test needs beforehand."""
    lab = Lab(server.base, token)
    yield lab
    lab.tidy()
    lab.client.close()


@pytest.fixture
def forgiven() -> list[str]:
    """Parts of console messages that this test provokes."""
    return []


@pytest.fixture
def complaints(forgiven: list[str]) -> Iterator[list[str]]:
    """What pages wrote to their consoles as errors; the test fails for what is not forgiven."""
    texts: list[str] = []
    yield texts
    unforgiven = [text for text in texts if not any(part in text for part in forgiven)]
    assert not unforgiven, f"the page complained: {unforgiven}"


def listen(context: BrowserContext, complaints: list[str]) -> Callable[[], None]:
    """Note the complaints of a profile's pages; call the answer to stop."""

    def on_console(message: Any) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def on_error(error: Any) -> None:
        complaints.append(str(error.error))

    def stop() -> None:
        context.remove_listener("console", on_console)
        context.remove_listener("weberror", on_error)

    context.on("console", on_console)
    context.on("weberror", on_error)
    return stop


@pytest.fixture
def new_context(chrome: Browser, server: Server, signed_in: Any, complaints: list[str]) -> Iterator[NewContext]:
    """Make a browser profile, by default of the signed-in admin."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = chrome.new_context(**{"base_url": server.base, "storage_state": signed_in, **options})
        context.set_default_timeout(PATIENCE_MS)
        listen(context, complaints)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="package")
def desk(chrome: Browser, server: Server, signed_in: Any) -> Iterator[BrowserContext]:
    """The admin's browser, with what it has cached."""
    context = chrome.new_context(base_url=server.base, storage_state=signed_in, viewport=DESK)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def context(desk: BrowserContext, complaints: list[str]) -> Iterator[BrowserContext]:
    """The admin's browser, without the tabs of earlier tests."""
    stop = listen(desk, complaints)
    yield desk
    for page in desk.pages:
        page.close()
    stop()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of the signed-in admin."""
    return context.new_page()
