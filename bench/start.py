"""How long a new server takes to answer, and how much memory its processes hold."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench.server import running_server

STARTS = 3


def bench() -> list[tuple[str, str, str]]:
    """An empty data directory: migrating included; and one that was used before. (what, measured, goal)"""
    fresh, again, sizes = [], [], []
    for _ in range(STARTS):
        with running_server() as server:
            fresh.append(server.started_in)
            time.sleep(1.5)  # until the children are warm: they belong to the memory
            sizes.append(tree_memory(server.pid))
    for _ in range(STARTS):
        with running_server(prepare=lambda env: None) as server:
            again.append(server.started_in)
    return [
        ("server start, migrated before", f"{statistics.median(again):.2f} s", "≤2 s"),
        ("server start, empty data directory", f"{statistics.median(fresh):.2f} s", "—"),
        ("memory of server and warm children (PSS)", f"{statistics.median(sizes) / 2**20:.0f} MiB", "≤200 MiB"),
    ]


def tree_memory(pid: int) -> int:
    """Bytes of a process and its descendants; pages they share are counted once (proportional set size)."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            total = int(line.split()[1]) * 1024
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return total + sum(tree_memory(int(child)) for task in children for child in task.read_text().split())
