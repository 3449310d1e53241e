"""Means, intervals and effect sizes against SciPy, NumPy and numbers printed in books."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from metrics.statistics import band, effect, sample, student_t

VALUES = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
REPLICATES = arrays(float, st.integers(2, 30), elements=VALUES)
SERIES = arrays(float, st.tuples(st.integers(1, 12), st.integers(1, 20)), elements=VALUES | st.just(np.nan))


def close(ours: float | None, theirs: float) -> bool:
    return ours is not None and ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_students_t_is_scipys_for_one_to_a_thousand_degrees_of_freedom(level: float) -> None:
    df = np.arange(1, 1001)
    ours = [student_t(int(one), level) for one in df]
    np.testing.assert_allclose(ours, stats.t.ppf((1 + level) / 2, df), rtol=1e-9)


@pytest.mark.parametrize(
    ("df", "printed"), [(1, 12.706), (2, 4.303), (4, 2.776), (9, 2.262), (29, 2.045), (120, 1.980)]
)
def test_students_t_is_that_of_the_printed_tables(df: int, printed: float) -> None:
    assert round(student_t(df), 3) == printed


@pytest.mark.parametrize(("df", "level"), [(0, 0.95), (3, 0.0), (3, 1.0)])
def test_a_t_that_does_not_exist_is_refused(df: int, level: float) -> None:
    with pytest.raises(ValueError, match="Student"):
        student_t(df, level)


@given(REPLICATES)
def test_a_sample_has_scipys_mean_and_interval(values: np.ndarray) -> None:
    told = sample(values)
    wide = stats.sem(values)
    assert close(told.mean, np.mean(values))
    assert close(told.sd, np.std(values, ddof=1))
    if wide > 0:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=wide)
        assert close(told.low, low)
        assert close(told.high, high)


def test_one_replicate_has_a_mean_and_no_interval() -> None:
    told = sample(np.array([3.0, np.nan]))
    assert (told.n, told.mean, told.sd, told.low, told.high) == (1, 3.0, None, None, None)
    assert sample(np.array([np.nan])).mean is None


@given(SERIES)
def test_a_band_is_the_sample_of_every_column(values: np.ndarray) -> None:
    told = band(values)
    for place, column in enumerate(values.T):
        one = sample(column)
        assert told.n[place] == one.n
        for ours, theirs in ((told.mean, one.mean), (told.low, one.low), (told.high, one.high)):
            assert np.isnan(ours[place]) if theirs is None else close(ours[place], theirs)


@given(REPLICATES, REPLICATES)
def test_an_effect_is_what_the_t_test_divides_by(first: np.ndarray, other: np.ndarray) -> None:
    told = effect(sample(first), sample(other))
    assert close(told.difference, np.mean(other) - np.mean(first))
    if np.std(first) + np.std(other) > 1e-3:
        told_of = [number for v in (other, first) for number in (np.mean(v), np.std(v, ddof=1), len(v))]
        t = stats.ttest_ind_from_stats(*told_of).statistic  # d times √(n₁n₂/(n₁+n₂)), with the pooled sd
        assert close(told.cohens_d, t / np.sqrt(len(first) * len(other) / (len(first) + len(other))))


def test_hedges_g_is_d_made_smaller_by_the_known_correction() -> None:
    told = effect(sample(np.array([1.0, 2.0, 3.0])), sample(np.array([3.0, 4.0, 5.0])))
    assert close(told.cohens_d, 2.0)
    assert close(told.hedges_g, 2.0 * 0.7978845608028654)  # J(4) = √(2/π)


def test_an_effect_without_a_spread_is_unknown() -> None:
    same = sample(np.array([2.0, 2.0]))
    assert effect(same, sample(np.array([3.0, 3.0]))).cohens_d is None
    assert effect(same, sample(np.array([3.0]))).difference == 1.0
    assert effect(sample(np.array([1.0])), sample(np.array([2.0]))).hedges_g is None
    assert effect(sample(np.array([1.0, 2.0])), sample(np.array([2.0]))).hedges_g is None
    assert effect(same, sample(np.array([]))).difference is None
