"""Acceptance: when a proposal is better."""

from __future__ import annotations

import numpy as np
import pytest

from simweb.scenarios.optimization import Acceptance, Comparison, compute_paired_deltas
from simweb.scenarios.optimization.acceptance import lower_bound

SEEDS = tuple(range(50))


def compared(old: list[int], new: list[int], rate: float | None = None) -> Comparison:
    return Comparison(SEEDS[: len(old)], tuple(old), tuple(new), rate)


def test_a_delta_is_what_the_new_policy_saves() -> None:
    assert compute_paired_deltas([100, 50], [70, 60]) == (30, -10)


def test_samples_that_are_not_paired_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compute_paired_deltas([100, 50], [70])


@pytest.mark.parametrize(
    ("new", "accepted", "reason"),
    [
        ([90, 90], True, "Saves 10 cents on average."),
        ([100, 100], False, "Saves nothing."),
        ([90, 120], False, "Costs 5.00 cents more on average."),
    ],
)
def test_a_proposal_is_accepted_if_and_only_if_it_saves(new: list[int], accepted: bool, reason: str) -> None:
    verdict = Acceptance().judge(compared([100, 100], new))
    assert (verdict.accepted, verdict.reason) == (accepted, reason)


def test_significance_is_that_of_the_differences_not_of_the_costs() -> None:
    rules = Acceptance(require_statistical_significance=True)
    chance = rules.judge(compared([1000, 1000, 1000, 1000], [700, 1250, 800, 1200]))
    assert (chance.accepted, "could be -" in chance.reason) == (False, True)
    assert rules.judge(compared([1000, 9000, 300, 5000], [990, 8991, 289, 4990])).accepted


def test_the_bound_is_students_one_sided() -> None:
    # Mean 3, standard deviation 2, n = 4: 3 − 2.353363 · 2 / 2.
    assert lower_bound([1, 3, 3, 5]) == pytest.approx(3 - 2.353363 * np.std([1, 3, 3, 5], ddof=1) / 2, abs=1e-5)


def test_of_a_single_play_there_is_nothing_to_be_unsure_about() -> None:
    assert (
        Acceptance(require_statistical_significance=True, max_coefficient_of_variation=0.1)
        .judge(compared([100], [90]))
        .accepted
    )


def test_without_an_effect_at_most_one_in_twenty_is_accepted() -> None:
    """The nominal 5 %, and what 4,000 draws may stray from it: three standard errors."""
    rng, rules = np.random.default_rng(1), Acceptance(require_statistical_significance=True)
    accepted = 0
    for _ in range(4_000):
        old, new = (rng.normal(10_000, 2_000, 20).round().astype(int).tolist() for _ in range(2))
        accepted += rules.judge(compared(old, new)).accepted
    assert accepted / 4_000 <= 0.05 + 3 * (0.05 * 0.95 / 4_000) ** 0.5
    assert accepted / 4_000 > 0.03  # it does accept what chance alone makes look good, or it would accept nothing


def test_costs_that_vary_too_much_are_rejected() -> None:
    verdict = Acceptance(max_coefficient_of_variation=0.5).judge(compared([500, 500], [10, 300]))
    assert verdict.reason == "Its costs vary by 1.32 of their mean; at most 0.50 may be."
    assert Acceptance(max_coefficient_of_variation=0.5).judge(compared([500, 500], [0, 0])).accepted


def test_a_saving_below_the_asked_share_is_rejected() -> None:
    rules = Acceptance(min_improvement=0.02)
    assert rules.judge(compared([1000, 1000], [981, 981])).reason == "Saves 1.90%; at least 2.00% is asked for."
    assert rules.judge(compared([1000, 1000], [980, 980])).accepted


def test_settling_too_little_is_rejected_however_cheap_it_is() -> None:
    rules = Acceptance(min_settlement_rate=0.95)
    verdict = rules.judge(compared([100], [1], 0.9))
    assert (verdict.accepted, verdict.reason) == (False, "Settles 90.0%; at least 95.0% is asked for.")
    assert rules.judge(compared([100], [1], 0.95)).accepted
    assert rules.judge(compared([100], [1], None)).accepted
