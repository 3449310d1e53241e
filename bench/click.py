"""From the click on Run to the first turn on the page, in a real browser."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.server import percentiles, running_server
from bench.worlds import SETTING

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
    with running_server(SIMWEB_SCENARIOS=SETTING) as server, server.client() as api, sync_playwright() as playwright:
        body = {"name": "Paced", "scenario": "paced", "params": {"seconds": 0.02}, "turns": 15}
        api.post("/simulations", json=body).raise_for_status()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.goto(server.link)
        page.wait_for_selector("live-socket[data-state=live]")
        seconds = [_click(page, api) for _ in range(CLICKS)]
        browser.close()
    return [("click on Run to first turn on the page", percentiles(seconds[3:]), "p50 ≤150 ms")]


def _click(page: Page, api: Any) -> float:
    button = page.locator(".simulation", has_text="Paced").locator("form button")
    milliseconds = button.evaluate(CLICK)
    while any(not run["finished_at"] for run in api.get("/simulations/paced/runs").json()["items"]):
        time.sleep(0.05)
    time.sleep(1)  # until the next child is warm
    return float(milliseconds) / 1000
