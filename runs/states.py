"""The life of a run: its states, and the one table of what may follow what.

queued ⇄ running ⇄ stuck          back to queued only when nothing was recorded and the server ends
   │          ├────────────▶ completed
   │          ├────────────▶ failed
   └──────────┴────────────▶ cancelled
"""

from __future__ import annotations

from django.db.models import TextChoices


class Status(TextChoices):
    QUEUED = "queued"  # waits for an executor
    RUNNING = "running"  # being played
    STUCK = "stuck"  # no turn and no sign of life for a while; may come back
    COMPLETED = "completed"  # played to its end
    FAILED = "failed"  # ended by an error; see failure_kind
    CANCELLED = "cancelled"  # ended by a person

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL


class Trigger(TextChoices):
    MANUAL = "manual"
    SCHEDULE = "schedule"
    API = "api", "API"
    EXPERIMENT = "experiment"
    VERIFY = "verify"


class FailureKind(TextChoices):
    MODEL = "model"  # the scenario's own code raised
    LOST = "lost"  # its player died
    TIMEOUT = "timeout"
    BUDGET = "budget"
    SYSTEM = "system"  # the machine refused: memory, disk


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.CANCELLED}),
    Status.RUNNING: frozenset({Status.QUEUED, Status.STUCK, Status.COMPLETED, Status.FAILED, Status.CANCELLED}),
    Status.STUCK: frozenset({Status.RUNNING, Status.COMPLETED, Status.FAILED, Status.CANCELLED}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}
TERMINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)
PLAYING = frozenset({Status.RUNNING, Status.STUCK})


def sources(target: Status) -> list[Status]:
    """The states from which `target` may be reached."""
    return [status for status, following in TRANSITIONS.items() if target in following]


class Missed(TextChoices):
    """What becomes of scheduled moments at which no server ran."""

    ONCE = "once", "Run once for all that were missed"
    SKIP = "skip", "Skip them"


class Overlap(TextChoices):
    """What becomes of a scheduled moment at which the scheduled run before still waits or is being played."""

    START = "start", "Start one more"
    SKIP = "skip", "Skip the moment"


class Channel(TextChoices):
    """How a notifier reaches people."""

    WEBHOOK = "webhook"
    SLACK = "slack"  # and whatever understands its payload
    EMAIL = "email", "E-mail"


class Delivered(TextChoices):
    """What became of one notification."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class Act(TextChoices):
    """What a person may do to a run."""

    STOP = "stop"
    RETRY = "retry"
    AGAIN = "again", "Run again"
    VERIFY = "verify"
    DELETE = "delete"


def acts(status: Status) -> list[Act]:
    """What may be done in this state: menus, buttons and the API all ask here."""
    if not status.is_terminal:
        return [Act.STOP, Act.AGAIN]
    return [Act.AGAIN, Act.VERIFY, Act.DELETE] if status is Status.COMPLETED else [Act.RETRY, Act.AGAIN, Act.DELETE]
