"""Keyset pages: a cursor is the place of the last row, so pages stay right while runs are added."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from runs.models import RunQuerySet
from runs.specs import BadSpec, FieldError


def page_of(runs: RunQuerySet, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
    """Newest first: at most `limit` runs after `cursor`, and the cursor of the next page. Raises BadSpec for a bad cursor."""
    if cursor:
        moment, pk = _place(cursor)
        # The first bound is redundant, and what lets the index be used: 0.5 ms instead of 61 (reference/technology.md).
        runs = runs.filter(Q(created_at__lte=moment) & (Q(created_at__lt=moment) | Q(pk__lt=pk)))
    found = list(runs.order_by("-created_at", "-id")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    text = f"{last.created_at.astimezone(UTC).isoformat()} {last.pk}"
    return found[:limit], base64.urlsafe_b64encode(text.encode()).decode()


def _place(cursor: str) -> tuple[datetime, int]:
    try:
        moment, pk = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(moment).astimezone(UTC), int(pk)
    except (ValueError, OverflowError):
        raise BadSpec([FieldError(("cursor",), "Is not a cursor that this API has given out.")]) from None
