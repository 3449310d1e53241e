"""Lives of runs for tests: each leads a queued run to a state through the same doors as an executor."""

from __future__ import annotations

from typing import Any

from runs import recording, services
from runs.models import Run
from runs.recording import Message, Recording
from runs.states import FailureKind, Status

ERROR: Message = {"type": "RuntimeError", "message": "boom", "turn": 3, "traceback": "Traceback: boom"}


def turn(number: int, **changes: Any) -> Message:
    """A turn as the engine reports it."""
    told: Message = {
        "type": "turn",
        "number": number,
        "duration_ms": 1.5,
        "actions": {"step": 10, "rest": 1},
        "metrics": {"turn.actions.total": 11, "turn.walk.place": number % 3},
        "problems": [],
        "tokens": None,
        "cost_usd": None,
    }
    return {**told, **changes}


def played(**changes: Any) -> Message:
    """The end of a play as the engine reports it."""
    told: Message = {"run_metrics": {"run.actions.total": 55}, "problems": [], "fingerprint": "f" * 64}
    return {"type": "played", **told, **changes}


def claimed(run: Run) -> Recording:
    """Take the run for playing."""
    recording_ = recording.claim(run.pk)
    assert recording_ is not None
    return recording_


def lead_to(run: Run, status: Status | str) -> Run:
    """Bring a queued run to the state; the run as it then is."""
    status = Status(status)
    if status is Status.CANCELLED:
        services.cancel(run, by=None)
    elif status is not Status.QUEUED:
        holder = claimed(run)
        holder.add([turn(1), turn(2)])
        if status is Status.COMPLETED:
            holder.complete(played())
        elif status is Status.FAILED:
            holder.fail(FailureKind.MODEL, ERROR)
        elif status is Status.STUCK:
            services.transition(run.pk, Status.STUCK)
    return Run.objects.get(pk=run.pk)
