"""Figures of ended runs, exactly: rates, nearest-rank percentiles, top errors, trend. Pure; `reference/run-history.md` 3.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from metrics.statistics import nearest_ranks

TOP_ERRORS = 5
LEAST_FOR_TREND = 10
Durations = NDArray[np.integer[Any]]
Trend = Literal["no_data", "insufficient_data", "improving", "declining", "stable"]
NONE: Durations = np.zeros(0, np.uint32)


def small(durations: NDArray[np.int64]) -> Durations:
    """The same in half the bytes, as far as it fits: less than 49 days each."""
    return durations.astype(np.uint32) if not len(durations) or durations.max() < 1 << 32 else durations


def packed(durations: Durations) -> bytes:
    """The durations as bytes: how many each has, then each, little-endian, in ascending order."""
    ordered = np.sort(durations)
    return bytes([ordered.itemsize]) + ordered.astype(ordered.dtype.newbyteorder("<")).tobytes()


def unpacked(data: bytes | memoryview) -> Durations:
    """The opposite of `packed`."""
    if not len(data):
        return NONE
    return np.frombuffer(data, "<u4" if data[0] == NONE.itemsize else "<i8", offset=1)


def rate(part: int, whole: int) -> float:
    """Per cent with two decimals, half up; 0 of none."""
    return (20_000 * part + whole) // (2 * whole) / 100 if whole else 0.0


def mean(total: int, count: int) -> float | None:
    """A mean of whole numbers with two decimals, half up."""
    if not count:
        return None
    return float((Decimal(total) / count).quantize(Decimal("0.01"), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds; percentiles are values that occurred: the one at rank ⌈p·n/100⌉. None of no times."""

    avg_ms: float | None = None
    min_ms: int | None = None
    max_ms: int | None = None
    p50_ms: int | None = None
    p95_ms: int | None = None
    p99_ms: int | None = None


def times(durations: Durations) -> Times:
    """What there is to say of these times."""
    n = len(durations)
    if not n:
        return Times()
    total = int(durations.sum(dtype=np.int64))
    return Times(mean(total, n), int(durations.min()), int(durations.max()), *nearest_ranks(durations, (50, 95, 99)))


@dataclass(frozen=True, slots=True)
class Met:
    """How often an error was met, and when last (an ISO moment, so that texts compare as moments do)."""

    count: int
    last: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of ended runs, the times of the completed and failed ones, the errors of the failed ones by group."""

    successful: int = 0
    failed: int = 0
    cancelled: int = 0
    durations: Durations = field(default_factory=lambda: NONE)
    errors: Mapping[str, Met] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Completed and failed runs: what rates are of."""
        return self.successful + self.failed

    @property
    def success_rate(self) -> float:
        return rate(self.successful, self.total)

    @property
    def error_rate(self) -> float:
        """What is left of the success rate, so that both together are 100, rounded or not."""
        return float(round(Decimal(100) - Decimal(str(self.success_rate)), 2)) if self.total else 0.0

    @property
    def times(self) -> Times:
        return times(self.durations)

    @property
    def top_errors(self) -> list[tuple[str, int]]:
        """The five met most; of those met equally often, the one met last."""
        recent = sorted(self.errors.items())
        recent.sort(key=lambda item: item[1].last, reverse=True)
        recent.sort(key=lambda item: -item[1].count)
        return [(error, met.count) for error, met in recent[:TOP_ERRORS]]


def merged(parts: Iterable[Figures]) -> Figures:
    """The figures of all these runs together: exactly what they would be had the runs been counted at once."""
    kept = list(parts)
    errors: dict[str, Met] = {}
    for part in kept:
        for error, met in part.errors.items():
            known = errors.get(error, Met(0, ""))
            errors[error] = Met(known.count + met.count, max(known.last, met.last))
    return Figures(
        sum(part.successful for part in kept),
        sum(part.failed for part in kept),
        sum(part.cancelled for part in kept),
        np.concatenate([NONE, *(part.durations for part in kept)]),
        errors,
    )


def trend(earlier: tuple[int, int], later: tuple[int, int]) -> Trend:
    """From (completed, all) of the earlier half of the runs and of the later: by more than five points, in whole numbers."""
    (good, n), (then_good, then_n) = earlier, later
    if n + then_n < LEAST_FOR_TREND:
        return "insufficient_data" if n + then_n else "no_data"
    difference = 20 * (then_good * n - good * then_n)
    if abs(difference) <= n * then_n:
        return "stable"
    return "improving" if difference > 0 else "declining"
