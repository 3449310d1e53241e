"""From the database's commit to the page: fifty sockets watch twenty runs, three of them in a real browser."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import websockets
from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench.click import CHROMIUM, FLAGS
from bench.server import Server, rank, running_server
from bench.worlds import SETTING

RUNS, SOCKETS, PAGES = 20, 50, 3
SECONDS_PER_TURN = 0.5
WATCHED_SECONDS = 15
PROGRESS = re.compile(r'id="run-(\d+)-progress".*?>([\d,]+)/')

# Notes [run, turns done, milliseconds] whenever a run's progress on the page changes.
WATCH = """() => {
  window.seen = [];
  const look = (changes) => {
    const at = performance.timeOrigin + performance.now();
    const cells = new Set(changes.map(change => (change.target.parentElement ?? change.target).closest?.(".progress")));
    for (const cell of cells) if (cell) window.seen.push([cell.id, cell.textContent, at]);
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
Seen = list[tuple[int, int, float]]  # run, turns done, when


def bench() -> list[tuple[str, str, str]]:
    """From the moment a turn is recorded to the page and to a raw socket. (what, measured, goal)"""
    with running_server(SIMWEB_SCENARIOS=SETTING, SIMWEB_WORKERS=str(RUNS)) as server, server.client() as api:
        body = {"name": "Paced", "scenario": "paced", "params": {"seconds": SECONDS_PER_TURN}, "turns": 10_000}
        api.post("/simulations", json=body).raise_for_status()
        runs = [api.post("/simulations/paced/runs", json={}).json()["id"] for _ in range(RUNS)]
        while any(api.get(f"/runs/{run}").json()["turns_done"] < 3 for run in runs):
            time.sleep(0.2)
        on_pages, on_sockets, since = _watch(server)
        recorded = _recorded(server)
        for run in runs:
            api.post(f"/runs/{run}/cancel").raise_for_status()
    what = f"{SOCKETS} sockets × {RUNS} running runs, commit to"
    return [
        (f"{what} DOM", _percentiles(on_pages, recorded, since), "<1 s, p95 ≤200 ms"),
        (f"{what} raw socket", _percentiles(on_sockets, recorded, since), "—"),
    ]


def _watch(server: Server) -> tuple[list[Seen], list[Seen], float]:
    """What pages and sockets saw, and from when on all of them watched."""
    raw: list[list[tuple[float, str]]] = []
    thread = threading.Thread(target=lambda: raw.extend(asyncio.run(_sockets(server))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(base_url=server.base)
        pages = [_open(context, server.link if number == 0 else "/") for number in range(PAGES)]
        thread.start()
        pages[0].wait_for_timeout(2000)  # until all sockets are open
        since = time.time()
        thread.join()
        seen = [_seen(page) for page in pages]
        browser.close()
    read = [[_read(at, text) for at, text in socket] for socket in raw]
    return seen, [[found for part in socket for found in part] for socket in read], since


def _open(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("live-socket[data-state=live]")
    page.get_by_role("button", name="Run history of Paced").click()
    page.wait_for_selector("run-history")
    page.evaluate(WATCH)
    return page


def _seen(page: Page) -> Seen:
    found = page.evaluate("window.seen")
    told = [(re.findall(r"\d+", cell), text.partition("/")[0].replace(",", ""), at) for cell, text, at in found]
    return [(int(run), int(done), at / 1000) for [run], done, at in told if done.strip().isdigit()]


async def _sockets(server: Server) -> list[list[tuple[float, str]]]:
    return await asyncio.gather(*(_socket(server) for _ in range(SOCKETS - PAGES)))


async def _socket(server: Server) -> list[tuple[float, str]]:
    address = server.base.replace("http", "ws") + "/ws/live/"
    received = []
    async with websockets.connect(address, additional_headers=server.headers, compression=None) as socket:
        await socket.send('{"type": "subscribe", "topics": ["simulation:paced"]}')
        until = time.monotonic() + WATCHED_SECONDS
        while (left := until - time.monotonic()) > 0:
            try:
                text = await asyncio.wait_for(socket.recv(), left)
            except TimeoutError:
                break
            received.append((time.time(), str(text)))
    return received


def _read(at: float, text: str) -> Seen:
    return [(int(run), int(done.replace(",", "")), at) for run, done in PROGRESS.findall(text)]


def _recorded(server: Server) -> dict[tuple[int, int], float]:
    """When each turn was recorded: the moment is taken just before the commit."""
    with closing(sqlite3.connect(server.data_dir / "simweb.sqlite3")) as database:
        rows: list[Any] = database.execute("SELECT run_id, number, created_at FROM runs_turn").fetchall()
    return {(run, turn): datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for run, turn, at in rows}


def _percentiles(seen: list[Seen], recorded: dict[tuple[int, int], float], since: float) -> str:
    """Of every turn that was recorded while all watched: how long until it, or a later one, was seen."""
    delays = []
    for watcher in seen:
        shown: dict[int, int] = {}
        for run, done, at in watcher:
            first = shown.get(run, done - 1) + 1
            shown[run] = max(done, shown.get(run, 0))
            moments = [recorded[run, turn] for turn in range(first, done + 1) if (run, turn) in recorded]
            delays += [at - moment for moment in moments if moment > since]
    return f"p50 {rank(delays, 0.5):.0f} ms, p95 {rank(delays, 0.95):.0f} ms, p99 {rank(delays, 0.99):.0f} ms"
