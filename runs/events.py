"""History and news: an Event row is written with the change; the news goes out after the commit, and carries only ids."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.contrib.auth.models import User
from django.db import transaction
from django.dispatch import Signal

from runs.models import Event, Run

# Sent as (run_id, kind) after commit. Two listeners, connected in runs/apps.py: the executor and live.
run_changed = Signal()
# Sent as (run) within the transaction that ends a run: what a listener writes is kept or lost with the end.
run_ended = Signal()
# Sent as (run) within the transaction in which an ended run begins or ceases to count: it ended, was imported, deleted, restored.
run_counted = Signal()
# Sent as (runs) within the transaction that removes ended runs for good, before they go: those that counted until now.
runs_removed = Signal()

Kind = Literal["queued", "state", "ended", "progress", "problem", "deleted", "restored"]


def record(run_id: int, kind: str, at: datetime, *, actor: User | None = None, detail: str = "") -> None:
    """Write an event of a run; call it in the transaction of the change it tells of."""
    Event.objects.create(run_id=run_id, kind=kind, created_at=at, actor=actor, detail=detail[:500])


def announce(run: Run, kind: Kind) -> None:
    """Tell the listeners once the change is committed. A listener's failure cannot undo it."""
    run_id = run.pk
    transaction.on_commit(lambda: run_changed.send_robust(sender=Run, run_id=run_id, kind=kind), robust=True)
