"""Pages of what a run, or a lab, has much of: bounded by their rows, and by how many bytes these make."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from ninja import Query

from runs.paging import AT_ONCE, PAGE_BYTES

Row = TypeVar("Row")
After = Annotated[int, Query(0, ge=0, le=2**31 - 1)]
AfterId = Annotated[int, Query(0, ge=0, le=2**63 - 1)]
ThousandAtMost = Annotated[int, Query(1000, ge=1, le=1000)]


def page(
    read: Callable[[int, int], list[tuple[int, Row]]], told: Callable[[Row], Any], after: int, limit: int
) -> tuple[list[Row], int | None]:
    """At most `limit` rows that come after a place, and the place of the next page; None when there is none.

    `read` gives rows, each with its place, that come after one; `told` what the answer says of a row.
    """
    rows: list[Row] = []
    size, last = 0, after
    while True:
        wanted = min(AT_ONCE, limit + 1 - len(rows))
        found = read(last, wanted)
        for place, row in found:
            if len(rows) == limit or size >= PAGE_BYTES:
                return rows, last
            rows.append(row)
            size, last = size + len(json.dumps(told(row))), place
        if len(found) < wanted:
            return rows, None


def as_cursor(place: int | None) -> str | None:
    """A place as most lists tell it."""
    return None if place is None else str(place)
