"""Boltzmann wealth: exactly the sequential rule, and its known distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simweb.scenarios.giving import anybody_else, give_in_turn
from simweb.scenarios.inequality import gini, top_share
from simweb.scenarios.walk import Walk
from simweb.scenarios.wealth import Wealth


def world(seed: int = 1, **params: Any) -> Wealth:
    return Wealth(Wealth.Params(**params), np.random.default_rng(seed))


def give_one_after_the_other(wealth: list[int], receiver: list[int]) -> list[bool]:
    wealth, gives = list(wealth), []
    for agent, other in enumerate(receiver):
        gives.append(wealth[agent] > 0)
        if wealth[agent] > 0:
            wealth[agent] -= 1
            wealth[other] += 1
    return gives


@given(st.data())
def test_giving_all_at_once_is_giving_one_after_the_other(data: st.DataObject) -> None:
    wealth = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=12))
    receiver = data.draw(st.lists(st.integers(0, len(wealth) - 1), min_size=len(wealth), max_size=len(wealth)))
    assert give_in_turn(np.array(wealth), np.array(receiver)).tolist() == give_one_after_the_other(wealth, receiver)


def test_one_unit_can_go_through_many_hands_in_a_turn() -> None:
    assert give_in_turn(np.array([1, 0, 0, 0]), np.array([1, 2, 3, 0])).all()
    assert give_in_turn(np.array([0, 0, 0, 1]), np.array([3, 0, 1, 2])).tolist() == [False, False, False, True]


@pytest.mark.parametrize("grid", [0, 20])
def test_no_money_is_made_or_lost_and_nobody_owes_any(grid: int) -> None:
    played = world(agents=300, start=2, grid=grid)
    for _ in range(50):
        report = played.turn()
        assert played.wealth.sum() == 600
        assert played.wealth.min() >= 0
        assert 0 < report.actions["give"] <= 300


def stationary_gini(mean: int, largest: int = 120, moments: int = 40) -> float:
    """Gini in the long run for endlessly many agents who each act once a turn, in random order.

    An agent that begins with w, and acts at time u of the turn, receives Poisson(F(u)) before and gives if it then owns
    anything. The share who give at u, F' = 1 − π₀·exp(−F), has the solution F(u) = ln(π₀ + (1 − π₀)·exp(u)).
    """
    amounts = np.arange(largest)
    share = (1 / (1 + mean)) * (mean / (1 + mean)) ** amounts
    times = (np.arange(moments) + 0.5) / moments
    for _ in range(40 * mean**2):
        income = np.log(share[0] + (1 - share[0]) * np.exp(np.append(times, 1)))
        after = np.zeros(largest)
        for before in income[:-1]:
            rich = np.convolve(share, poisson(before, 25))[:largest]
            rich = np.append(rich[0] + rich[1], rich[2:])
            after += np.convolve(rich, poisson(income[-1] - before, 25))[:largest] / moments
        share = after / after.sum()
    pairs = np.abs(amounts[:, None] - amounts) * share[:, None] * share
    return float(pairs.sum() / (2 * (share @ amounts)))


def poisson(rate: float, terms: int) -> np.ndarray:
    k = np.arange(terms)
    return np.exp(-rate) * rate**k / np.array([float(math.factorial(n)) for n in k])


@pytest.mark.parametrize("mean", [1, 2])
def test_in_the_long_run_gini_is_that_of_the_stationary_distribution(mean: int) -> None:
    played = world(agents=20_000, start=mean)
    for _ in range(60 * mean**2):
        played.turn()
    expected = stationary_gini(mean)
    assert gini(played.wealth) == pytest.approx(expected, abs=0.01)
    assert expected < (1 + mean) / (1 + 2 * mean) - 0.02  # every agent once a turn is milder than givers drawn anew


@pytest.mark.parametrize("mean", [1, 2])
def test_with_givers_drawn_anew_gini_comes_to_its_closed_form(mean: int) -> None:
    played = world(agents=2000, start=mean, activation="drawn")
    seen = []
    for turn in range(400 * mean):
        assert played.turn().actions["give"] > 0
        if turn >= 150 * mean**2:
            seen.append(gini(played.wealth))
    assert played.wealth.sum() == 2000 * mean
    assert played.wealth.min() >= 0
    assert np.mean(seen) == pytest.approx((1 + mean) / (1 + 2 * mean), abs=0.01)


def test_a_walk_with_givers_drawn_anew_is_refused() -> None:
    with pytest.raises(ValueError, match="on a grid agents are activated shuffled"):
        world(grid=5, activation="drawn")


@pytest.mark.parametrize("mean", [1, 4])
def test_gini_of_the_boltzmann_gibbs_distribution_has_its_closed_form(mean: int) -> None:
    wealth = np.random.default_rng(1).geometric(1 / (1 + mean), 400_000) - 1
    assert gini(wealth) == pytest.approx((1 + mean) / (1 + 2 * mean), abs=0.003)


def test_nobody_gives_to_itself_where_all_meet_all() -> None:
    rng = np.random.default_rng(1)
    assert {tuple(anybody_else(np.arange(2), rng).tolist()) for _ in range(20)} == {(1, 0)}
    assert {tuple(anybody_else(np.array([1, 1]), rng).tolist()) for _ in range(20)} == {(0, 0)}


def walk_one_after_the_other(old: list[int], new: list[int]) -> list[set[int]]:
    """Whom each agent can meet: those in its cell right after it moved, when agents move in order."""
    cell, meets = list(old), []
    for agent, target in enumerate(new):
        cell[agent] = target
        meets.append({other for other, place in enumerate(cell) if place == target and other != agent})
    return meets


@pytest.mark.parametrize("agents", [2, 12, 60])
def test_who_is_met_is_drawn_evenly_from_those_in_the_cell_at_that_moment(agents: int) -> None:
    rng = np.random.default_rng(3)
    alone = crowded = 0
    place_of_met = []
    for _ in range(300):
        walk = Walk(agents, 4, rng)
        order = rng.permutation(agents)
        old = walk.cell[order]
        met = walk.step(order)
        for agent, possible in enumerate(walk_one_after_the_other(old.tolist(), walk.cell.tolist())):
            if possible:
                assert met[agent] in possible
                crowded += 1
                if len(possible) > 1:
                    place_of_met.append(sorted(possible).index(met[agent]) / (len(possible) - 1))
            else:
                assert met[agent] == agent
                alone += 1
    assert crowded
    assert alone or agents == 60
    if agents > 2:
        assert np.mean(place_of_met) == pytest.approx(0.5, abs=0.05)


def test_steps_lead_to_each_of_the_neighbouring_cells_and_never_through_a_wall() -> None:
    walk = Walk(90_000, 3, np.random.default_rng(1))
    old = walk.cell
    walk.step(np.arange(90_000))
    for cell, ways in ((0, {1, 3, 4}), (1, {0, 2, 3, 4, 5}), (4, {0, 1, 2, 3, 5, 6, 7, 8})):
        reached, times = np.unique(walk.cell[old == cell], return_counts=True)
        assert set(reached) == ways
        assert times.max() / times.min() < 1.2


@given(st.lists(st.integers(0, 30) | st.integers(10**6, 10**7), min_size=1, max_size=30).filter(any))
def test_gini_is_half_the_relative_mean_difference(amounts: list[int]) -> None:
    pairs = sum(abs(a - b) for a in amounts for b in amounts)
    assert gini(np.array(amounts)) == pytest.approx(pairs / (2 * len(amounts) * sum(amounts)), abs=1e-9)


def test_nothing_to_share_has_no_inequality() -> None:
    assert gini(np.zeros(5, dtype=np.int64)) is None
    assert top_share(np.zeros(5, dtype=np.int64)) is None


def test_the_top_share_is_what_the_richest_own() -> None:
    assert top_share(np.array([1] * 99 + [101])) == pytest.approx(101 / 200)
    assert top_share(np.array([4, 1, 1, 2]), 0.5) == pytest.approx(6 / 8)
