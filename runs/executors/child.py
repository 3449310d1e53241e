"""ChildPlayer: one child process `python -m simweb.engine`, warm before it is needed, for one run."""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from typing import IO

from django.conf import settings

from runs.conductor import PlayerDied
from runs.recording import Message
from simweb.engine import Spec

CHUNK = 1 << 16
HELPINGS = 16  # a model that floods its output must not keep us from its turns
BEAT_SECONDS = 1.0
CUT = "\n[The log is cut here: a run keeps its first {:,} characters.]\n"


class ChildPlayer:
    """Start it from a thread that outlives it: the kernel kills the child when that thread ends."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "simweb.engine", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            # One thread a child: as many children as cores are meant to run side by side.
            env={**os.environ, "SIMWEB_DATA_DIR": str(settings.DATA_DIR), "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # a process group of its own: what the model starts ends with it
        )
        self._pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._exit = os.pidfd_open(self._process.pid)
        self._rest = b""
        self._log: list[str] = []
        self._log_room = settings.MAX_LOG_CHARACTERS
        self._stopped = os.eventfd(0)  # wakes the thread that plays, so that it can count the grace
        self._kill_at = math.inf

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return "".join(self._log)

    def play(self, spec: Spec, memory_mb: int | None = None) -> Generator[list[Message]]:
        """The first turn comes at once; after it, what arrived within SIMWEB_RECORD_INTERVAL_MS comes together.

        An empty batch, at least once a second, says no more than that the process is alive.
        """
        ended = False
        if memory_mb is not None:
            self._limit_memory(memory_mb)
        try:
            with contextlib.suppress(BrokenPipeError):  # it died while it waited: seen below as the end of its pipes
                self._process.stdin.write(spec.to_json().encode() + b"\n")  # type: ignore[union-attr]
                self._process.stdin.flush()  # type: ignore[union-attr]
            for batch in self._batches():
                ended = bool(batch) and batch[-1]["type"] != "turn"
                yield batch
            if not ended:
                raise PlayerDied(self._how_it_died())
        finally:
            self.close()

    def _limit_memory(self, mebibytes: int) -> None:
        """Beyond it the model gets a MemoryError, and the machine nothing of it."""
        limit = mebibytes * 1024 * 1024
        resource.prlimit(self._process.pid, resource.RLIMIT_DATA, (limit, limit))

    def stop(self) -> None:
        """SIGTERM to the whole process group, SIGKILL after the grace. Returns at once; call it from any thread."""
        self._kill_at = min(self._kill_at, time.monotonic() + settings.STOP_GRACE_SECONDS)
        self._signal(signal.SIGTERM)
        with contextlib.suppress(OSError):  # closed before: there is nobody left to wake
            os.eventfd_write(self._stopped, 1)

    def close(self) -> None:
        """See the process and its group to their end, and let go of its pipes."""
        if self._exit < 0:
            return
        if self._process.poll() is None:
            self.stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, self._kill_at - time.monotonic()))
        self._signal(signal.SIGKILL)  # it ignored the first signal, or left behind what it had started itself
        self._process.wait()
        for pipe in self._pipes:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]
        os.close(self._exit)
        os.close(self._stopped)
        self._exit = self._stopped = -1

    def _batches(self) -> Iterator[list[Message]]:
        interval, due, beat = settings.RECORD_INTERVAL_MS / 1000, 0.0, time.monotonic() + BEAT_SECONDS
        batch: list[Message] = []
        with selectors.DefaultSelector() as selector:
            self._register(selector)
            while True:
                events = selector.select(self._patience(min(beat, due if batch else math.inf)))
                # Exit is asked before the pipes are emptied, so nothing written before it is missed. Pipes alone do not
                # tell of it: a process that the model left behind may hold them open.
                has_exited = any(key.fd == self._exit for key, _ in events)
                for key, _ in events:
                    if key.data is not None and key.data(batch) is None:
                        selector.unregister(key.fileobj)  # at its end a pipe is for ever readable
                while has_exited and (self._read_messages(batch) or self._read_log(batch)):
                    pass
                if time.monotonic() >= self._kill_at:
                    self._signal(signal.SIGKILL)
                ended = has_exited or (bool(batch) and batch[-1]["type"] != "turn")
                if batch and (ended or time.monotonic() >= due):
                    yield batch
                    due, batch = time.monotonic() + interval, []
                    beat = time.monotonic() + BEAT_SECONDS
                elif time.monotonic() >= beat:
                    yield []
                    beat = time.monotonic() + BEAT_SECONDS
                if ended:
                    return

    def _register(self, selector: selectors.BaseSelector) -> None:
        """Each source with its reader, which says how much it read, or None at the end."""
        for pipe, reader in ((self._process.stdout, self._read_messages), (self._process.stderr, self._read_log)):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, reader)
        selector.register(self._exit, selectors.EVENT_READ)
        selector.register(self._stopped, selectors.EVENT_READ, lambda batch: os.eventfd_read(self._stopped))

    def _patience(self, due: float) -> float:
        """Seconds until there is something to do even if nothing arrives."""
        return max(0.0, min(due, self._kill_at) - time.monotonic())

    def _read_messages(self, batch: list[Message]) -> int | None:
        data = _available(self._process.stdout)
        *lines, self._rest = (self._rest + (data or b"")).split(b"\n")
        messages = (json.loads(line) for line in lines)
        batch.extend(message for message in messages if message["type"] != "ready")
        return None if data is None else len(data)

    def _read_log(self, batch: list[Message]) -> int | None:
        data = _available(self._process.stderr)
        text = (data or b"").decode(errors="replace").replace("\0", "�")
        if text and self._log_room > 0:
            self._log.append(text[: self._log_room])
            self._log_room -= len(text)
            if self._log_room <= 0:
                self._log.append(CUT.format(settings.MAX_LOG_CHARACTERS))
        return None if data is None else len(data)

    def _how_it_died(self) -> str:
        status = self._process.wait()
        if status < 0:
            return f"The process that played this run was killed by {signal.Signals(-status).name}."
        return f"The process that played this run ended with exit status {status} and without a result."

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _available(pipe: IO[bytes] | None) -> bytes | None:
    """What can be read now without waiting, a bounded helping of it; None at the end of the pipe."""
    assert pipe is not None
    parts: list[bytes] = []
    try:
        while len(parts) < HELPINGS:
            part = os.read(pipe.fileno(), CHUNK)
            if not part:
                return b"".join(parts) or None
            parts.append(part)
    except BlockingIOError:
        pass
    return b"".join(parts)


class WarmChild:
    """A player that always has a warm child ready, and one more while it plays. Use it from one thread that stays."""

    def __init__(self) -> None:
        self._child: ChildPlayer | None = None
        self._spare: ChildPlayer | None = None
        self._played: ChildPlayer | None = None

    @property
    def log(self) -> str:
        return self._played.log if self._played else ""

    def warm(self) -> None:
        """Start a child, if there is none."""
        self._child = self._child or ChildPlayer()

    def play(self, spec: Spec, memory_mb: int | None = None) -> Generator[list[Message]]:
        """The next child gets warm when the first turn is out, not before: it would slow it."""
        self.warm()
        self._played, self._child = self._child, None
        assert self._played is not None
        try:
            for batch in self._played.play(spec, memory_mb):
                yield batch
                if batch:
                    self._spare = self._spare or ChildPlayer()
        finally:
            self._child, self._spare = self._spare, None

    def stop(self) -> None:
        """End the play, from any thread; never the child of the next run."""
        if self._played is not None:
            self._played.stop()

    def close(self) -> None:
        """End every child."""
        for child in (self._child, self._spare, self._played):
            if child is not None:
                child.close()
        self._child = self._spare = None
