"""What a Celery worker does: conduct one run at a time in each process of its pool, in a warm child of its own."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import socket
import time
from collections.abc import Generator
from multiprocessing.sharedctypes import RawValue
from typing import Any
from uuid import uuid4

from celery import shared_task
from celery.signals import (
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings

from runs.conductor import PlayerDied, ServerStopping, conduct
from runs.executors.child import WarmChild
from runs.models import ServerProcess
from runs.presence import Presence
from runs.recording import Message, is_last
from runs.upkeep import Upkeep
from simweb.engine import Spec
from simweb.engine.journal import NOTHING, Journal
from simweb.engine.processes import die_with_parent
from simweb.hangup import LIKE_SIGTERM, end_like_sigterm

logger = logging.getLogger(__name__)
# The worker writes, the processes of its pool, forked from it, read: who the worker is, and the moment of the machine's
# monotonic clock at which what is still being played must end.
worker_pid = RawValue("i", 0)
patient_until = RawValue("d", math.inf)
# Another name after each start: who was killed is not taken for who came after it.
presence = Presence(f"{socket.gethostname()[:60]}-{uuid4().hex[:12]}", ServerProcess.Kind.WORKER, 0)
upkeep = Upkeep(presence)
LEAVE_SECONDS = 3
STOPPED = "The worker was stopped while this run was being played."


class Slot:
    """A warm child, and the end of its play when the worker is being stopped and has no patience left."""

    def __init__(self) -> None:
        self._child = WarmChild()
        self.was_told_to_end = False

    @property
    def log(self) -> str:
        return self._child.log

    def warm(self) -> None:
        """Have a child ready."""
        self._child.warm()

    def play(self, spec: Spec, memory_mb: int | None = None, journal: Journal = NOTHING) -> Generator[list[Message]]:
        """The child's messages. It says something every second, and that is how often the patience is asked after."""
        try:
            with contextlib.closing(self._child.play(spec, memory_mb, journal)) as batches:
                for batch in batches:
                    if time.monotonic() > patient_until.value and not is_last(batch):
                        raise ServerStopping(STOPPED)
                    yield batch
        except PlayerDied:
            if self.was_told_to_end:  # by a signal to all processes of the worker, which the child has felt too
                raise ServerStopping(STOPPED) from None
            raise

    def stop(self) -> None:
        self._child.stop()

    def close(self) -> None:
        """End every child."""
        self._child.close()


slot = Slot()


@shared_task(name="simweb.conduct", ignore_result=True)
def conduct_run(run_id: int) -> None:
    """Play the run, unless somebody else has it or its time has not come."""
    if time.monotonic() > patient_until.value:
        return  # it stays in the queue, and another worker will be asked
    try:
        slot.warm()
    except PlayerDied as death:
        logger.warning("run %s: %s; it stays in the queue", run_id, death)
        return
    usual = {number: signal.signal(number, finish_first) for number in (signal.SIGTERM, *LIKE_SIGTERM)}
    try:
        conduct(run_id, slot, f"{socket.gethostname()[:60]}-{os.getpid()}")
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    if slot.was_told_to_end:
        raise SystemExit(0)


def finish_first(number: int, frame: Any) -> None:
    """SIGTERM to this process while it plays, as a service manager sends it to all, or what a terminal sends to all: the
    worker's patience decides."""
    slot.was_told_to_end = True


@worker_init.connect
def be_known(**news: Any) -> None:
    """Before any process of the pool is forked."""
    worker_pid.value = os.getpid()


@worker_process_init.connect
def warm_up(**news: Any) -> None:
    """Each process of the pool keeps a warm child; its main thread, which starts it, lives as long as it does.

    It dies with its worker: else a run would be played on by a process that nobody can stop any more.
    """
    die_with_parent(worker_pid.value)
    slot.warm()


@worker_process_shutdown.connect
def cool_down(**news: Any) -> None:
    """No child outlives its worker."""
    slot.close()


@worker_ready.connect
def keep_up(sender: Any, **news: Any) -> None:
    """A worker keeps the clock too: the lost are found even when no web server is up."""
    end_like_sigterm()  # Celery would be restarted by the one, and give up everything at the other
    presence.slots = sender.controller.concurrency
    upkeep.start()


@worker_shutting_down.connect
def begin_to_end(**news: Any) -> None:
    """What is being played has SIMWEB_DRAIN_SECONDS to finish."""
    patient_until.value = min(patient_until.value, time.monotonic() + settings.DRAIN_SECONDS)
    presence.slots = 0  # it takes no more


@worker_shutdown.connect
def be_gone(**news: Any) -> None:
    """Its pool has ended."""
    upkeep.stop()
    if upkeep.is_alive():
        upkeep.join(LEAVE_SECONDS)
