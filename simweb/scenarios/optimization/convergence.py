"""Convergence: when an experiment has come to rest. All state of a detector is what it was shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from statistics import fmean, pstdev
from typing import Protocol

COST_STABILITY = "cost_stability"
POLICY_STABILITY = "policy_stability"
BOOTSTRAP_CONVERGENCE = "bootstrap_convergence"
MAX_ITERATIONS = "max_iterations"

SAME_PARAMETER = 0.001  # of two numbers that count as equal
SIGNIFICANT = 0.05
FEW = 4  # values below which the trend has no distribution worth the name
FEW_TREND = 0.75

Parameters = Mapping[str, Mapping[str, float]]  # by agent, by name


class Detector(Protocol):
    """Is shown the total cost of each iteration, in order."""

    def show(self, total: int) -> None:
        """The next one."""

    def forget(self) -> None:
        """What was seen so far does not count: the iteration after it was not what it should have been."""

    @property
    def reason(self) -> str:
        """Why the experiment has come to rest, or nothing."""


@dataclass(slots=True)
class CostStability:
    """The total cost has changed by at most `threshold` of itself, `window` times in a row."""

    threshold: float
    window: int
    totals: list[int] = field(default_factory=list)

    def show(self, total: int) -> None:
        """The next total."""
        self.totals.append(total)

    def forget(self) -> None:
        """Begin again with the next total."""
        self.totals.clear()

    @property
    def reason(self) -> str:
        """`cost_stability`, or nothing."""
        recent = self.totals[-self.window - 1 :]
        changes = list(pairwise(recent))
        is_stable = len(changes) == self.window and all(self._is_stable(*pair) for pair in changes)
        return COST_STABILITY if is_stable else ""

    def _is_stable(self, before: int, after: int) -> bool:
        if before == 0:
            return abs(after) < self.threshold
        return abs(after - before) <= self.threshold * abs(before)


@dataclass(slots=True)
class BootstrapConvergence:
    """Of the last `window` totals: they vary little, have no trend, and the last is not far from the best of all."""

    cv_threshold: float
    regret_threshold: float
    window: int
    totals: list[int] = field(default_factory=list)
    best: int | None = None

    def show(self, total: int) -> None:
        """The next total."""
        self.totals.append(total)
        self.best = total if self.best is None else min(self.best, total)

    def forget(self) -> None:
        """The window begins again with the next total; the best stays the best."""
        self.totals.clear()

    @property
    def reason(self) -> str:
        """`bootstrap_convergence`, or nothing."""
        recent = self.totals[-self.window :]
        if len(recent) < self.window or self.best is None:
            return ""
        average = abs(fmean(recent))
        varies_little = pstdev(recent) < self.cv_threshold * average if average else not any(recent)
        is_near_best = recent[-1] - self.best <= self.regret_threshold * abs(self.best)
        return BOOTSTRAP_CONVERGENCE if varies_little and is_near_best and not has_trend(recent) else ""


@dataclass(slots=True)
class PolicyStability:
    """No parameter of any agent has moved by more than a thousandth over `window` iterations."""

    window: int
    seen: list[Parameters] = field(default_factory=list)

    def show(self, parameters: Parameters) -> None:
        """What was chosen for the next iteration."""
        self.seen.append(parameters)

    def forget(self) -> None:
        """Begin again."""
        self.seen.clear()

    @property
    def reason(self) -> str:
        """`policy_stability`, or nothing."""
        recent = self.seen[-self.window :]
        is_stable = len(recent) == self.window and all(self._is_same(recent[0], other) for other in recent)
        return POLICY_STABILITY if is_stable else ""

    def _is_same(self, first: Parameters, other: Parameters) -> bool:
        return all(
            other[agent].keys() == values.keys()
            and all(abs(other[agent][name] - value) <= SAME_PARAMETER + 1e-12 for name, value in values.items())
            for agent, values in first.items()
        )


def has_trend(values: Sequence[int]) -> bool:
    """Mann and Kendall's test, two-sided at 5 %, corrected for ties and continuity; of fewer than four values, by eye."""
    score = sum((after > before) - (after < before) for before, after in combinations(values, 2))
    pairs = math.comb(len(values), 2)
    if len(values) < FEW:
        return pairs > 0 and abs(score) >= FEW_TREND * pairs
    ties = [values.count(value) for value in set(values)]
    variance = (_spread(len(values)) - sum(_spread(count) for count in ties)) / 18
    if variance <= 0 or score == 0:
        return False
    z = (abs(score) - 1) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2)) < SIGNIFICANT


def _spread(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)
