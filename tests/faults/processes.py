"""The processes of a server, as the kernel tells of them."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from pathlib import Path


def is_alive(pid: int) -> bool:
    """A zombie is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_of(data_dir: Path, named: bytes = b"") -> set[int]:
    """The living processes on this data whose command line holds the name, whoever their parent is by now."""
    mark = f"SIMWEB_DATA_DIR={data_dir}\0".encode()
    found = set()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or not is_alive(int(folder.name)):
            continue
        try:
            if named in (folder / "cmdline").read_bytes() and mark in (folder / "environ").read_bytes() + b"\0":
                found.add(int(folder.name))
        except OSError:  # it has just ended, or is another's
            continue
    return found


def players_of(data_dir: Path) -> set[int]:
    """The living engine processes that play, or wait to play, on this data."""
    return processes_of(data_dir, b"simweb.engine")


def zombies_below(pid: int) -> set[int]:
    """Processes that this one, or one below it, has started and that are dead, but that nobody has buried."""
    children: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit():
                state, parent, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
                children[int(parent)].add((int(folder.name), state))
    found, looked_at = set(), [pid]
    while looked_at:
        below = children[looked_at.pop()]
        looked_at += [child for child, _ in below]
        found |= {child for child, state in below if state == "Z"}
    return found
