"""Finding runs: a page, a bounded count and the groups of what a query matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from metrics.statistics import Sample, sample
from runs import replicates
from runs.models import RunQuerySet
from runs.paging import NEWEST, SCANNED, Fills, page_of
from runs.replicates import Replicates
from runs.search import parse
from runs.states import Status, Trigger
from runs.terms import NAMED, number_at, sort_of

MOST_COUNTED = 10_000
MOST_GROUPED = 2_000


def page_of_matching(
    runs: RunQuerySet, q: str, sort: str, cursor: str | None, limit: int, fills: Fills | None = None
) -> tuple[list[Any], str | None]:
    """A page of the runs that match. It may be short, with a next page, when rows must be looked at one after another.

    `fills` says of which run the page is full. Raises BadSpec for what cannot be understood, at `q`, `sort` or `cursor`.
    """
    query = parse(q)
    scan = SCANNED if query.looks_at_rows else None
    return page_of(query.select(runs), cursor, limit, sort_of(sort), scan=scan, fills=fills)


@dataclass(frozen=True, slots=True)
class Count:
    """How many match, counted as far as `MOST_COUNTED`, or among the newest rows only."""

    number: int
    is_least: bool

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_least else ''}"


def count_matching(runs: RunQuerySet, q: str) -> Count:
    """A count that is never slow. Raises BadSpec."""
    query = parse(q)
    found = query.select(runs).order_by().values_list("pk", flat=True)
    if not query.looks_at_rows:
        number = found[: MOST_COUNTED + 1].count()
        return Count(min(number, MOST_COUNTED), number > MOST_COUNTED)
    bare = query.select(runs).select_related(None).only("pk", "created_at")
    rows, following = page_of(bare, None, 1_000, NEWEST, scan=SCANNED)
    return Count(len(rows), following is not None)


@dataclass(frozen=True, slots=True)
class Group:
    """Replicates, and a measurement of theirs."""

    replicates: Replicates
    measured: Sample

    @property
    def n(self) -> int:
        return len(self.replicates.counted)

    @property
    def compared(self) -> str:
        """The first of them, as an address lists them."""
        return ",".join(str(run.pk) for run in self.replicates.counted[:20])


def groups(runs: RunQuerySet, q: str, metric: str) -> tuple[list[Group], bool]:
    """Replicates among the newest completed runs that match, largest groups first, and whether there may be more.

    `metric` is one of the whole run, such as `run.actions.total`. Raises BadSpec.
    """
    query = parse(q)
    found = query.select(runs).filter(status=Status.COMPLETED).exclude(trigger=Trigger.VERIFY)
    found = replicates.readable(found.select_related("simulation"))
    if NAMED.fullmatch(f"metric.{metric}"):
        found = found.annotate(measured=number_at(f"metric.{metric}"))
    scan = SCANNED if query.looks_at_rows else None
    rows, following = page_of(found, None, MOST_GROUPED, NEWEST, scan=scan)
    made = [Group(group, _sample(group)) for group in replicates.groups(rows)]
    return sorted(made, key=lambda group: -group.n), following is not None


def _sample(group: Replicates) -> Sample:
    return sample(np.array([getattr(run, "measured", None) for run in group.counted], dtype=float))
