"""What an experiment is held against: gaps to best responses, equilibria, the social optimum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simweb.scenarios.optimization import ExperimentConfig, OptimizationLoop, equilibria, proposer_of, subject_of
from simweb.scenarios.payments.optimizing import FRACTION
from tests.engine.optimization.test_known_answers import castro, loop_of
from tests.engine.optimization.toy import EXPERIMENT, Proposes, Toy, ToyPlay, experiment, policy
from tests.engine.payments.castro import A, B


class Duel(Toy):
    """ANN pays for being far from BOB, BOB for being near: no point is at rest. Or both for being apart: every equal point is."""

    def __init__(self, *, is_friendly: bool) -> None:
        super().__init__()
        self.is_friendly = is_friendly

    def evaluate(self, policies: Any, seed: int) -> ToyPlay:
        self.played.append((tuple(policies[agent]["x"] for agent in self.agents), seed))
        apart = round(1_000 * abs(policies["ANN"]["x"] - policies["BOB"]["x"]))
        return ToyPlay({"ANN": apart, "BOB": apart if self.is_friendly else 1_000 - apart}, {"ANN": None, "BOB": None})


def fractions(said: Any) -> tuple[float, float]:
    return said[A][FRACTION], said[B][FRACTION]


@pytest.mark.parametrize(("game", "at", "costs"), [(1, (0.0, 0.2), (0, 2000)), (3, (0.2, 0.2), (1998, 1998))])
def test_castros_games_have_one_equilibrium_which_is_the_social_optimum(
    game: int, at: tuple[float, float], costs: tuple[int, int]
) -> None:
    config = castro(game, "deterministic", "{kind: best-response}")
    subject = subject_of(config)
    reference = equilibria(subject, config, {bank: subject.start_policy(bank) for bank in (A, B)})
    assert reference is not None
    [point] = reference.nash
    for one in (point, reference.social_optimum):
        assert (fractions(one.parameters), tuple(one.costs.values()), one.total_cost) == (at, costs, sum(costs))


def test_the_gap_is_what_one_move_to_the_best_response_saves() -> None:
    """Where a published run of the third game stopped: the best responses are 0.2 and 0.4."""
    script = "{kind: scripted, proposals: {BANK_A: [0.01], BANK_B: [0.3]}}"
    first, last = loop_of(castro(3, "deterministic-temporal", script, iterations=2)).run().iterations
    assert last.costs_per_agent == {A: 12_099, B: 6_997}
    assert last.exploitability == {A: 12_099 - 1_998, B: 6_997 - 3_996}
    assert last.total_exploitability == 12_099 - 1_998 + 6_997 - 3_996
    assert first.exploitability == {A: 4_995 - 1_998, B: 4_995 - 1_998}


def test_at_rest_nobody_could_save_anything() -> None:
    result = loop_of(castro(1, "deterministic", "{kind: best-response}")).run()
    assert result.iterations[-1].exploitability == {A: 0, B: 0}
    said = result.as_json()["reference"]
    assert [one["costs"] for one in said["nash"]] == [{A: 0, B: 2000}]
    assert said["social_optimum"]["parameters"] == {A: {FRACTION: 0.0}, B: {FRACTION: 0.2}}


def test_a_better_number_between_those_of_the_grid_is_no_negative_gap() -> None:
    toy = Toy(lambda agent, x, seed: round(10_000 * abs(x - 0.333)))
    record = next(loop(toy, experiment(starting_policy="{ANN: 0.333, BOB: 0.4}")).iterations())
    assert record.exploitability == {"ANN": 0, "BOB": 670 - 170}


@pytest.mark.parametrize(("is_friendly", "count"), [(True, 21), (False, 0)])
def test_a_game_may_have_many_equilibria_or_none(is_friendly: bool, count: int) -> None:
    duel, config = Duel(is_friendly=is_friendly), experiment()
    reference = equilibria(duel, config, {agent: policy(0.9) for agent in duel.agents})
    assert reference is not None
    assert len(reference.nash) == count
    assert all(point.parameters["ANN"] == point.parameters["BOB"] for point in reference.nash)
    assert len(duel.played) == 21 * 21


@pytest.mark.parametrize(
    "replaced",
    [
        {"evaluation": "{mode: bootstrap, num_samples: 4, ticks: 1}"},
        {"evaluation": "{mode: deterministic, ticks: 1, exploitability: false}"},
    ],
    ids=["samples", "not asked for"],
)
def test_where_a_policy_has_no_single_cost_or_nobody_asks_nothing_is_looked_for(replaced: dict[str, str]) -> None:
    result = loop(Toy(), experiment(**replaced)).run()
    assert {record.exploitability for record in result.iterations} == {None}
    assert result.iterations[0].total_exploitability is None
    assert result.as_json()["reference"] is None


def test_numbers_without_bounds_have_no_grid() -> None:
    config = experiment(EXPERIMENT.replace(", max_value: 1.0", ""))
    result = OptimizationLoop(config, Toy(), Proposes(lambda request: None)).run()
    assert result.iterations[0].exploitability is None
    assert result.reference is None


def test_plays_of_an_iteration_serve_its_gaps_too() -> None:
    """The first agent's best response plays the same grid on the same seed."""
    with_gaps, without = Toy(), Toy()
    config = experiment(proposer="{kind: best-response, refine: 0}")
    off = replace(config, evaluation=replace(config.evaluation, exploitability=False))
    next(loop(with_gaps, config).iterations())
    next(loop(without, off).iterations())
    assert len(with_gaps.played) - len(without.played) == 21 - 1  # of BOB's grid; 0.9 is where he stands


def loop(toy: Toy, config: ExperimentConfig) -> OptimizationLoop:
    return OptimizationLoop(config, toy, proposer_of(config))
