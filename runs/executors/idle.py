"""Play nothing: what is queued stays queued. For tests, and for a server that is only to be looked at."""

from __future__ import annotations

from runs.executors import Executor


class IdleExecutor(Executor):
    """Runs wait until a server with another executor takes them up."""

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    @property
    def state(self) -> str:
        return "idle: this server plays no runs"

    def run_queued(self, run_id: int) -> None:
        """It waits."""

    def run_ended(self, run_id: int) -> None:
        """Nothing was playing it here."""
