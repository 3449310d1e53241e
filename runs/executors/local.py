"""Play in child processes of this server: the default. Supposes one server process on its data directory."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Generator

from django.conf import settings
from django.db import Error as DatabaseGone
from django.db import close_old_connections, connections

from runs import queries
from runs.conductor import PlayerDied, ServerStopping, conduct
from runs.executors import Executor
from runs.executors.child import WarmChild
from runs.presence import own_name
from runs.recording import Message, bury
from simweb.engine import Spec
from simweb.engine.journal import NOTHING, Journal

logger = logging.getLogger(__name__)
# Runs queued by other processes send no nudge here; the table is asked this often.
LOOK_SECONDS = 1.0


class Worker(threading.Thread):
    """One slot: a thread that lives as long as the executor and starts its children itself (see ChildPlayer)."""

    def __init__(self, executor: LocalExecutor, number: int) -> None:
        super().__init__(name=f"worker-{number}", daemon=True)
        self._executor = executor
        self._player = WarmChild()
        self._lock = threading.Lock()
        self._playing = False
        self._stopped = False
        self._cold = ""  # why it has no child

    @property
    def log(self) -> str:
        return self._player.log

    @property
    def trouble(self) -> str:
        """Why it could not play just now; blank when nothing is known."""
        return self._cold or self._player.trouble

    def run(self) -> None:
        while not self._executor.closing:
            self._get_ready()
            run_id = self._executor.next_run(self)
            if run_id is None:
                continue
            try:
                conduct(run_id, self, self._executor.name)
            except Exception:
                logger.exception("run %s: the worker goes on with the next", run_id)
                close_old_connections()
            finally:
                self._executor.done(run_id)
        self._player.close()
        connections.close_all()

    def _get_ready(self) -> None:
        """Have a warm child. While none can be started, no run is taken: it could only be lost."""
        while not self._executor.closing:
            try:
                self._player.warm()
                self._cold = ""
                return
            except PlayerDied as death:
                self._cold = str(death)
                logger.warning("%s: %s; it is tried again", self.name, death)
                self._executor.pause()

    def take(self) -> None:
        """Another run begins: what was stopped before was not this one."""
        with self._lock:
            self._stopped = False

    def play(self, spec: Spec, memory_mb: int | None = None, journal: Journal = NOTHING) -> Generator[list[Message]]:
        """Play in the warm child, unless the run was stopped before it began."""
        with self._lock:
            if self._stopped:
                raise self._death("The run was stopped before its first turn.")
            self._playing = True
        try:
            yield from self._player.play(spec, memory_mb, journal)
        except PlayerDied as death:
            raise self._death(str(death)) from None
        finally:
            with self._lock:
                self._playing = False

    def stop(self) -> None:
        """End the play, now or before it begins; it ends with PlayerDied. Never touches the child of the next run."""
        with self._lock:
            self._stopped = True
            if self._playing:
                self._player.stop()

    def _death(self, words: str) -> PlayerDied:
        if self._executor.closing:
            return ServerStopping("The server was stopped while this run was being played.")
        return PlayerDied(words)


class LocalExecutor(Executor):
    """As many runs side by side as there are workers."""

    def __init__(self) -> None:
        count = settings.WORKERS or os.cpu_count() or 1
        self._workers = [Worker(self, number) for number in range(1, count + 1)]
        self._news = threading.Condition()
        self._playing: dict[int, Worker] = {}
        self.name = own_name()
        self.closing = False
        self._started = False

    def start(self) -> None:
        """Nothing of ours can be playing yet: what says it is has lost its player. Others' runs are the upkeep's affair."""
        self._started = True
        for run_id, lease in queries.played_by(self.name):
            bury(run_id, "The server ended while this run was being played.", fence=lease)
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        with self._news:
            self.closing = True
            self._news.notify_all()
            self._news.wait_for(lambda: not self._playing, settings.DRAIN_SECONDS)
            playing = list(self._playing.values())
        for worker in playing:
            worker.stop()
        for worker in self._workers:
            worker.join(settings.STOP_GRACE_SECONDS + 5)

    @property
    def state(self) -> str:
        if not self._started:
            return "not started in this process"
        alive = sum(worker.is_alive() for worker in self._workers)
        if alive < len(self._workers):
            return f"{alive} of {len(self._workers)} workers alive"
        troubles = [f"{worker.name}: {worker.trouble}" for worker in self._workers if worker.trouble]
        return ", ".join(troubles) or "ok"

    @property
    def slots(self) -> int:
        return len(self._workers)

    def run_queued(self, run_id: int) -> None:
        with self._news:
            self._news.notify()

    def run_ended(self, run_id: int) -> None:
        with self._news:
            worker = self._playing.get(run_id)
        if worker is not None:
            worker.stop()

    def next_run(self, worker: Worker) -> int | None:
        """Reserve a run for `worker`; None when there is none, after a wait for news."""
        with self._news:
            run_id = None if self.closing else self._look()
            if run_id is not None:
                self._playing[run_id] = worker
                worker.take()
            elif not self.closing:
                self._news.wait(LOOK_SECONDS)
            return run_id

    def _look(self) -> int | None:
        """The run to play next. A database that is away costs patience, not the worker."""
        try:
            return queries.next_queued(without=set(self._playing))
        except DatabaseGone:
            logger.exception("the queue cannot be read; it is tried again in a second")
            close_old_connections()
            return None

    def pause(self) -> None:
        """Let a moment pass, or until there is news."""
        with self._news:
            self._news.wait(LOOK_SECONDS)

    def done(self, run_id: int) -> None:
        """The worker is free again."""
        with self._news:
            self._playing.pop(run_id, None)
            if self.closing:
                self._news.notify_all()
