"""Removal: the tables that grow by themselves, and after how long a row of each is of no use to anybody. Runs: `retention`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from runs.models import BulkAct, Delivery
from runs.presence import forget_the_gone
from runs.states import Delivered
from simweb.access.idempotency import KEPT_FOR
from simweb.access.models import IdempotentRequest, SignInLink

BATCH = 500  # a bounded batch at a time: no writer waits for all of them
BATCHES = 10  # at once, of all tables together: whoever removes has other duties
MONTH, YEAR = timedelta(days=30), timedelta(days=365)

# What is of no use any more at a given moment. What a run leaves goes with the run, by its foreign keys.
RULES: tuple[Callable[[datetime], QuerySet[Any]], ...] = (
    lambda now: IdempotentRequest.objects.filter(created_at__lt=now - KEPT_FOR),
    lambda now: Session.objects.filter(expire_date__lt=now),
    lambda now: SignInLink.objects.filter(expires_at__lt=now),
    lambda now: AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME),
    lambda now: Delivery.objects.exclude(outcome=Delivered.PENDING).filter(created_at__lt=now - MONTH),
    lambda now: BulkAct.objects.filter(finished_at__lt=now - MONTH),
    lambda now: LogEntry.objects.filter(action_time__lt=now - YEAR),
)


def remove_the_useless() -> tuple[int, bool]:
    """Remove, of each table, what its rule says, a few batches of all; how many rows, and whether there may be more."""
    removed, batches, now = forget_the_gone(), BATCHES, timezone.now()
    for rule in RULES:
        rows = rule(now)
        while batch := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
            if not batches:
                return removed, True
            removed += rows.filter(pk__in=batch).delete()[0]
            batches -= 1
    return removed, False
