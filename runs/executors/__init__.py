"""Executor: the place where runs are played. The queue is the table; a message is only a nudge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

BACKENDS = {
    "local": "runs.executors.local.LocalExecutor",
    "celery": "runs.executors.celery.CeleryExecutor",
    "immediate": "runs.executors.immediate.ImmediateExecutor",
    "idle": "runs.executors.idle.IdleExecutor",
}


class Executor(ABC):
    """The port. `tests/runs/test_executors.py` is its definition: every backend passes it."""

    @abstractmethod
    def start(self) -> None:
        """Begin to play: bury runs whose player is dead, take up those that wait."""

    @abstractmethod
    def stop(self) -> None:
        """End all play and every process of it."""

    @property
    def state(self) -> str:
        """ "ok" when it plays runs, else what is wrong; for /ready."""
        return "ok"

    def trouble(self) -> str:
        """What is wrong with those who play for it, found out by asking them; blank when nothing is. For /ready."""
        return ""

    @property
    def slots(self) -> int:
        """How many runs this process can play at once."""
        return 0

    @abstractmethod
    def run_queued(self, run_id: int) -> None:
        """A run waits: see to it that it is conducted, soon, somewhere."""

    @abstractmethod
    def run_ended(self, run_id: int) -> None:
        """A run has ended in the table: if it is being played here, end the play."""


@cache
def get_executor() -> Executor:
    """The executor that SIMWEB_EXECUTOR names."""
    backend: type[Executor] = import_string(BACKENDS[settings.EXECUTOR])
    return backend()


def on_run_changed(*, run_id: int, kind: str, **news: Any) -> None:
    """Listener of `run_changed`."""
    if kind == "queued":
        get_executor().run_queued(run_id)
    elif kind == "ended":
        get_executor().run_ended(run_id)
