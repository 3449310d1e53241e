"""Seeds: those that are published, and that no two are the same."""

from __future__ import annotations

from simweb.scenarios.optimization.seeds import (
    day_seeds,
    holdout_seeds,
    iteration_seed,
    proposal_seed,
    sample_seeds,
    search_seed,
)
from tests.engine.optimization.known import KNOWN


def test_seeds_of_iterations_are_the_published_ones() -> None:
    for key, seed in KNOWN["iteration_seeds_master_42"].items():
        index, agent = key.split(":")
        assert iteration_seed(42, int(index), agent) == seed


def test_seeds_of_samples_are_the_published_ones() -> None:
    published = KNOWN["sampler_seeds_of_1088125515"]
    assert list(sample_seeds(1088125515, len(published))) == published


def test_no_two_branches_of_the_tree_share_a_seed() -> None:
    seed = iteration_seed(1, 0, "A")
    search = search_seed(1)
    seeds = [*sample_seeds(seed, 50), *day_seeds(seed, 50)[1:], *holdout_seeds(1, 50)]
    seeds += [*sample_seeds(search, 50), *day_seeds(search, 50)]
    seeds += [proposal_seed(seed, attempt) for attempt in (1, 2, 3)]
    seeds += [iteration_seed(1, index, agent) for index in range(50) for agent in "AB"]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_more_samples_leave_the_first_ones_as_they_are() -> None:
    assert sample_seeds(7, 20)[:5] == sample_seeds(7, 5)
