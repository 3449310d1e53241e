"""What an experiment says of itself is true: it finds a planted optimum, and its intervals hold what they say."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from statistics import NormalDist

import pytest

from simweb.scenarios.optimization import OptimizationLoop, proposer_of
from simweb.scenarios.optimization.acceptance import lower_bound
from simweb.scenarios.optimization.holdout import hold_out
from tests.engine.optimization.toy import BEST, Toy, experiment, policy

REPEATS = 20
SAMPLES = "{mode: bootstrap, num_samples: 10, search_samples: 40, ticks: 1}"


@cache
def noise(*what: object) -> float:
    """A normal number of its own for each of what it is asked for."""
    drawn = int.from_bytes(sha256(repr(what).encode()).digest()[:6], "big")
    return NormalDist().inv_cdf((drawn + 0.5) / 2**48)


def planted(agent: str, x: float, seed: int) -> int:
    """Cheapest at BEST: some days are dearer than others, and every number has luck of its own on each of them."""
    return round(5_000 + 10_000 * abs(x - BEST) + 1_000 * noise(agent, seed) + 500 * noise(agent, x, seed))


@pytest.mark.parametrize("proposer", ["{kind: best-response}", "{kind: tpe, trials: 30}"])
def test_a_planted_optimum_is_found(proposer: str) -> None:
    """Within 5 % of it, in at least 18 of 20 repeats."""
    near = 0
    for seed in range(REPEATS):
        config = experiment(
            evaluation=SAMPLES,
            proposer=proposer,
            convergence="{max_iterations: 4}",
            optimized_agents="[ANN]",
            master_seed=str(seed),
        )
        result = OptimizationLoop(config, Toy(planted), proposer_of(config)).run()
        near += abs(result.final_policies["ANN"]["x"] - BEST) <= 0.05 * BEST
    assert near >= 18


def test_a_saving_is_at_least_its_lower_bound_as_often_as_it_says() -> None:
    """By chance alone it is more than the truth in one of twenty."""
    repeats, true = 2_000, 100
    bounds = [lower_bound([round(true + 400 * noise(one, k)) for k in range(10)]) for one in range(repeats)]
    covered = sum(bound <= true for bound in bounds) / repeats
    assert abs(covered - 0.95) < 3 * (0.05 * 0.95 / repeats) ** 0.5


def test_the_interval_of_held_out_plays_holds_the_true_saving_as_often_as_it_says() -> None:
    repeats, true = 400, 3_000
    covered = 0
    for master in range(repeats):
        first, last = {"ANN": policy(0.9), "BOB": policy(0.9)}, {"ANN": policy(0.6), "BOB": policy(0.9)}
        saved, half = hold_out(Toy(planted), ("ANN",), first, last, master, 12).saved["ANN"]
        assert half is not None
        covered += abs(saved - true) <= half
    assert abs(covered / repeats - 0.95) < 3 * (0.05 * 0.95 / repeats) ** 0.5
