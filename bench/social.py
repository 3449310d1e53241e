"""The social feed at a million agents and at a thousand, each played by a child process as the server does."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from simweb.engine import Spec


def bench() -> list[tuple[str, str, str]]:
    """Rows (what, measured, goal): seconds from start of the child to its end, set-up included, and its peak memory."""
    seconds, peak = play_in_child(Spec("social-feed", {"agents": 1_000_000}, 1, 20, []))
    turns = 500
    small, _ = play_in_child(Spec("social-feed", {"agents": 1_000}, 1, turns, []))
    return [
        ("social feed: 1,000,000 agents, 20 turns", f"{seconds:.1f} s", "≤ 60 s"),
        ("social feed: its peak memory", f"{peak / 2**30:.2f} GiB", "≤ 4 GiB"),
        ("social feed: 1,000 agents", f"{turns / small:.0f} turns/s", "≥ 50 turns/s"),
    ]


def play_in_child(spec: Spec) -> tuple[float, int]:
    """Seconds and bytes that `python -m simweb.engine` took for the spec with its default metrics."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "simweb.engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write((spec.to_json() + "\n").encode())
    child.stdin.close()
    last = b""
    for line in child.stdout:
        last = line
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, last
    assert b'"type":"played"' in last, last
    return seconds, usage.ru_maxrss * 1024


if __name__ == "__main__":
    for row in bench():
        print(*row, sep="  |  ")
