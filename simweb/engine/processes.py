"""Processes as Linux tells of them: who comes from whom, what they hold, and how to end them with all that they have started."""

from __future__ import annotations

import ctypes
import os
import signal
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
FIRST_TO_GO = "1000"
ROUNDS = 100  # of ending what starts others while it is being ended


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
    """Kill whatever this process has started or adopted, besides these and theirs, and see it to its end."""
    for _ in range(ROUNDS):
        if not _has_children():
            return
        spared = {one for pid in besides for one in (pid, *descendants(pid))}
        doomed = [pid for pid in descendants(os.getpid()) if pid not in spared]
        if not doomed:
            return
        for pid in doomed:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in doomed:
            with suppress(ChildProcessError):  # another's child; it is adopted when that one has ended
                os.waitpid(pid, 0)


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
