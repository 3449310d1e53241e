"""ChildPlayer: one child process of the engine, warm before it is needed, for one run."""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import selectors
import signal
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict

from django.conf import settings

from runs.conductor import PlayerDied
from runs.executors.forks import ForkServer
from runs.executors.log import Log
from runs.executors.pipe import MessageReader, Unreadable
from runs.executors.surroundings import without_secrets
from runs.recording import Message, is_last
from simweb.engine import Spec
from simweb.engine.journal import NOTHING, Journal
from simweb.engine.messages import describe
from simweb.engine.processes import descendants, held_bytes

CHUNK = 1 << 16
HELPINGS = 16  # a model that floods its output must not keep us from its turns
BEAT_SECONDS = 1.0
LAST_READS = 64  # of a process that has ended; one that it left behind may write for ever
MEBIBYTE = 1024 * 1024


class ChildPlayer:
    """Plays one run in a child that its fork server makes now."""

    def __init__(self, forks: ForkServer) -> None:
        self._stopped = os.eventfd(0)  # wakes the thread that plays, so that it can count the grace
        try:
            self._child = forks.fork()
        except PlayerDied:
            os.close(self._stopped)
            raise
        self._status: int | None = None
        self._closed = False
        self._lock = threading.Lock()  # who stops it must not signal, nor write to, what was closed meanwhile
        self._messages = MessageReader()
        self._turn = 0
        self._memory_mb: int | None = None
        self._is_deaf = False  # it said what nobody can read; what follows is thrown away
        self._log = Log(settings.MAX_LOG_CHARACTERS)
        self._kill_at = math.inf

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def has_ended(self) -> bool:
        """Nothing is left of the process."""
        return self._closed or self._child.has_ended(within=0)

    @property
    def log(self) -> str:
        return without_secrets(self._log.text)

    def play(self, spec: Spec, memory_mb: int | None = None, journal: Journal = NOTHING) -> Generator[list[Message]]:
        """The first turn comes at once; after it, what arrived within SIMWEB_RECORD_INTERVAL_MS comes together.

        An empty batch, at least once a second, says no more than that the process is alive.
        """
        ended = False
        self._memory_mb = memory_mb
        if memory_mb is not None:
            self._limit_memory(memory_mb)
        try:
            with contextlib.suppress(BrokenPipeError):  # it died while it waited: seen below as its end
                self._child.stdin.write(_order(spec, journal))
                self._child.stdin.flush()
            for batch in self._batches():
                if batch and batch[-1]["type"] == "failed" and self._kill_at < math.inf:
                    break  # it was told to end, and says so in its own way: that is no failure of the model
                ended = is_last(batch)
                yield batch
        finally:
            self.close()
        if not ended:
            raise PlayerDied(self._how_it_died())

    def _limit_memory(self, mebibytes: int) -> None:
        """Beyond it the model gets a MemoryError, and the machine nothing of it."""
        limit = mebibytes * MEBIBYTE
        resource.prlimit(self.pid, resource.RLIMIT_DATA, (limit, limit))

    def _watch_memory(self, batch: list[Message]) -> None:
        """The kernel's limit counts neither shared memory nor what other processes of the model hold: that is looked at."""
        if self._memory_mb is None:
            return
        held = held_bytes([self.pid, *descendants(self.pid)]) // MEBIBYTE
        if held > self._memory_mb:
            error = MemoryError(f"With its shared memory and its processes it held {held:,} MiB.")
            self._give_up(batch, error)

    def _give_up(self, batch: list[Message], error: Exception) -> None:
        """End the run by what its process did; what that process says from now on is thrown away."""
        self._is_deaf = True
        batch.append({"type": "failed", "error": {**describe(error, self._turn + 1), "traceback": ""}})

    def stop(self) -> None:
        """SIGTERM to the whole process group, SIGKILL after the grace. Returns at once; call it from any thread."""
        with self._lock:
            if self._closed:
                return
            self._kill_at = min(self._kill_at, time.monotonic() + settings.STOP_GRACE_SECONDS)
            self._child.signal_group(signal.SIGTERM)
            os.eventfd_write(self._stopped, 1)

    def close(self) -> None:
        """See the process and its group to their end, and let go of its pipes."""
        if self._closed:
            return
        if not self.has_ended:
            self.stop()
            self._child.has_ended(within=self._kill_at - time.monotonic())
        self._child.signal_group(
            signal.SIGKILL
        )  # it ignored the first signal, or left behind what it had started itself
        self._child.has_ended(within=None)
        with self._lock:
            self._closed = True
            self._status = self._child.close()
            os.close(self._stopped)

    def _batches(self) -> Iterator[list[Message]]:
        interval, due, beat = settings.RECORD_INTERVAL_MS / 1000, 0.0, time.monotonic() + BEAT_SECONDS
        batch: list[Message] = []
        with selectors.DefaultSelector() as selector:
            self._register(selector)
            while True:
                events = selector.select(self._patience(min(beat, due if batch else math.inf)))
                # Exit is asked before the pipes are emptied, so nothing written before it is missed. Pipes alone do not
                # tell of it: a process that the model left behind may hold them open.
                has_exited = any(key.fd == self._child.exit for key, _ in events)
                for key, _ in events:
                    if key.data is not None and key.data(batch) is None:
                        selector.unregister(key.fileobj)  # at its end a pipe is for ever readable
                if has_exited:
                    self._read_rest(batch)
                if time.monotonic() >= beat and not is_last(batch):
                    self._watch_memory(batch)
                if is_last(batch):
                    self._read_log(batch)  # what it printed before its last word is in the pipe by now
                if time.monotonic() >= self._kill_at:
                    self._child.signal_group(signal.SIGKILL)
                ended = has_exited or is_last(batch)
                if batch and (ended or time.monotonic() >= due):
                    yield batch
                    due, batch = time.monotonic() + interval, []
                    beat = time.monotonic() + BEAT_SECONDS
                elif time.monotonic() >= beat:
                    yield []
                    beat = time.monotonic() + BEAT_SECONDS
                if ended:
                    return

    def _read_rest(self, batch: list[Message]) -> None:
        for _ in range(LAST_READS):
            if not (self._read_messages(batch) or self._read_log(batch)):
                return

    def _register(self, selector: selectors.BaseSelector) -> None:
        """Each source with its reader, which says how much it read, or None at the end."""
        for pipe, reader in ((self._child.stdout, self._read_messages), (self._child.stderr, self._read_log)):
            os.set_blocking(pipe, False)
            selector.register(pipe, selectors.EVENT_READ, reader)
        selector.register(self._child.exit, selectors.EVENT_READ)
        selector.register(self._stopped, selectors.EVENT_READ, lambda batch: os.eventfd_read(self._stopped))

    def _patience(self, due: float) -> float:
        """Seconds until there is something to do even if nothing arrives."""
        return max(0.0, min(due, self._kill_at) - time.monotonic())

    def _read_messages(self, batch: list[Message]) -> int | None:
        data = _available(self._child.stdout)
        if data and not self._is_deaf:
            try:
                for message in self._messages.read(data):
                    self._turn = message.get("number", self._turn)
                    if message["type"] != "ready":
                        batch.append(message)
            except Unreadable as error:
                self._give_up(batch, error)
        return None if data is None else len(data)

    def _read_log(self, batch: list[Message]) -> int | None:
        data = _available(self._child.stderr)
        if data:
            self._log.write(data)
        return None if data is None else len(data)

    def _how_it_died(self) -> str:
        if self._status is None:
            return "The process that played this run was killed, and the one that had started it."
        if self._status < 0:
            return f"The process that played this run was killed by {signal.Signals(-self._status).name}."
        return f"The process that played this run ended with exit status {self._status} and without a result."


def _order(spec: Spec, journal: Journal) -> bytes:
    """The line that the child reads."""
    if journal.is_empty:
        return spec.to_json().encode() + b"\n"
    return json.dumps({**asdict(spec), "journal": journal.as_json()}).encode() + b"\n"


def _available(pipe: int) -> bytes | None:
    """What can be read now without waiting, a bounded helping of it; None at the end of the pipe."""
    parts: list[bytes] = []
    try:
        while len(parts) < HELPINGS:
            part = os.read(pipe, CHUNK)
            if not part:
                return b"".join(parts) or None
            parts.append(part)
    except BlockingIOError:
        pass
    return b"".join(parts)


class WarmChild:
    """A player that has a warm child ready whenever it plays nothing. Use it from one thread that stays."""

    def __init__(self) -> None:
        self._forks = ForkServer()
        self._child: ChildPlayer | None = None
        self._played: ChildPlayer | None = None

    @property
    def log(self) -> str:
        return self._played.log if self._played else ""

    @property
    def trouble(self) -> str:
        """Why no child can be had just now; blank when nothing is known."""
        return self._forks.trouble

    def warm(self) -> None:
        """Have a living child ready. Raises PlayerDied."""
        if self._child is not None and (self._child.has_ended or self._forks.trouble):
            self._child.close()
            self._child = None
        try:
            self._child = self._child or ChildPlayer(self._forks)
        except OSError as error:  # no descriptor is left
            raise PlayerDied(f"The process that should play this run could not be started: {error}") from error

    def play(self, spec: Spec, memory_mb: int | None = None, journal: Journal = NOTHING) -> Generator[list[Message]]:
        """Play in the child that is ready, then have the next one ready."""
        self._played = None
        self.warm()
        self._played, self._child = self._child, None
        assert self._played is not None
        try:
            yield from self._played.play(spec, memory_mb, journal)
        finally:
            with contextlib.suppress(PlayerDied):  # the next play tries again, and tells
                self.warm()

    def stop(self) -> None:
        """End the play, from any thread; never the child of the next run."""
        if self._played is not None:
            self._played.stop()

    def close(self) -> None:
        """End every child."""
        for child in (self._child, self._played):
            if child is not None:
                child.close()
        self._child = None
        self._forks.close()
