"""Keyset pages: a cursor is the place of the last row, so pages stay right while runs are added."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q

from runs.models import Run, RunQuerySet
from runs.specs import BadSpec, FieldError
from runs.terms import LARGEST, Key, Sort, sort_of

NEWEST = sort_of("-created")
SCANNED = 50_000
# A page ends with the row that fills it, however few there are: each may be as large as its model made it.
PAGE_BYTES = 8 << 20
AT_ONCE = 20  # rows that are read together for such a page
Fills = Callable[[Run], bool]


class Scale:
    """Weighs what a page tells, row by row, and says when it is full."""

    def __init__(self, told: Callable[[Any], Any]) -> None:
        self._told, self._bytes = told, 0

    def __call__(self, row: Any) -> bool:
        self._bytes += len(json.dumps(self._told(row)))
        return self._bytes >= PAGE_BYTES


def page_of(
    runs: RunQuerySet,
    cursor: str | None,
    limit: int,
    sort: Sort = NEWEST,
    *,
    scan: int | None = None,
    fills: Fills | None = None,
) -> tuple[list[Any], str | None]:
    """At most `limit` runs after `cursor`, newest first unless sorted, and the cursor of the next page.

    With `scan`, a page of the newest looks at so many runs at most; when they hold too few it is short or empty, and its
    next page goes on from there. `fills` is asked of each run in turn; the page ends with the one that fills it. Raises
    BadSpec for a bad cursor.
    """
    names = [f"sort_{number}" for number in range(len(sort.keys))]
    runs = runs.annotate(**{name: key.of for name, key in zip(names, sort.keys, strict=True)})
    place = _place(cursor, sort) if cursor else None
    end = _place_after(place, scan) if scan and sort == NEWEST else None
    if place is not None:
        runs = runs.filter(_beyond(sort, place))
    if end is not None:
        runs = runs.filter(created_at__gte=end[0][0]).exclude(_beyond(sort, end))
    signs = [_order(name, key, sort) for name, key in zip(names, sort.keys, strict=True)]
    ordered = runs.order_by(*signs, "-id" if sort.descending else "id")[: limit + 1]
    found, more = filled(ordered.iterator(AT_ONCE), limit, fills) if fills else filled(ordered, limit)
    if more:
        last = found[-1]
        return found, _cursor(sort, [getattr(last, name) for name in names], last.pk)
    return found, None if end is None else _cursor(sort, *end)


def few_of(runs: RunQuerySet, fills: Fills) -> list[Run]:
    """The runs of a short list, without those after the one that fills the answer."""
    return filled(runs.iterator(AT_ONCE), LARGEST, fills)[0]


def filled(runs: Iterable[Any], limit: int, fills: Fills | None = None) -> tuple[list[Any], bool]:
    """The runs of a page, and whether there are more."""
    found: list[Any] = []
    is_full = False
    for run in runs:
        if is_full:
            return found, True
        found.append(run)
        is_full = len(found) == limit or (fills is not None and fills(run))
    return found, False


def _place_after(place: tuple[list[Any], int] | None, steps: int) -> tuple[list[Any], int] | None:
    """The place so many of all runs further back; None when there are not so many. Its index alone answers."""
    runs = Run.objects.filter(deleted_at=None)
    if place is not None:
        runs = runs.filter(_bounded(place[0][0], place[1]))
    row = runs.order_by("-created_at", "-id").values_list("created_at", "pk")[steps : steps + 1].first()
    return None if row is None else ([row[0]], row[1])


def _bounded(moment: datetime, pk: int) -> Q:
    # The first bound is redundant, and what lets the index be used: 0.5 ms instead of 61 (reference/technology.md).
    return Q(created_at__lte=moment) & (Q(created_at__lt=moment) | Q(pk__lt=pk))


def _order(name: str, key: Key, sort: Sort) -> Any:
    column = F(name)
    if not key.nullable:
        return column.desc() if sort.descending else column.asc()
    return column.desc(nulls_last=True) if sort.descending else column.asc(nulls_last=True)


def _beyond(sort: Sort, place: tuple[list[Any], int]) -> Q:
    """What comes after a place: unknown values last, in both directions."""
    values, pk = place
    if sort == NEWEST:
        return _bounded(values[0], pk)
    word = "lt" if sort.descending else "gt"
    beyond = Q(**{f"pk__{word}": pk})
    for number in reversed(range(len(sort.keys))):
        name, value = f"sort_{number}", values[number]
        if value is None:
            beyond = Q(**{f"{name}__isnull": True}) & beyond
            continue
        after = Q(**{f"{name}__{word}": value})
        if sort.keys[number].nullable:
            after |= Q(**{f"{name}__isnull": True})
        beyond = after | (Q(**{name: value}) & beyond)
    return beyond


def _cursor(sort: Sort, values: list[Any], pk: int) -> str:
    text = json.dumps([str(sort), *map(_written, values), pk])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _written(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _place(cursor: str, sort: Sort) -> tuple[list[Any], int]:
    try:
        name, *values, pk = json.loads(base64.urlsafe_b64decode(cursor.encode()).decode())
        if name != str(sort) or isinstance(pk, bool) or not isinstance(pk, int) or not 0 <= pk <= LARGEST:
            raise ValueError(cursor)
        read = [
            None if value is None and key.nullable else key.read(value)
            for key, value in zip(sort.keys, values, strict=True)
        ]
    except (ValueError, OverflowError, TypeError, RecursionError):
        message = "Is not a cursor that this API has given out, or it is one of another sort."
        raise BadSpec([FieldError(("cursor",), message)]) from None
    return read, pk
