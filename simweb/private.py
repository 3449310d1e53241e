"""Private: what this server keeps is for its own user alone; whoever reads a session from its database is who is signed in."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

OTHERS = 0o077
OWN = ("simweb.sqlite3*", "secret-key", "server-address", "server-name", "server.lock")
# What else may lie in a folder that is ours alone; the last comes with a disk of its own.
BESIDE = ("networks", "compiled", "test*.sqlite3*", "*.backup", "*.log", "lost+found")


def keep_private(folder: Path, database: Path | None) -> list[str]:
    """Close the data directory, where it is ours alone, our files in it and the database to everybody else; what this
    process makes from now on, and whatever it starts, is closed from the beginning. Sentences about what was open.
    """
    os.umask(OTHERS)
    kept = {file for pattern in OWN for file in folder.glob(pattern)}
    if database is not None:
        kept |= {Path(f"{database}{end}") for end in ("", "-wal", "-shm", "-journal")}
    said = [_close(folder, 0o700), *(_close(file, 0o600) for file in sorted(kept))]
    return [sentence for sentence in said if sentence]


def doubt_about(key: Path) -> str:
    """Why a secret that was found must not be trusted: others may have laid it there, or read it. Blank when it may be."""
    folder, found = key.parent.stat(), key.lstat()
    is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & OTHERS
    if is_ours or folder.st_uid == os.geteuid() or not folder.st_mode & OTHERS:
        return ""
    return f"{key} lies in a folder of another user that is open to others, who may have made it or read it"


def _close(path: Path, mode: int) -> str:
    """Blank when there is nothing to close. Where a link leads is not ours: somebody else may have laid it."""
    if path.is_symlink():
        return ""
    try:
        # To close a file of SQLite would drop its locks, had this process opened the database before.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} may be open to other users of this machine, and cannot be looked at: {error.strerror}."
    try:
        return _close_opened(path, opened, mode)
    finally:
        os.close(opened)


def _close_opened(path: Path, opened: int, mode: int) -> str:
    found = os.fstat(opened)
    if not found.st_mode & OTHERS:
        return ""
    is_open = f"{path} is open to other users of this machine"
    if stat.S_ISDIR(found.st_mode) and (why := _why_not_ours(path, found)):
        return f"{is_open} and was left so: {why}. What this server keeps in it is closed."
    try:
        os.fchmod(opened, mode)
    except OSError as error:
        return f"{is_open}, and cannot be closed: {error.strerror}."
    if os.fstat(opened).st_mode & OTHERS:
        return f"{is_open}, and cannot be closed: its file system keeps no such permissions."
    before = stat.S_IMODE(found.st_mode)
    return f"{path} was open to other users of this machine (mode {before:04o}). It is closed now."


def _why_not_ours(folder: Path, found: os.stat_result) -> str:
    """Why others may need this folder, and closing it would break other things. Blank when it is ours alone."""
    if found.st_uid != os.geteuid():
        return "it belongs to another user"
    homes = (Path.home(), Path(tempfile.gettempdir()), Path(sys.prefix), Path(__file__))
    if any(folder == home or folder in home.parents for home in homes):
        return "other programs need it"
    for name in sorted(os.listdir(folder)):
        if not any(fnmatch(name, pattern) for pattern in (*OWN, *BESIDE)):
            return f"{name!r} in it is not of simweb"
    return ""
