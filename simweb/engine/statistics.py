"""Student's distribution: how far a mean of few values may lie from the truth."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

LEVEL = 0.95


@cache
def student_t(df: int, level: float = LEVEL) -> float:
    """The t within whose ± lies `level` of Student's distribution with a whole number of degrees of freedom.

    The share within ±t is a finite sum in the angle whose tangent is t/√df (Abramowitz and Stegun, 26.7.3 and 26.7.4);
    it grows with the angle, which is found by halving.
    """
    if df < 1 or not 0 < level < 1:
        raise ValueError("Student's t needs at least one degree of freedom and a level between 0 and 1")
    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if _share_within(middle, df) < level else (low, middle)
    return math.tan(low) * math.sqrt(df)


def _share_within(angle: float, df: int) -> float:
    """A(t|df) of Abramowitz and Stegun, t being tan(angle)·√df."""
    sine, cosine = math.sin(angle), math.cos(angle)
    if df == 1:
        return 2 * angle / math.pi
    first = cosine if df % 2 else 1.0
    steps = np.arange(3 if df % 2 else 2, df - 1, 2, dtype=float)  # the factors 2/3, 4/5, … or 1/2, 3/4, …
    terms = first * np.cumprod(np.concatenate([[1.0], (steps - 1) / steps * cosine**2]))
    total = sine * math.fsum(terms)
    return 2 * (angle + total) / math.pi if df % 2 else total
