"""Processes as Linux tells of them: who comes from whom, what they hold, and how to end them with all that they have started."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
FIRST_TO_GO = "1000"
PATIENCE_SECONDS = 3.0


def descendants(pid: int) -> list[int]:
    """Whoever the process has started, and they; without those whose own parent has ended."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has just ended
                # The name, in parentheses, may hold anything; the state and the parent follow it.
                parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
                children[int(parent)].append(int(folder.name))
    found = list(children[pid])
    for one in found:
        found += children[one]
    return found


def held_bytes(pids: Iterable[int]) -> int:
    """Memory of their own and shared memory that they hold together; what several share is counted once."""
    held = 0
    for pid in pids:
        with suppress(OSError):
            for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                    held += int(line.split()[1]) * 1024
    return held


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none is out of reach."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_descendants(besides: Collection[int] = ()) -> None:
    """Kill whatever this process has started or adopted, besides these and theirs, and see it to its end.

    It takes no longer than PATIENCE_SECONDS: one may belong to another user, or hang in the kernel.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while _has_children() and time.monotonic() < until:
        spared = {one for pid in besides for one in (pid, *descendants(pid))}
        doomed = [pid for pid in descendants(os.getpid()) if pid not in spared]
        killed = [pid for pid in doomed if kill(pid)]
        if not killed:
            return
        time.sleep(0.001)
        for pid in killed:
            with suppress(ChildProcessError):  # another's child; it is adopted when that one has ended
                os.waitpid(pid, os.WNOHANG)


def kill(pid: int) -> bool:
    """False for one that has ended, or is another user's."""
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def carrying(mark: str) -> list[int]:
    """Processes that were begun with "NAME=value" in their environment, or forked by such, whoever their parent is by now."""
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has just ended, or is another's
                if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return found


def reap_strays(kept: Collection[int]) -> None:
    """Let go of adopted processes that have ended; one of `kept` stays a zombie until its status is asked for."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        # A kept one hides those behind it, which are seen when it is waited for.
        if ended is None or ended.si_pid in kept:
            return
        with suppress(ChildProcessError):
            os.waitpid(ended.si_pid, os.WNOHANG)


def _has_children() -> bool:
    """Asked of the kernel in one call; most have none, and a look at all processes takes milliseconds."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the thread that started it ends, whatever ends it."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def go_first() -> None:
    """When the machine has no memory left, this process, and what it starts, is ended before others."""
    with suppress(OSError):
        (PROC / "self/oom_score_adj").write_text(FIRST_TO_GO)
