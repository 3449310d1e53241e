"""From the click on Run to the first turn on the page, in a real browser."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.server import percentiles, running_server
from bench.worlds import SETTING
from simweb.scenarios.payments import compiled
from simweb.scenarios.payments.system import warm_up

CLICKS = 25
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Resolves with the milliseconds from the click to the moment at which a row that was not there says that a turn is done.
CLICK = """button => new Promise(resolve => {
  const known = new Set([...document.querySelectorAll(".history-rows > .row")].map(row => row.id));
  const began = performance.now();
  const look = () => {
    const row = [...document.querySelectorAll(".history-rows > .row")].find(row => !known.has(row.id));
    const done = row && /^[1-9]/.test(row.querySelector(".progress").textContent.trim());
    if (!done) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - began));
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, {childList: true, subtree: true, characterData: true});
  button.click();
})"""


def bench() -> list[tuple[str, str, str]]:
    """A warm child, one click at a time, dashboard open. (what, measured, goal)"""
    warm_up()
    (compiled.folder() / compiled.DONE).touch()
    settings = {compiled.SETTING: "1", compiled.FOLDER_SETTING: str(compiled.folder().parent)}
    with (
        running_server(SIMWEB_SCENARIOS=SETTING, **settings) as server,
        server.client() as api,
        sync_playwright() as playwright,
    ):
        paced = {"name": "Paced", "scenario": "paced", "params": {"seconds": 0.02}, "turns": 15}
        banks = {"name": "Settlement", "scenario": "payments", "params": {"game": "twenty-banks"}}
        for body in (paced, banks):
            api.post("/simulations", json=body).raise_for_status()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.goto(server.link)
        page.wait_for_selector("live-socket[data-state=live]")
        rows = []
        for name, what in (
            ("Paced", "click on Run to first turn on the page"),
            ("Settlement", "… of payments, 20 banks, compiled"),
        ):
            seconds = [_click(page, api, name) for _ in range(CLICKS)]
            rows.append((what, percentiles(seconds[3:]), "p50 ≤150 ms"))
        browser.close()
    return rows


def _click(page: Page, api: Any, name: str) -> float:
    button = page.locator(".simulation", has_text=name).locator("form button")
    milliseconds = button.evaluate(CLICK)
    while any(not run["finished_at"] for run in api.get(f"/simulations/{name.lower()}/runs").json()["items"]):
        time.sleep(0.05)
    time.sleep(1)  # until the next child is warm
    return float(milliseconds) / 1000
