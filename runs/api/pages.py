"""Pages of what a run, or a lab, has much of: bounded by their rows, and by how many bytes these make."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from django.db.models import Model, QuerySet
from ninja import Query

from runs.paging import AT_ONCE, PAGE_BYTES

Row = TypeVar("Row")
Kept = TypeVar("Kept", bound=Model)
After = Annotated[int, Query(0, ge=0, le=2**31 - 1)]
AfterId = Annotated[int, Query(0, ge=0, le=2**63 - 1)]
ThousandAtMost = Annotated[int, Query(1000, ge=1, le=1000)]


class Page(NamedTuple, Generic[Row]):
    """The rows, what is told of each, and the place of the next page; None when there is none."""

    rows: list[Row]
    told: list[Any]
    following: int | None


def page(
    read: Callable[[int, int], list[tuple[int, Row]]], tell: Callable[[Row], Any], after: int, limit: int
) -> Page[Row]:
    """At most `limit` rows that come after a place, fewer where they are large.

    `read` gives rows, each with its place, that come after one; `tell` what the answer says of a row.
    """
    found: Page[Row] = Page([], [], None)
    size, last = 0, after
    while True:
        wanted = min(AT_ONCE, limit + 1 - len(found.rows))
        rows = read(last, wanted)
        for place, row in rows:
            if len(found.rows) == limit or size >= PAGE_BYTES:
                return found._replace(following=last)
            found.rows.append(row)
            found.told.append(tell(row))
            size, last = size + len(json.dumps(found.told[-1])), place
        if len(rows) < wanted:
            return found


def by_id(rows: QuerySet[Kept]) -> Callable[[int, int], list[tuple[int, Kept]]]:
    """Reads rows in the order in which they were made, for `page`."""
    ordered = rows.order_by("pk")
    return lambda after, count: [(row.pk, row) for row in ordered.filter(pk__gt=after)[:count]]


def as_cursor(place: int | None) -> str | None:
    """A place as most lists tell it."""
    return None if place is None else str(place)
