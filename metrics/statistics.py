"""Means over replicates, how sure they are, and how far apart two groups lie. Known answers: tests/metrics/test_statistics.py."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
LEVEL = 0.95


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
    """How far a sample lies from the first one: the difference of means, and it in pooled standard deviations."""

    difference: float | None
    cohens_d: float | None
    hedges_g: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """Place by place: how many replicates have a value, their mean, and its 95 % interval; NaN where unknown."""

    n: NDArray[np.int64]
    mean: Numbers
    low: Numbers
    high: Numbers


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


def sample(values: Numbers) -> Sample:
    """The sample that the known values are; NaN is unknown."""
    known = values[~np.isnan(values)]
    n = len(known)
    if n < 2:
        return Sample(n, float(known[0]) if n else None, None, None, None)
    mean, sd = float(known.mean()), float(known.std(ddof=1))
    reach = student_t(n - 1) * sd / math.sqrt(n)
    return Sample(n, mean, sd, mean - reach, mean + reach)


def effect(first: Sample, other: Sample) -> Effect:
    """The other against the first. Cohen's d with the pooled sd; Hedges' g is d times the exact correction J."""
    if first.mean is None or other.mean is None:
        return Effect(None, None, None)
    difference = other.mean - first.mean
    df = first.n + other.n - 2
    pooled = _pooled_sd(first, other)
    if not pooled:
        return Effect(difference, None, None)
    d = difference / pooled
    if df < 2:
        return Effect(difference, d, None)
    correction = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    return Effect(difference, d, d * correction)


def _pooled_sd(first: Sample, other: Sample) -> float | None:
    """None unless one of them has a spread to pool."""
    df = first.n + other.n - 2
    if df < 1:
        return None
    squares = (first.n - 1) * (first.sd or 0.0) ** 2 + (other.n - 1) * (other.sd or 0.0) ** 2
    return math.sqrt(squares / df)


def band(values: Numbers) -> Band:
    """Mean and 95 % interval of every column, a row being a replicate; one replicate has no interval."""
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    mean = np.divide(filled.sum(axis=0), n, out=np.full(n.shape, np.nan), where=n > 0)
    squares = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0)
    error = np.sqrt(np.divide(squares, (n - 1) * n, out=np.full(n.shape, np.nan), where=n > 1))
    reach = error * _quantiles(n)
    return Band(n, mean, mean - reach, mean + reach)


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
