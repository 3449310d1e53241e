"""Means over replicates, how sure they are, and how far apart two groups lie. Known answers: tests/metrics/test_statistics.py."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simweb.engine import student_t

Numbers = NDArray[np.float64]
SPREADLESS = 1e-12  # of the greatest value: a spread within it is the rounding of floats
NO_SPREAD, TOO_FEW = "no spread", "needs more replicates"


@dataclass(frozen=True, slots=True)
class Sample:
    """What is known of a number from its replicates; `sd` (with n - 1) and the interval are None for one alone."""

    n: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """How far a sample lies from the first one: the difference of means, and it in pooled standard deviations.

    `note` says why it is in none.
    """

    difference: float | None
    cohens_d: float | None
    hedges_g: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """Place by place: how many replicates have a value, their mean, and its 95 % interval; NaN where unknown."""

    n: NDArray[np.int64]
    mean: Numbers
    low: Numbers
    high: Numbers


def sample(values: Numbers) -> Sample:
    """The sample that the known values are; NaN is unknown. Values that differ by no more than rounding have no spread."""
    known = values[~np.isnan(values)]
    n = len(known)
    if n < 2:
        return Sample(n, float(known[0]) if n else None, None, None, None)
    power = _power(known)
    scaled = np.ldexp(known, -power)  # about 1, where neither sums nor squares leave what a float can hold
    if scaled.max() - scaled.min() <= SPREADLESS * np.abs(scaled).max():
        first = float(known[0])
        return Sample(n, first, 0.0, first, first)
    mean, sd = float(scaled.mean()), float(scaled.std(ddof=1))
    reach = student_t(n - 1) * sd / math.sqrt(n)
    back = [_finite(number, power) for number in (mean, sd, mean - reach, mean + reach)]
    return Sample(n, *back)


def effect(first: Sample, other: Sample) -> Effect:
    """The other against the first. Cohen's d with the pooled sd; Hedges' g is d times the exact correction J."""
    if first.mean is None or other.mean is None:
        return Effect(None, None, None)
    difference = _finite(other.mean - first.mean)
    df = first.n + other.n - 2
    if df < 1:
        return Effect(difference, None, None, TOO_FEW)
    pooled = _pooled_sd(first, other, df)
    if pooled <= SPREADLESS * max(abs(first.mean), abs(other.mean)):
        return Effect(difference, None, None, NO_SPREAD)
    d = _finite(other.mean / pooled - first.mean / pooled) if difference is None else difference / pooled
    if df < 2 or d is None:
        return Effect(difference, d, None, TOO_FEW)
    correction = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    return Effect(difference, d, d * correction)


def _pooled_sd(first: Sample, other: Sample, df: int) -> float:
    parts = [math.sqrt((one.n - 1) / df) * (one.sd or 0.0) for one in (first, other)]
    return math.hypot(*parts)


def band(values: Numbers) -> Band:
    """Mean and 95 % interval of every column, a row being a replicate; one replicate has no interval."""
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    power = np.frexp(np.abs(filled).max(axis=0, initial=0.0))[1]
    filled = np.ldexp(filled, -power)
    mean = np.divide(filled.sum(axis=0), n, out=np.full(n.shape, np.nan), where=n > 0)
    squares = (np.where(known, filled - mean, 0.0) ** 2).sum(axis=0)
    error = np.sqrt(np.divide(squares, (n - 1) * n, out=np.full(n.shape, np.nan), where=n > 1))
    reach = error * _quantiles(n)
    with np.errstate(over="ignore"):
        back = [np.ldexp(numbers, power) for numbers in (mean, mean - reach, mean + reach)]
    return Band(n, *(np.where(np.isfinite(numbers), numbers, np.nan) for numbers in back))


def _power(values: Numbers) -> int:
    """The power of two by which the greatest of the values is about 1."""
    return int(np.frexp(np.abs(values).max())[1])


def _finite(number: float, power: int = 0) -> float | None:
    """The number times two to this power; None for what no float holds."""
    try:
        found = math.ldexp(number, power)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _quantiles(n: NDArray[np.int64]) -> Numbers:
    quantiles = np.full(n.shape, np.nan)
    for count in np.unique(n):
        if count > 1:
            quantiles[n == count] = student_t(int(count) - 1)
    return quantiles


def nearest_ranks(values: NDArray[Any], percents: Sequence[int]) -> list[Any]:
    """The percentiles of some values, each one that occurs: the one at rank ⌈p·n/100⌉ in ascending order. None of no values."""
    n = len(values)
    if not n:
        return [None] * len(percents)
    places = [-(-percent * n // 100) - 1 for percent in percents]
    return np.partition(values, sorted(set(places)))[places].tolist()  # type: ignore[no-any-return]
