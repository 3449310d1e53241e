"""One server at a time on a data directory."""

from __future__ import annotations

import fcntl
import os
from typing import IO

from django.conf import settings
from django.core.management.base import CommandError


def only_one() -> IO[str]:
    """A lock that is held as long as what is returned, or this process, lives. Raises CommandError while a server has it:
    two would each take the other's runs for dead.
    """
    lock = open(settings.DATA_DIR / "server.lock", "a+")  # noqa: SIM115
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(
            f"Another simweb server uses {settings.DATA_DIR}. Stop it, or set SIMWEB_DATA_DIR to another folder."
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock
