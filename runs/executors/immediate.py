"""Play here and now, in the caller's thread: for tests and the shell."""

from __future__ import annotations

from collections.abc import Generator

from django.conf import settings

from runs.conductor import conduct
from runs.executors import Executor
from runs.recording import Message
from simweb.engine import Spec
from simweb.engine.journal import NOTHING, Journal
from simweb.engine.messages import messages_of


class InProcessPlayer:
    """Plays in this process; what the model prints is printed."""

    log = ""

    def __init__(self) -> None:
        self._stopped = False

    def play(self, spec: Spec, memory_mb: int | None = None, journal: Journal = NOTHING) -> Generator[list[Message]]:
        """One message a batch, after the calls that were made for it."""
        calls: list[Message] = []
        for message in messages_of(spec, settings.MAX_DECISIONS_PER_RUN, journal, calls.append):
            if self._stopped:
                return
            yield [*calls, message]
            calls.clear()

    def stop(self) -> None:
        """Takes effect after the turn that is being played."""
        self._stopped = True


class ImmediateExecutor(Executor):
    """A run is over when the call that queued it returns."""

    def __init__(self) -> None:
        self._playing: dict[int, InProcessPlayer] = {}

    def start(self) -> None:
        """Nothing to start: there is no life between calls."""

    def stop(self) -> None:
        """Nothing to stop."""

    def run_queued(self, run_id: int) -> None:
        player = self._playing[run_id] = InProcessPlayer()
        try:
            conduct(run_id, player)
        finally:
            del self._playing[run_id]

    def run_ended(self, run_id: int) -> None:
        if run_id in self._playing:
            self._playing[run_id].stop()
