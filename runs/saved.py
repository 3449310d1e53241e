"""Saved views: a query with its order and columns under a name."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from runs.models import SavedView
from runs.search import parse
from runs.specs import BadSpec, FieldError
from runs.terms import NAMED, sort_of

COLUMNS = {"started": "Started", "duration": "Duration", "trigger": "Trigger", "tokens": "Tokens", "cost": "Cost"}
COLUMNS |= {"created": "Created", "seed": "Seed", "turns": "Turns", "problems": "Problems", "tags": "Tags"}
SHOWN = ["started", "duration", "trigger", "tokens", "cost"]
MOST_COLUMNS = 12
MOST_VIEWS = 1_000  # of a person


def views_of(person: User) -> QuerySet[SavedView]:
    """The one door to saved views: a person sees their own and those that are shared."""
    return SavedView.objects.filter(Q(owner=person) | Q(is_shared=True)).select_related("owner")


def clean_columns(columns: Iterable[str]) -> list[str]:
    """Known columns, each once, in the order given. Raises BadSpec."""
    found = list(dict.fromkeys(name for name in columns if name))
    if unknown := [name for name in found if name not in COLUMNS and not NAMED.fullmatch(name)]:
        known = ", ".join(COLUMNS)
        raise BadSpec(
            [FieldError(("columns",), f"There is no {unknown[0]!r}: write {known}, param.NAME or metric.KEY.")]
        )
    if len(found) > MOST_COLUMNS:
        raise BadSpec([FieldError(("columns",), f"Choose at most {MOST_COLUMNS} columns.")])
    return found


def save_view(
    *, owner: User, name: str, query: str = "", sort: str = "", columns: Iterable[str] = (), is_shared: bool = False
) -> SavedView:
    """Keep a view; one of this name that the person has is replaced. Raises BadSpec."""
    kept = SavedView.objects.filter(owner=owner)
    view = kept.filter(name=_name(name)).first() or SavedView(owner=owner)
    if view.pk is None and kept.count() >= MOST_VIEWS:
        raise BadSpec([FieldError(("name",), f"You have {MOST_VIEWS:,} views, as many as may be. Delete one first.")])
    return change_view(view, name=name, query=query, sort=sort, columns=columns, is_shared=is_shared)


def change_view(
    view: SavedView,
    *,
    name: str | None = None,
    query: str | None = None,
    sort: str | None = None,
    columns: Iterable[str] | None = None,
    is_shared: bool | None = None,
) -> SavedView:
    """Change what is given. Raises BadSpec."""
    if name is not None:
        view.name = _name(name)
    if query is not None:
        parse(query)
        view.query = query
    if sort is not None:
        view.sort = str(sort_of(sort)) if sort else ""
    if columns is not None:
        view.columns = clean_columns(columns)
    if is_shared is not None:
        view.is_shared = is_shared
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise BadSpec([FieldError(("name",), f"You already have a view named “{view.name}”.")]) from None
    return view


def _name(name: str) -> str:
    trimmed = " ".join(name.split())
    if not trimmed or len(trimmed) > 100:
        raise BadSpec([FieldError(("name",), "Give it a name of 1 to 100 characters.")])
    return trimmed
