"""Tables: rows of the rules' records, as lists of objects for interpreted rules, as NumPy arrays for compiled ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import astuple, fields
from functools import cache, lru_cache
from operator import attrgetter
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from simweb.scenarios.payments import compiled
from simweb.scenarios.payments.rules import days, draws, tick
from simweb.scenarios.payments.rules.records import dtype_of

WORTH_LOADING = 20_000  # payments, which take the interpreted rules about two seconds


class Tables(NamedTuple):
    """The rules of a tick, of drawing and of many days, and the tables that they work on."""

    tick: ModuleType | Any
    draws: ModuleType | Any
    days: ModuleType | Any
    is_compiled: bool

    def rows(self, kind: type, rows: Sequence[Any]) -> Any:
        """A table of these rows."""
        if not self.is_compiled:
            return list(rows)
        # As tuples by attrgetter: astuple copies, and takes ten times as long.
        return np.array(list(map(attrgetter(*names_of(kind)), rows)), dtype=dtype_of(kind))

    def empty(self, kind: type, count: int) -> Any:
        """A table of so many rows that say nothing yet."""
        if not self.is_compiled:
            return [kind() for _ in range(count)]
        return self.copy(_blank(kind, count))

    def filled(self, kind: type, columns: Mapping[str, np.ndarray]) -> Any:
        """A table with these columns; the others say nothing yet."""
        if not self.is_compiled:
            return [
                kind(**dict(zip(columns, row, strict=True))) for row in zip(*map(list, columns.values()), strict=True)
            ]
        table = self.empty(kind, len(next(iter(columns.values()))))
        for name, values in columns.items():
            table[name] = values
        return table

    def zeros(self, *shape: int) -> Any:
        """So many whole numbers 0, or rows of them."""
        if self.is_compiled:
            return np.zeros(shape, dtype=np.int64)
        return [0] * shape[0] if len(shape) == 1 else [[0] * shape[1] for _ in range(shape[0])]

    def decimals(self, rows: int, columns: int) -> Any:
        """Rows of numbers 0.0."""
        return np.zeros((rows, columns)) if self.is_compiled else [[0.0] * columns for _ in range(rows)]

    def numbers(self, values: Sequence[Any], kind: type = np.int64) -> Any:
        """A list of numbers, or of rows of numbers."""
        return np.array(values, dtype=kind) if self.is_compiled else list(values)

    def copy(self, table: Any) -> Any:
        """The same rows, to be changed."""
        if not self.is_compiled:
            return [copy(row) for row in table]
        # Every column has 8 bytes; copied as records, column by column, it takes five times as long.
        return table.view(np.int64).copy().view(table.dtype)

    def set(self, table: Any, column: str, value: int) -> None:
        """The same value in every row."""
        if self.is_compiled:
            table[column] = value
        else:
            for row in table:
                setattr(row, column, value)

    def readable(self, table: Any) -> Any:
        """The table with rows whose columns are attributes, to read and to write."""
        return table.view(np.recarray) if self.is_compiled else table

    def joined(self, first: Any, second: Any) -> Any:
        """One table after the other."""
        return np.concatenate((first, second)) if self.is_compiled else [*first, *second]


@cache
def names_of(kind: type) -> tuple[str, ...]:
    """The columns of a table."""
    return tuple(column.name for column in fields(kind))


@lru_cache(maxsize=32)
def _blank(kind: type, count: int) -> np.ndarray:
    return np.full(count, np.array(astuple(kind()), dtype=dtype_of(kind)))


@cache
def interpreted() -> Tables:
    """The rules as they stand."""
    return Tables(tick, draws, days, False)


@cache
def machine_code() -> Tables:
    """The compiled rules; compiles them if need be. Raises ImportError without Numba."""
    package = compiled.load()
    return Tables(package.tick, package.draws, package.days, True)


def fastest(payments: float = math.inf) -> Tables:
    """The rules that are sooner done with so many payments: to load compiled ones takes longer than a short run. Same results."""
    if compiled.is_ready() and (compiled.is_loaded() or payments > WORTH_LOADING):
        return machine_code()
    return interpreted()
