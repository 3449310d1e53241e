"""conduct: the only place where the engine meets the database."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings

from runs.journal import journal_of
from runs.models import Run
from runs.recording import Message, Recording, claim, is_last
from runs.services import TransitionRefused
from runs.specs import spec_of
from runs.states import FailureKind
from simweb.engine import BudgetExceeded, Spec
from simweb.engine.journal import Journal

logger = logging.getLogger(__name__)
LOG_INTERVAL = 1.0  # seconds between two looks at what the model printed


class PlayerDied(Exception):
    """The player ended without saying how the run ended; the message says how it died."""


class Player(Protocol):
    """Where a spec is played: in a child process, or in this one."""

    @property
    def log(self) -> str:
        """What the model has printed so far."""

    def play(self, spec: Spec, memory_mb: int | None, journal: Journal) -> Generator[list[Message]]:
        """The engine's messages (see simweb/engine/__main__.py), in batches, with at most so much memory;
        the journal is that of the run before.

        A batch comes at least once a second, empty if need be: while they come, the player is alive. Raises PlayerDied.
        """

    def stop(self) -> None:
        """End the play from any thread; `play` then ends too. Harmless when it has ended."""


class ServerStopping(PlayerDied):
    """The player was ended because its server is being stopped."""


@dataclass
class Watch:
    """The clocks of one play. They are the server's, so that no model can hold them up."""

    run: Run
    began: float = field(default_factory=time.monotonic)
    turn_at: float = field(default_factory=time.monotonic)

    def turn_came(self) -> None:
        """The next turn's time begins."""
        self.turn_at = time.monotonic()

    def overdue(self) -> str:
        """Which limit is passed, in words; blank while none is."""
        now = time.monotonic()
        if self.run.run_timeout_s is not None and now - self.began > self.run.run_timeout_s:
            return f"The run took longer than the {self.run.run_timeout_s} s it may take."
        if self.run.turn_timeout_s is not None and now - self.turn_at > self.run.turn_timeout_s:
            return f"A turn took longer than the {self.run.turn_timeout_s} s it may take."
        return ""

    @property
    def is_stalled(self) -> bool:
        """No turn for SIMWEB_STALL_SECONDS."""
        return time.monotonic() - self.turn_at > settings.STALL_SECONDS


def conduct(run_id: int, player: Player, name: str = "") -> bool:
    """Claim a run for the player called `name`, have it played, record it. False when there was nothing to claim."""
    recording = claim(run_id, name)
    if recording is None:
        return False
    logger.info("run %s: claimed", run_id)
    try:
        _record(recording, player)
    except ServerStopping as stopping:
        if recording.turns_done or not recording.give_back():
            _end(recording, FailureKind.LOST, "ServerStopped", str(stopping))
    except PlayerDied as death:
        recording.keep_log(player.log)  # its last words are the best clue there is
        _end(recording, FailureKind.LOST, "PlayerLost", str(death))
    except TransitionRefused as refused:
        logger.info("run %s: %s", run_id, refused)  # cancelled while its last turn was on the way
    except Exception as error:
        logger.exception("run %s: cannot be recorded", run_id)
        _end(recording, FailureKind.SYSTEM, type(error).__name__, f"The server could not record this run: {error}")
    return True


def _record(recording: Recording, player: Player) -> None:
    run, watch = recording.run, Watch(recording.run)
    kept_log, looked_at = "", time.monotonic()
    with contextlib.closing(player.play(spec_of(run), run.memory_limit_mb, journal_of(run))) as batches:
        for messages in batches:
            if calls := [message for message in messages if message["type"] == "call"]:
                recording.keep_calls(calls)
            turns = [message for message in messages if message["type"] == "turn"]
            if turns:
                watch.turn_came()
            if not (recording.add(turns) if turns else recording.beat()):
                logger.info("run %s: taken from its player", run.pk)
                return
            if frames := [message for message in messages if message["type"] == "frame"]:
                recording.keep_frames(frames)
            ended = is_last(messages)
            if time.monotonic() - looked_at > LOG_INTERVAL or ended:
                looked_at = time.monotonic()
                kept_log = _keep_log(recording, player.log, kept_log)
            if ended:
                _finish(recording, messages[-1])
            elif overdue := watch.overdue():
                _end(recording, FailureKind.TIMEOUT, "Timeout", overdue)
                return
            elif watch.is_stalled and not recording.stuck:
                recording.stall(f"no turn for {settings.STALL_SECONDS} s; its player is alive")


def _finish(recording: Recording, message: Message) -> None:
    if message["type"] == "played":
        recording.complete(message)
        return
    error, limit = message["error"], recording.run.memory_limit_mb
    if error["type"] == BudgetExceeded.__name__:
        recording.fail(FailureKind.BUDGET, error)
        return
    if limit is not None and "MemoryError" in error["type"]:
        said = f"The run needed more memory than the {limit} MiB it may hold. {error['message']}"
        recording.fail(FailureKind.SYSTEM, {**error, "message": said})
    else:
        recording.fail(FailureKind.MODEL, error)


def _keep_log(recording: Recording, log: str, kept: str) -> str:
    if log != kept:
        recording.keep_log(log)
    return log


def _end(recording: Recording, kind: FailureKind, error_type: str, message: str) -> None:
    error = {"type": error_type, "message": message, "turn": recording.turns_done + 1}
    try:
        recording.fail(kind, error)
    except TransitionRefused as refused:
        logger.info("run %s: %s", recording.run.pk, refused)  # it was cancelled, and that is how its player died
