"""Answering: a question about a run is answered by a process of its own that plays the run again, a few at a time."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings

from runs.executors.surroundings import environment_of_engine, without_secrets
from simweb.engine.messages import LONGEST_MESSAGE

SIDE_BY_SIDE = 2
PATIENCE_SECONDS = 5.0  # for others to have their answers
LAST_WORDS = 4_096
_places = threading.BoundedSemaphore(SIDE_BY_SIDE)


class Busy(Exception):
    """As many questions are being answered as may be at once."""

    retry_after = 5

    def __init__(self) -> None:
        super().__init__(
            f"{SIDE_BY_SIDE} other questions are being answered just now. Ask again in {self.retry_after} seconds."
        )


class TooSlow(Exception):
    """The run could not be played again in time."""

    def __init__(self) -> None:
        super().__init__(
            f"The run could not be played again within {settings.ANSWER_SECONDS} s. "
            "Whoever runs this server can allow more with SIMWEB_ANSWER_SECONDS."
        )


class Crashed(Exception):
    """The process that should answer came to another end."""


def answered(question: Mapping[str, Any], memory_mb: int | None) -> dict[str, Any]:
    """What `python -m simweb.engine answer` says of it. Raises Busy, TooSlow or Crashed."""
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Busy
    try:
        # Files, not pipes: nothing that is written or read can make us wait for longer than the process may take.
        with TemporaryFile() as asked, TemporaryFile() as said, TemporaryFile() as log:
            asked.write(json.dumps(question).encode() + b"\n")
            asked.seek(0)
            status = _status_of(asked, said, log, memory_mb)
            said.seek(0)
            return _read(said.read(), status, log)
    finally:
        _places.release()


def _status_of(asked: IO[bytes], said: IO[bytes], log: IO[bytes], memory_mb: int | None) -> int:
    """Play; the exit status. Whatever comes, nothing is left of the process or of what it has started."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simweb.engine", "answer"],
        stdin=asked,
        stdout=said,
        stderr=log,
        cwd=settings.BASE_DIR,
        env=environment_of_engine(),
        start_new_session=True,
    )
    exit_of = os.pidfd_open(process.pid)
    try:
        _limit(process.pid, memory_mb)
        waiting = select.poll()
        waiting.register(exit_of, select.POLLIN)
        if not waiting.poll(settings.ANSWER_SECONDS * 1000):
            raise TooSlow
    finally:
        os.close(exit_of)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # before it is reaped, so that the number is still its own
        process.wait()
    return process.returncode


def _limit(pid: int, memory_mb: int | None) -> None:
    """Of memory what the run had; and of the processor, so that it ends even when this server dies in the middle."""
    seconds = settings.ANSWER_SECONDS + 5
    limits = [(resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, LONGEST_MESSAGE)]
    if memory_mb is not None:
        limits.append((resource.RLIMIT_DATA, memory_mb * 1024 * 1024))
    with suppress(ProcessLookupError):
        for what, most in limits:
            resource.prlimit(pid, what, (most, most))


def _read(said: bytes, status: int, log: IO[bytes]) -> dict[str, Any]:
    if status == 0:
        with suppress(ValueError):
            found: dict[str, Any] = json.loads(said)
            return found
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
    log.seek(max(0, log.seek(0, os.SEEK_END) - LAST_WORDS))
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    last = f" Its last words: {without_secrets(lines[-1])}" if lines else ""
    raise Crashed(f"The process that played the run again {how}, without an answer.{last}")
