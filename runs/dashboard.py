"""The dashboard's rows: searched and sorted as its address says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from runs import queries
from runs.models import Run, Simulation
from runs.terms import holds
from simweb.access.doors import caller_of_session

Row = tuple[Simulation, Run | None]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading that sorts. Rows whose value is None come last either way."""

    name: str
    title: str
    value: Callable[[Row], Any]
    css: str = ""


COLUMNS = (
    Column("name", "Name", lambda row: row[0].name.casefold()),
    Column("last", "Last run", lambda row: row[1].status if row[1] else None),
    Column("started", "Started", lambda row: row[1].started_at if row[1] else None, "hide"),
    Column("next", "Next", lambda row: row[0].next_run_at, "hide"),
    Column("success", "Success", lambda row: row[0].success_rate, "num hide"),
)
DEFAULT_SORT = "name"


def dashboard_context(request: HttpRequest) -> dict[str, Any]:
    """What the dashboard's template shows. A sort that is chosen is remembered for the session."""
    caller = caller_of_session(request.user)
    found = queries.visible_simulations(caller)
    q = request.GET.get("q", "").strip()
    if q:
        found = found.filter(holds("name", q) | holds("scenario", q))
    sort = _sort(request)
    rows = sorted_rows(queries.dashboard(found), sort)
    columns = [_heading(column, sort, q) for column in COLUMNS]
    return {"rows": rows, "columns": columns, "q": q, "sort": sort, "counts": queries.counts(queries.now())}


def sorted_rows(rows: list[Row], sort: str) -> list[Row]:
    """Sorted by a column's name, downwards with a leading minus."""
    column = next(column for column in COLUMNS if column.name == sort.removeprefix("-"))
    known = [row for row in rows if column.value(row) is not None]
    unknown = [row for row in rows if column.value(row) is None]
    return sorted(known, key=column.value, reverse=sort.startswith("-")) + unknown


def _sort(request: HttpRequest) -> str:
    wanted = request.GET.get("sort") or request.session.get("dashboard-sort") or DEFAULT_SORT
    if wanted.removeprefix("-") not in {column.name for column in COLUMNS}:
        wanted = DEFAULT_SORT
    if wanted != request.session.get("dashboard-sort", DEFAULT_SORT):
        request.session["dashboard-sort"] = wanted
    return wanted


def _heading(column: Column, sort: str, q: str) -> dict[str, str]:
    upwards = sort == column.name
    following = f"-{column.name}" if upwards else column.name
    aria = "ascending" if upwards else "descending" if sort == f"-{column.name}" else "none"
    query = urlencode({"sort": following, **({"q": q} if q else {})})
    return {"title": column.title, "class": column.css, "aria": aria, "query": query}
