"""Acceptance: whether a proposed policy is better than the one it would replace, judged on the same samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from simweb.engine import student_t

TWO_SIDED = 0.90  # whose upper end is one-sided at 95 %


@dataclass(frozen=True, slots=True)
class Comparison:
    """Costs in cents of the old and the new policy, sample by sample; `seeds` are those of the samples.

    `settlement_rate` is the new policy's, over all samples; None where nothing had to be settled, or nobody counts it.
    """

    seeds: tuple[int, ...]
    old: tuple[int, ...]
    new: tuple[int, ...]
    settlement_rate: float | None = None

    @property
    def deltas(self) -> tuple[int, ...]:
        """What the new policy saves in each sample."""
        return compute_paired_deltas(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a proposal is accepted, and why or why not, in a sentence."""

    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The rules. `min_improvement` is a share of the old mean cost; None and 0 ask for nothing."""

    require_statistical_significance: bool = False
    max_coefficient_of_variation: float | None = None
    min_improvement: float = 0.0
    min_settlement_rate: float | None = None

    def judge(self, comparison: Comparison) -> Verdict:
        """Rules are asked in this order: settlement, saving, significance, variation."""
        reason = (
            self._settles_too_little(comparison)
            or self._saves_too_little(comparison)
            or self._is_not_significant(comparison)
            or self._varies_too_much(comparison)
        )
        if reason:
            return Verdict(False, reason)
        return Verdict(True, f"Saves {_cents(mean(comparison.deltas))} on average.")

    def _settles_too_little(self, comparison: Comparison) -> str:
        rate, least = comparison.settlement_rate, self.min_settlement_rate
        if rate is None or least is None or rate >= least:
            return ""
        return f"Settles {rate:.1%}; at least {least:.1%} is asked for."

    def _saves_too_little(self, comparison: Comparison) -> str:
        saved = sum(comparison.deltas)
        if saved <= 0:
            return "Saves nothing." if saved == 0 else f"Costs {_cents(-mean(comparison.deltas))} more on average."
        if saved < self.min_improvement * sum(comparison.old):
            return f"Saves {saved / sum(comparison.old):.2%}; at least {self.min_improvement:.2%} is asked for."
        return ""

    def _is_not_significant(self, comparison: Comparison) -> str:
        if not self.require_statistical_significance or len(comparison.deltas) < 2:
            return ""  # of a single play there is nothing to be unsure about
        least = lower_bound(comparison.deltas)
        if least > 0:
            return ""
        return f"Saves {_cents(mean(comparison.deltas))} on average, but it could be {_cents(least)} (one-sided 95 %)."

    def _varies_too_much(self, comparison: Comparison) -> str:
        most, average = self.max_coefficient_of_variation, mean(comparison.new)
        if most is None or average <= 0 or len(comparison.new) < 2:
            return ""
        variation = stdev(comparison.new) / average
        return (
            "" if variation <= most else f"Its costs vary by {variation:.2f} of their mean; at most {most:.2f} may be."
        )


def compute_paired_deltas(old: Sequence[int], new: Sequence[int]) -> tuple[int, ...]:
    """Old cost less new cost, sample by sample: positive where the new policy is cheaper."""
    return tuple(before - after for before, after in zip(old, new, strict=True))


def lower_bound(deltas: Sequence[int]) -> float:
    """What the mean saving is at least, with 95 % confidence, by Student's t on the differences; of two or more."""
    return mean(deltas) - student_t(len(deltas) - 1, TWO_SIDED) * stdev(deltas) / math.sqrt(len(deltas))


def mean(values: Sequence[int]) -> float:
    """The arithmetic mean."""
    return fmean(values)


def _cents(value: float) -> str:
    return f"{value:,.0f} cents" if abs(value) >= 10 else f"{value:,.2f} cents"
