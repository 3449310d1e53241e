"""What columns can hold: the engine keeps to it, imports are refused by it, and the database itself holds it."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q

from simweb.engine.numbers import MOST_COUNT, MOST_MILLISECONDS

MOST_COST = Decimal("99999999.999999")
MOST_LIMIT = 2**31 - 1  # of seconds, of MiB: what a column of whole numbers holds in PostgreSQL


def within(most: object, *columns: str, least: int = 0) -> Q:
    """Each of the columns is unknown, or lies between the two; NaN does not."""
    condition = Q()
    for column in columns:
        condition &= Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gte": least, f"{column}__lte": most})
    return condition


def counted(*columns: str) -> Q:
    """Counts, tokens, milliseconds: whole numbers that JSON can carry to a browser."""
    return within(MOST_COUNT, *columns)


def timed(*columns: str) -> Q:
    """Milliseconds as fractions."""
    return within(MOST_MILLISECONDS, *columns)


def priced(*columns: str) -> Q:
    """US dollars."""
    return within(MOST_COST, *columns)
