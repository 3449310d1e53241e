"""Schelling: who is content, who moves, and that the town parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simweb.engine import Outcome, PlayedTurn, Spec, play
from simweb.scenarios.schelling import Schelling, neighbours


def world(**params: Any) -> Schelling:
    return Schelling(Schelling.Params(**params), np.random.default_rng(1))


def test_neighbours_are_the_eight_cells_around_on_a_torus() -> None:
    there = np.zeros((4, 5), dtype=bool)
    there[0, 0] = True
    around = neighbours(there)
    assert around.sum() == 8
    assert around[0, 0] == 0
    assert all(
        around[row, column] == 1 for row, column in [(3, 4), (3, 0), (3, 1), (0, 4), (0, 1), (1, 4), (1, 0), (1, 1)]
    )


def test_who_is_content_is_worked_out_as_by_hand() -> None:
    town = world(side=5, wanted=0.5)
    town.town = np.array([[1, 1, 0, 0, 0], [2, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 2, 0], [0, 0, 0, 0, 0]])
    town.look()
    # Each 1 has one like and one unlike neighbour: content at 0.5. The upper 2 has two unlike ones; the other 2 none.
    assert town.unhappy.tolist() == [5]
    assert town.unhappy_share == pytest.approx(1 / 4)
    assert town.like_share == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_nobody_is_lost_and_only_the_unhappy_move() -> None:
    town = world(side=20, wanted=0.6)
    for _ in range(10):
        before, unhappy = town.town.copy().ravel(), town.unhappy
        report = town.turn()
        assert np.array_equal(np.bincount(before), np.bincount(town.town.ravel()))
        stayed = np.setdiff1d(np.flatnonzero(before), unhappy)
        assert np.array_equal(before[stayed], town.town.ravel()[stayed])
        assert 0 < report.actions["move"] <= len(unhappy)


def test_the_run_ends_when_everybody_is_content_and_the_town_has_parted() -> None:
    *played, outcome = play(Spec("schelling", {}, 1, 200, []))
    assert isinstance(outcome, Outcome)
    turns = [turn for turn in played if isinstance(turn, PlayedTurn)]
    first, last = turns[0], turns[-1]
    assert last.metrics["turn.segregation.unhappy_share"] == 0
    assert outcome.run_metrics["run.segregation.turns"] == outcome.turns < 200
    assert first.metrics["turn.segregation.like_share"] < 0.6
    assert last.metrics["turn.segregation.like_share"] > 0.75


def test_a_town_that_never_settles_has_no_turn_of_settling() -> None:
    *_, outcome = play(Spec("schelling", {"wanted": 1, "side": 10}, 1, 5, []))
    assert isinstance(outcome, Outcome)
    assert outcome.run_metrics["run.segregation.turns"] is None
