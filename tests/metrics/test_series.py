"""Thinning a series: fewer points, the same peaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.series import lines_of, thin

VALUES = st.one_of(st.none(), st.integers(-1000, 1000), st.floats(allow_nan=False, allow_infinity=False))
SERIES = st.lists(VALUES, max_size=300).map(lambda values: list(enumerate(values, 1)))
MOST = st.integers(4, 120)


@given(SERIES, MOST)
def test_what_is_kept_are_points_of_the_series_in_order_and_not_too_many(points: list, most: int) -> None:
    kept = thin(points, most)
    assert len(kept) <= most
    assert set(kept) <= set(points)
    assert [number for number, _ in kept] == sorted({number for number, _ in kept})


@given(SERIES, MOST)
def test_the_ends_and_the_extremes_are_kept(points: list, most: int) -> None:
    kept = thin(points, most)
    assert kept[:1] == points[:1]
    assert kept[-1:] == points[-1:]
    known = [value for _, value in points if value is not None]
    if known:
        left = [value for _, value in kept if value is not None]
        assert (min(left), max(left)) == (min(known), max(known))


@given(SERIES, MOST)
def test_a_short_series_is_left_as_it_is(points: list, most: int) -> None:
    if len(points) <= most:
        assert thin(points, most) == points


@given(st.integers(10, 400), MOST)
def test_a_series_without_values_keeps_its_gaps(length: int, most: int) -> None:
    kept = thin([(number, None) for number in range(length)], most)
    assert 2 <= len(kept) <= max(most, 2)
    assert {value for _, value in kept} == {None}


def test_fewer_than_four_points_cannot_keep_a_peak() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        thin([(1, 1.0)], 3)


@pytest.mark.parametrize("values", [[[], []], [[{"a": 1}], []], [None, None], [[{"a": 1}, {"a": 2}], None]])
def test_what_is_neither_number_nor_mapping_is_a_line_of_gaps(values: list) -> None:
    [line] = lines_of(values).values()
    assert np.isnan(line).tolist() == [True, True]
