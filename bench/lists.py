"""The lists of runs with a million runs in the table: pages as a person opens them, and searches."""

from __future__ import annotations

import time
from urllib.parse import quote

import httpx

from bench.million import fill
from bench.pages import sign_in
from bench.server import manage, rank, running_server

REPEATS = 60


def bench() -> list[tuple[str, str, str]]:
    """(what, measured, goal)"""
    with running_server(_prepare, SIMWEB_EXECUTOR="idle") as server, server.client() as api:
        browser = sign_in(server)
        middle = api.get("/runs?q=created<41d&limit=1").json()["next_cursor"]
        pages = {
            "newest": ("/runs/", 50),
            "failed ones": ("/runs/?status=failed", 50),
            "of one simulation": ("/runs/?q=simulation:sim-7", 50),
            "in the middle": (f"/runs/?cursor={middle}", 50),
            "admin": ("/admin/runs/run/", 50),
            "a common word": (f"/runs/?q={quote('no such agent')}", 300),
            "a word that is nowhere": ("/runs/?q=zebra", 300),
            "a parameter that none has": (f"/runs/?q={quote('param.agents>500')}", 300),
            "sorted by id": ("/runs/?sort=id", 50),
        }
        return [_row(browser, what, path, goal) for what, (path, goal) in pages.items()]


def _prepare(env: dict[str, str]) -> None:
    """A lab that has been up for a night: else its servers would make up for 80 nights of rollup meanwhile."""
    fill(env)
    manage("aggregate_performance", env=env)


def _row(browser: httpx.Client, what: str, path: str, goal: int) -> tuple[str, str, str]:
    seconds = []
    for _ in range(REPEATS + 3):
        began = time.perf_counter()
        browser.get(path).raise_for_status()
        seconds.append(time.perf_counter() - began)
    seconds = seconds[3:]
    return (
        f"1,000,000 runs: {what}",
        f"p50 {rank(seconds, 0.5):.0f} ms, p95 {rank(seconds, 0.95):.0f} ms",
        f"p95 ≤{goal} ms",
    )
