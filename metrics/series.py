"""Pure functions over series of measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Point = tuple[int, float | None]
Lines = dict[str | None, NDArray[np.float64]]  # by name of a mapping; under None the line of a number


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` points (at least 4) that keep the first, the last, and every bucket's lowest and highest."""
    values = np.array([value for _, value in points], dtype=float)
    return [points[place] for place in kept_places(values, most)]


def kept_places(values: NDArray[np.float64], most: int) -> list[int]:
    """The places of `thin`, in order; NaN is a gap.

    So that peaks survive: of each bucket of neighbours the minimum and the maximum stay. A bucket without values
    keeps its first place, so that a gap stays a gap.
    """
    if most < 4:
        raise ValueError("at least 4 points are needed to keep the ends and a peak")
    length = len(values)
    if length <= most:
        return list(range(length))
    buckets = (most - 2) // 2
    edges = 1 + np.arange(buckets + 1) * (length - 2) // buckets
    # A row of places per bucket; a short bucket has its last place twice.
    widest = int(np.diff(edges).max())
    inner = np.minimum(edges[:-1, None] + np.arange(widest), edges[1:, None] - 1)
    found = values[inner]
    gaps = np.isnan(found)
    extremes = (np.where(gaps, np.inf, found).argmin(axis=1), np.where(gaps, -np.inf, found).argmax(axis=1))
    rows = np.arange(buckets)
    kept = [inner[rows, column] for column in extremes]
    places: list[int] = np.unique(np.concatenate([[0], *kept, [length - 1]])).tolist()
    return places


def lines_of(values: Sequence[Any]) -> Lines:
    """What a metric measured, turn by turn, as numbers: under None when it is a number, else by the names of the mapping.

    What is none is NaN.
    """
    try:
        numbers = np.array(values, dtype=float)
    except (TypeError, ValueError):  # mappings, or a mixture
        numbers = None
    if numbers is not None and numbers.ndim == 1:  # lists without rows would be numbers to NumPy, in two dimensions
        return {None: numbers}
    mappings = [value if isinstance(value, Mapping) else {} for value in values]
    names = sorted({name for mapping in mappings for name in mapping})
    if not names:
        return {None: np.array([value if isinstance(value, int | float) else None for value in values], dtype=float)}
    return {name: np.array([mapping.get(name) for mapping in mappings], dtype=float) for name in names}
