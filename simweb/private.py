"""Private: what this server keeps is for its own user alone; whoever reads a session from its database is who is signed in."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

OTHERS = 0o077
OWN = ("simweb.sqlite3*", "secret-key", "server-address", "server.lock")


def keep_private(folder: Path, database: Path | None) -> list[str]:
    """Close the data directory, our files in it and the database to everybody else; what this process makes from now on,
    and whatever it starts, is closed from the beginning. Sentences about what was open.
    """
    os.umask(OTHERS)
    said = [] if _is_needed_by_others(folder) else [_close(folder, 0o700)]
    kept = {file for pattern in OWN for file in folder.glob(pattern)}
    if database is not None:
        kept |= {Path(f"{database}{end}") for end in ("", "-wal", "-shm", "-journal")}
    said += [_close(file, 0o600) for file in sorted(kept)]
    return [sentence for sentence in said if sentence]


def _is_needed_by_others(folder: Path) -> bool:
    """A home, a folder of temporary files, or one in which Python or this code lie: closing it would break other things."""
    homes = (Path.home(), Path(tempfile.gettempdir()), Path(sys.prefix), Path(__file__))
    return any(folder == home or folder in home.parents for home in homes)


def _close(path: Path, mode: int) -> str:
    """Blank when there is nothing to close. Where a link leads is not ours: somebody else may have laid it."""
    if path.is_symlink():
        return ""
    try:
        found = stat.S_IMODE(path.stat().st_mode)
        if not found & OTHERS:
            return ""
        path.chmod(mode)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} is open to other users of this machine, and cannot be closed: {error.strerror}."
    return f"{path} was open to other users of this machine (mode {found:04o}). It is closed now."
