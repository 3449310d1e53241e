"""A bad network and a Redis that is killed, while runs are played: every page is as the database is, soon after."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.environment import FAULT_RUNS
from tests.requirements import require
from tests.services.lab import Machines, Worker
from tests.services.wire import Wire
from tests.waiting import wait_until
from tests.web.conftest import ARGUMENTS, chromium
from tests.web.pages import expand, live, open_dashboard, open_run
from tests.web.server import Lab

LONG = FAULT_RUNS >= 1000
RUNS, CUTS, CLIENTS = (20, 100, 20) if LONG else (6, 25, 5)
HEALED_WITHIN = 5 if LONG else 30  # seconds; the long form has a machine for itself
ELEMENT = re.compile(r'id="run-(\d+)(?:-progress)?" data-version="(\d+)"([^>]*)')
STATUS = re.compile(r'data-status="(\w+)"')

# What a page shows of each run and simulation. Moments in words grow older by themselves, and are not compared.
SHOWN = """() => {
  const told = "#stats, .history-rows > .row, [id^=simulation-], [id^=run-][id$=-head] .status, [id^=run-][id$=-live]";
  return [...document.querySelectorAll(told)].map(element => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("time, [data-since]").forEach(moment => moment.remove());
    return [element.id, element.dataset.version ?? "", copy.textContent.replace(/\\s+/g, " ").trim()];
  });
}"""
VERSIONS = """() => {
  const found = {};
  for (const element of document.querySelectorAll("[id^=run-][data-version]")) {
    const run = element.id.split("-")[1];
    found[run] = Math.max(found[run] ?? 0, Number(element.dataset.version));
  }
  return found;
}"""


class Client:
    """A program that watches all runs by the pages' socket, and comes back whenever it is cut off."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self.headers = address, {"Authorization": f"Bearer {token}"}
        self.versions: dict[str, int] = {}
        self.statuses: dict[str, str] = {}
        self.stopped = False
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self.stopped:
            with suppress(WebSocketException, OSError), connect(self.address, additional_headers=self.headers) as line:
                line.send('{"type": "subscribe", "topics": ["history"]}')
                for frame in line:
                    self._take_in(str(frame))

    def _take_in(self, frame: str) -> None:
        for run, version, more in ELEMENT.findall(frame):
            if int(version) >= self.versions.get(run, 0):
                self.versions[run] = int(version)
                self.statuses[run] = "".join(STATUS.findall(more)) or self.statuses.get(run, "")


@pytest.fixture
def wire(machines: Machines) -> Iterator[Wire]:
    wire = Wire(machines.web.port)
    yield wire
    wire.close()


@pytest.fixture
def browser(machines: Machines, wire: Wire) -> Iterator[BrowserContext]:
    """An admin's browser, which reaches the server by the wire."""
    require("browser", bool(chromium()), "no Chromium here: apt-get install chromium, or set CHROMIUM to its path")
    link = machines.web.link.rstrip("/").rsplit("/", 1)[-1]
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        context = chrome.new_context(base_url=wire.base)
        page = context.new_page()
        page.goto(f"/sign-in/{link}/")
        page.wait_for_url(f"{wire.base}/")
        page.close()
        yield context
        chrome.close()


def open_pages(browser: BrowserContext, runs: list[int]) -> list[Page]:
    """The dashboard with an open history, the list of all runs, a run."""
    dashboard, everything, one = (browser.new_page() for _ in range(3))
    open_dashboard(dashboard)
    expand(dashboard, "Stormy")
    everything.goto("/runs/")
    live(everything)
    open_run(one, runs[0])
    return [dashboard, everything, one]


def versions_of(lab: Lab, slug: str) -> dict[str, int]:
    """The version of each run, as the table has it now."""
    found = lab.client.get(f"/simulations/{slug}/runs", params={"limit": 100}).json()["items"]
    return {str(run["id"]): run["version"] for run in found}


def is_behind(known: dict[str, Any], wanted: dict[str, int]) -> bool:
    """Whether somebody knows an older version of a run than this, or knows nothing."""
    return not known or any(int(version) < wanted.get(run, 0) for run, version in known.items())


def seconds_until_all_have(wanted: dict[str, int], clients: list[Client], pages: list[Page]) -> float:
    """How long it takes until each client and page has these versions or newer ones."""
    began = time.monotonic()
    for client in clients:
        wait_until(lambda client=client: not is_behind(client.versions, wanted), HEALED_WITHIN)  # type: ignore[misc]
    for page in pages:
        wait_until(lambda page=page: not is_behind(page.evaluate(VERSIONS), wanted), HEALED_WITHIN)  # type: ignore[misc]
    return time.monotonic() - began


def storm(machines: Machines, wire: Wire, page: Page) -> None:
    """Cut line after line; Redis dies halfway and comes back at the end, having forgotten everything."""
    chance = random.Random(7)
    while wire.cuts < CUTS:
        wire.cut(chance, 5)
        page.wait_for_timeout(100)  # Chromium's own events go on meanwhile
        if wire.cuts >= CUTS // 2:
            machines.redis.kill()
    machines.redis.start()


def test_every_page_is_as_the_database_is_soon_after_a_storm(
    machines: Machines, wire: Wire, browser: BrowserContext, lab: Lab, token: str
) -> None:
    machines.workers.append(Worker(machines.web.env, machines.folder / "worker", RUNS))
    slug = lab.paced("Stormy", seconds=0.25, turns=100_000)
    runs = [lab.run(slug) for _ in range(RUNS)]
    for run in runs:
        lab.until(run, "running", seconds=120)
    clients = [Client(wire.base.replace("http", "ws") + "/ws/live/", token) for _ in range(CLIENTS)]
    pages = open_pages(browser, runs)
    wait_until(lambda: all(len(client.versions) >= RUNS for client in clients), 60)
    storm(machines, wire, pages[0])
    while_played = seconds_until_all_have(versions_of(lab, slug), clients, pages)
    for run in runs:
        lab.cancel(run)
    at_the_end = seconds_until_all_have(versions_of(lab, slug), clients, pages)
    wait_until(lambda: all(set(client.statuses.values()) == {"cancelled"} for client in clients), HEALED_WITHIN)
    for page in pages:
        fresh = browser.new_page()
        fresh.goto(page.url)
        live(fresh)
        assert "Cancelled" in fresh.locator("main").inner_text()
        wait_until(lambda page=page, fresh=fresh: page.evaluate(SHOWN) == fresh.evaluate(SHOWN), HEALED_WITHIN)  # type: ignore[misc]
    print(f"\n{wire.cuts} lines cut; healed after {while_played:.1f} s, and after the end {at_the_end:.1f} s")  # noqa: T201
    for client in clients:
        client.stopped = True
