"""Pure functions over series of measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Point = tuple[int, float | None]


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
    gaps = np.isnan(values)
    lowest, highest = np.where(gaps, np.inf, values), np.where(gaps, -np.inf, values)
    kept = [0]
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        low, high = begin + int(lowest[begin:end].argmin()), begin + int(highest[begin:end].argmax())
        kept.extend(sorted({low, high}))
    return [*kept, length - 1]
