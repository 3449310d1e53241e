"""What a Celery worker does: conduct one run, in a warm child of its own."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

from celery import shared_task
from celery.signals import worker_process_init, worker_process_shutdown, worker_ready

from runs.conductor import conduct
from runs.executors.child import WarmChild
from runs.upkeep import Upkeep
from simweb.engine.forkserver import die_with_parent

logger = logging.getLogger(__name__)
player = WarmChild()


@shared_task(name="simweb.conduct", ignore_result=True)
def conduct_run(run_id: int) -> None:
    """Play the run, unless somebody else has it or its time has not come."""
    conduct(run_id, player, f"{socket.gethostname()[:60]}-{os.getpid()}")


@worker_process_init.connect
def warm_up(**signal: Any) -> None:
    """Each process of the pool keeps a warm child; its main thread, which starts it, lives as long as it does.

    It dies with its worker: else a run would be played on by a process that nobody can stop any more.
    """
    die_with_parent(os.getppid())
    player.warm()


@worker_process_shutdown.connect
def cool_down(**signal: Any) -> None:
    """No child outlives its worker."""
    player.close()


@worker_ready.connect
def keep_up(**signal: Any) -> None:
    """A worker keeps the clock too: the lost are found even when no web server is up."""
    Upkeep().start()
