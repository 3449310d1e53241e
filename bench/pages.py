"""Do pages stay fast while every worker is busy?"""

from __future__ import annotations

import re
import statistics
import time

import httpx

from bench.server import Server, percentiles, running_server
from bench.worlds import SETTING

REPEATS = 150


def bench() -> list[tuple[str, str, str]]:
    """The dashboard, signed in, idle and with as many computing runs as cores. (what, measured, goal)"""
    with running_server(SIMWEB_SCENARIOS=SETTING) as server, server.client() as api:
        api.post("/simulations", json={"name": "Paced", "scenario": "paced"}).raise_for_status()
        browser = sign_in(server)
        time.sleep(2)  # until the children are warm and quiet
        idle = _time(browser)
        params = {"seconds": 0.05, "busy": True}
        runs = [
            api.post("/simulations/paced/runs", json={"turns": 2000, "params": params}).json()["id"] for _ in range(2)
        ]
        while any(api.get(f"/runs/{run}").json()["turns_done"] < 5 for run in runs):
            time.sleep(0.05)
        busy = _time(browser)
        for run in runs:
            api.post(f"/runs/{run}/cancel").raise_for_status()
    ratio = statistics.median(busy) / statistics.median(idle)
    return [
        ("dashboard, idle", percentiles(idle), "—"),
        ("dashboard, all workers busy", percentiles(busy), "—"),
        ("dashboard, busy / idle (p50)", f"{ratio:.2f}×", "≤2×"),
    ]


def sign_in(server: Server) -> httpx.Client:
    """A signed-in session, as a browser has it."""
    browser = httpx.Client(base_url=server.base, follow_redirects=True, timeout=30)
    path = server.link.removeprefix(server.base)
    form = browser.get(path).text
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    browser.post(path, data={"csrfmiddlewaretoken": token}, headers={"Referer": server.link}).raise_for_status()
    return browser


def _time(browser: httpx.Client) -> list[float]:
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        browser.get("/").raise_for_status()
        seconds.append(time.perf_counter() - began)
    return seconds
