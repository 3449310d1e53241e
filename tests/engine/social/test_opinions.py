"""Bounded confidence and bimodality, at values worked out by hand or known from elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from simweb.scenarios.social.opinions import bimodality, read_and_move
from tests.engine.social.worlds import turns, world


def moved(opinion: list[float], read: list[tuple[int, float]], tolerance: float, convergence: float) -> Any:
    row, stance = (np.array([pair[k] for pair in read], dtype=t) for k, t in ((0, int), (1, float)))
    return pytest.approx(read_and_move(np.array(opinion), row, stance, tolerance, convergence).tolist())


def test_one_post_moves_a_reader_by_its_share_of_the_distance() -> None:
    assert moved([0.0, 0.5], [(0, 0.4), (1, 0.1)], 0.5, 0.25) == [0.1, 0.4]


def test_with_full_convergence_a_reader_takes_the_mean_of_what_is_near() -> None:
    assert moved([0.0], [(0, 0.2), (0, 0.4), (0, -0.3), (0, 0.9)], 0.5, 1) == [0.1]


def test_what_is_beyond_tolerance_moves_nobody_and_what_is_just_at_it_does() -> None:
    assert moved([0.0, 0.0], [(0, 0.51), (1, 0.5)], 0.5, 0.5) == [0.0, 0.25]


def test_who_reads_nothing_stays() -> None:
    assert moved([0.3, -0.2], [(1, -0.4)], 1, 0.5) == [0.3, -0.3]


@pytest.mark.parametrize("seed", range(3))
def test_bimodality_is_worked_out_from_sample_skewness_and_kurtosis(seed: int) -> None:
    sample = np.random.default_rng(seed).gamma(2, size=50)
    skew, kurtosis = stats.skew(sample, bias=False), stats.kurtosis(sample, bias=False)
    expected = (skew**2 + 1) / (kurtosis + 3 * 49**2 / (48 * 47))
    assert bimodality(sample) == pytest.approx(expected)


def test_bimodality_tells_two_camps_from_one() -> None:
    rng = np.random.default_rng(1)
    assert bimodality(rng.uniform(-1, 1, 100_000)) == pytest.approx(5 / 9, abs=0.01)
    assert bimodality(rng.normal(size=100_000)) == pytest.approx(1 / 3, abs=0.01)
    assert bimodality(np.repeat([-1.0, 1.0], 50_000)) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("opinion", [[0.5] * 10, [0.1, 0.2, 0.3]])
def test_bimodality_is_undefined_without_spread_or_agents(opinion: list[float]) -> None:
    assert bimodality(np.array(opinion)) is None


def test_stubborn_agents_and_those_who_were_not_there_keep_their_opinions() -> None:
    played = world(agents=200, activity=1, start_hour=18, stubborn_share=0.5, tolerance=2, convergence=0.5)
    changed = np.zeros(200, dtype=bool)
    for _ in range(6):
        before = played.people.opinion.copy()
        report = played.turn()
        moved = played.people.opinion != before
        assert not moved[played.people.stubborn].any()
        assert np.isin(np.flatnonzero(moved), report.facts["shown"].agent).all()
        changed |= moved
    assert changed[~played.people.stubborn].mean() > 0.8


def test_open_minds_agree_and_closed_ones_do_not() -> None:
    variance = {}
    for tolerance in (0.0, 0.2, 2.0):
        played = world(agents=200, activity=1, tolerance=tolerance, convergence=0.5, stubborn_share=0, feed="random")
        for _ in turns(played, 40):
            pass
        variance[tolerance] = played.people.opinion.var()
        assert np.abs(played.people.opinion).max() <= 1
    assert variance[0.0] > variance[0.2] > 10 * variance[2.0]
    assert variance[2.0] < 0.01


def test_a_turn_moves_every_reader_by_what_it_was_shown() -> None:
    played = world(agents=100, activity=1, stubborn_share=0, tolerance=0.4, convergence=0.3)
    for _ in range(5):
        before = played.people.opinion.tolist()
        shown = played.turn().facts["shown"]
        expected = list(before)
        for reader in set(shown.agent.tolist()):
            stances = played.posts["stance"][shown.content[shown.agent == reader]]
            near = [stance - before[reader] for stance in stances if abs(stance - before[reader]) <= 0.4]
            expected[reader] += 0.3 * sum(near) / max(len(near), 1)
        assert played.people.opinion.tolist() == pytest.approx(expected, abs=1e-9)
