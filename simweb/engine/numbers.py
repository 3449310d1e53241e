"""Numbers as every database and every page can keep them: plain, finite, and within bounds."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

# JSON numbers survive JavaScript only up to here.
MOST_COUNT = 2**53 - 1
MOST_COST_USD = 99_999_999.0
MOST_MILLISECONDS = 1e15


def plain(value: Any) -> int | float:
    """The value as Python's int or float: of NumPy, zero-dimensional arrays, booleans, fractions and decimals too.

    Raises TypeError for what is no number, ValueError for NaN, infinity, and what no float can hold.
    """
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Fraction | Decimal):
        value = float(value)
    if not isinstance(value, int | float):
        raise TypeError(f"expected a number, got {type(value).__name__}")
    try:
        is_finite = math.isfinite(value)
    except OverflowError:
        raise ValueError("expected a number below 1e308, got a larger one") from None
    if not is_finite:
        raise ValueError(f"expected a finite number, got {value}")
    return value


def count(value: Any, most: int = MOST_COUNT) -> int:
    """A whole number from 0 to `most`. Raises TypeError or ValueError."""
    number = plain(value)
    if number != int(number) or not 0 <= number <= most:
        raise ValueError(f"expected a whole number from 0 to {most:,}, got {number:.15g}")
    return int(number)


class TooLarge(ValueError):
    """A number beyond what can be kept."""


def quantity(value: Any, most: float) -> float:
    """A number from 0 to `most`. Raises TypeError, TooLarge or ValueError."""
    number = plain(value)
    if not 0 <= number <= most:
        kind = TooLarge if number > most else ValueError
        raise kind(f"expected a number from 0 to {most:,.0f}, got {number:,.15g}")
    return float(number)
