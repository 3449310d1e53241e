"""Figures, by known answers and against plain Python."""

from __future__ import annotations

import statistics
from decimal import ROUND_HALF_UP, Decimal
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.figures import Figures, Met, Times, merged, packed, rate, small, times, trend, unpacked

DURATIONS = st.lists(st.integers(0, 10**10), max_size=60)


def of(*durations: int) -> Times:
    return times(np.array(durations, dtype=np.int64))


def test_the_briefs_example_gives_its_median_and_the_nearest_rank_of_the_others() -> None:
    assert of(*range(100, 1001, 100)) == Times(550.0, 100, 1000, 500, 1000, 1000)


def test_one_time_is_every_percentile_and_of_two_the_median_is_the_lower() -> None:
    assert of(7) == Times(7.0, 7, 7, 7, 7, 7)
    assert of(9, 3).p50_ms == 3


def test_no_times_have_no_percentiles_and_a_time_of_nothing_is_a_time() -> None:
    assert of() == Times(None, None, None, None, None, None)
    assert of(0, 0) == Times(0.0, 0, 0, 0, 0, 0)


@given(DURATIONS.filter(bool))
def test_percentiles_are_the_values_at_their_rank(durations: list[int]) -> None:
    ordered = sorted(durations)
    ranks = [ordered[ceil(percent * len(ordered) / 100) - 1] for percent in (50, 95, 99)]
    average = (Decimal(sum(ordered)) / len(ordered)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert of(*durations) == Times(float(average), ordered[0], ordered[-1], *ranks)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_rates_are_rounded_half_up_and_add_up_to_a_hundred(good: int, bad: int) -> None:
    figures = Figures(good, bad)
    if good + bad:
        exact = (Decimal(100) * good / (good + bad)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert figures.success_rate == float(exact)
        assert Decimal(str(figures.success_rate)) + Decimal(str(figures.error_rate)) == 100
    else:
        assert (figures.success_rate, figures.error_rate) == (0.0, 0.0)


def test_a_half_is_rounded_up() -> None:
    assert rate(1, 8) == 12.5
    assert rate(10_005, 100_000) == 10.01  # 10.005 as a float is less


def test_the_five_errors_met_most_are_told_and_ties_have_an_order() -> None:
    errors = {
        "b": Met(2, "1"),
        "a": Met(2, "1"),
        "late": Met(2, "2"),
        "c": Met(1, "9"),
        "most": Met(3, "0"),
        "d": Met(1, "8"),
    }
    assert Figures(errors=errors).top_errors == [("most", 3), ("late", 2), ("a", 2), ("b", 2), ("c", 1)]


@pytest.mark.parametrize(
    ("earlier", "later", "word"),
    [
        ((0, 0), (0, 0), "no_data"),
        ((4, 4), (0, 5), "insufficient_data"),
        ((0, 5), (5, 5), "improving"),
        ((5, 5), (0, 5), "declining"),
        ((7, 20), (8, 20), "stable"),  # exactly five points, and 0.4 − 0.35 as floats is more
        ((16, 20), (17, 20), "stable"),
        ((7, 20), (9, 20), "improving"),
        ((17, 20), (15, 20), "declining"),
        ((5, 5), (6, 6), "stable"),
    ],
)
def test_a_trend_is_more_than_five_points_of_ten_runs_or_more(
    earlier: tuple[int, int], later: tuple[int, int], word: str
) -> None:
    assert trend(earlier, later) == word


PARTS = st.lists(
    st.builds(
        lambda good, bad, errors: Figures(
            len(good),
            len(bad),
            1,
            np.array([*good, *bad], dtype=np.int64),
            {name: Met(n, str(n)) for name, n in errors},
        ),
        DURATIONS,
        DURATIONS,
        st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5)), unique_by=lambda item: item[0]),
    ),
    max_size=5,
)


@given(PARTS)
def test_what_is_merged_is_what_it_would_be_had_it_been_counted_at_once(parts: list[Figures]) -> None:
    together = merged(parts)
    durations = [int(duration) for part in parts for duration in part.durations]
    assert (together.total, together.cancelled) == (sum(part.total for part in parts), len(parts))
    assert together.times == of(*durations)
    counts = {name: sum(part.errors[name].count for part in parts if name in part.errors) for name in "abc"}
    assert {name: met.count for name, met in together.errors.items()} == {name: n for name, n in counts.items() if n}
    if durations:
        assert together.times.avg_ms == pytest.approx(statistics.fmean(durations), abs=0.006)


@given(DURATIONS)
def test_durations_are_kept_in_order_however_long_they_are(durations: list[int]) -> None:
    kept = packed(small(np.array(durations, dtype=np.int64)))
    assert unpacked(kept).tolist() == sorted(durations)
    assert len(kept) == 1 + len(durations) * (4 if all(one < 1 << 32 for one in durations) else 8)


def test_of_a_day_without_runs_nothing_is_kept() -> None:
    assert unpacked(b"").tolist() == []
