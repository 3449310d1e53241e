"""Convergence: when an experiment is at rest, and when it only looks so."""

from __future__ import annotations

import pytest

from simweb.scenarios.optimization.convergence import (
    BootstrapConvergence,
    CostStability,
    Detector,
    PolicyStability,
    has_trend,
)


def stops_at(detector: Detector, totals: list[int]) -> int | None:
    """The index of the total at which it says so first."""
    for index, total in enumerate(totals):
        detector.show(total)
        if detector.reason:
            return index
    return None


def test_five_small_changes_in_a_row_are_rest() -> None:
    assert stops_at(CostStability(0.05, 5), [1000, 500, 510, 500, 505, 500, 495, 500]) == 6


def test_a_large_change_begins_the_row_anew() -> None:
    assert stops_at(CostStability(0.05, 3), [500, 500, 500, 600, 600, 600, 600]) == 6


def test_a_change_of_exactly_the_threshold_is_small() -> None:
    assert stops_at(CostStability(0.05, 1), [1000, 1050]) == 1
    assert stops_at(CostStability(0.05, 1), [1000, 1051]) is None


def test_from_a_cost_of_nothing_only_nothing_is_stable() -> None:
    assert stops_at(CostStability(0.05, 1), [0, 1]) is None
    assert stops_at(CostStability(0.05, 1), [0, 0]) == 1


def test_what_is_forgotten_does_not_count() -> None:
    detector = CostStability(0.05, 2)
    for _ in range(2):
        detector.show(100)
    detector.forget()
    assert stops_at(detector, [100, 100, 100]) == 2


def test_totals_of_samples_rest_when_they_vary_little_without_trend_and_near_the_best() -> None:
    assert stops_at(BootstrapConvergence(0.03, 0.10, 5), [900, 500, 501, 499, 500, 502]) == 5


@pytest.mark.parametrize(
    ("totals", "why"),
    [
        ([500, 560, 440, 510, 480], "they vary"),
        ([500, 499, 498, 497, 496], "they fall"),
        ([400, 500, 501, 499, 500, 502], "the best was better"),
    ],
)
def test_totals_of_samples_are_not_at_rest(totals: list[int], why: str) -> None:
    assert stops_at(BootstrapConvergence(0.03, 0.10, 5), totals) is None, why


def test_policies_rest_when_no_number_has_moved_over_the_window() -> None:
    detector = PolicyStability(3)
    for x in (0.5, 0.2, 0.2005, 0.2):
        assert not detector.reason
        detector.show({"A": {"x": x}})
    assert detector.reason == "policy_stability"


def test_policies_with_other_numbers_are_not_the_same() -> None:
    detector = PolicyStability(2)
    detector.show({"A": {"x": 0.2}})
    detector.show({"A": {"x": 0.2, "y": 1.0}})
    assert not detector.reason


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        ([1, 2, 3, 4, 5], True),  # S = 10, variance 16.67, z = 2.20, p = 0.027
        ([5, 4, 3, 2, 1], True),
        ([1, 2, 3, 4], False),  # S = 6, variance 8.67, z = 1.70, p = 0.089
        ([1, 3, 2, 5, 4], False),  # S = 6, z = 1.22
        ([2, 2, 2, 2, 2], False),
        ([1, 2, 3], True),  # by eye: 3 of 3
        ([1, 3, 2], False),
    ],
)
def test_a_trend_is_what_mann_and_kendall_find(values: list[int], trend: bool) -> None:
    assert has_trend(values) is trend


def test_the_trend_agrees_with_an_independent_reckoning() -> None:
    scipy = pytest.importorskip("scipy.stats")
    import numpy as np

    rng = np.random.default_rng(3)
    for _ in range(200):
        values = rng.integers(0, 8, 8).tolist()
        score = sum(np.sign(b - a) for i, a in enumerate(values) for b in values[i + 1 :])
        _, counts = np.unique(values, return_counts=True)
        variance = (8 * 7 * 21 - sum(n * (n - 1) * (2 * n + 5) for n in counts)) / 18
        z = (score - np.sign(score)) / variance**0.5 if variance else 0.0
        assert has_trend(values) is bool(2 * scipy.norm.sf(abs(z)) < 0.05)
