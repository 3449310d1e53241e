"""Outbox: what is to be told about a run that ended, written in the transaction that ended it, so that none is forgotten."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from runs.models import Delivery, Notifier, Run


def post(run: Run, at: datetime) -> None:
    """A delivery for each active notifier that wants to hear of this end."""
    ours = Q(simulation=run.simulation_id) | Q(simulation=None)
    notifiers = Notifier.objects.filter(ours, is_active=True)
    wanted = [notifier for notifier in notifiers if run.status in notifier.statuses]
    Delivery.objects.bulk_create(
        Delivery(notifier=notifier, run=run, created_at=at, next_try_at=at) for notifier in wanted
    )
