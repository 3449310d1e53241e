"""Searching: samples in which proposers look for what is cheap. They are the same in every iteration, and never those that judge.

Of many candidates one always looks cheap in the samples that were searched; in others it must prove itself. With new samples in
each iteration an answer would follow their luck for ever; in the same ones it rests as soon as nothing changes around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import attrgetter, mul, sub
from typing import NamedTuple

from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.records import key_of
from simweb.scenarios.optimization.seeds import day_seeds, sample_seeds, search_seed
from simweb.scenarios.optimization.subject import History, Policies, Policy, Sample, Subject

FEWEST = 20  # samples by which anything is given up
BEYOND_DOUBT = 6  # standard errors
COST = attrgetter("cost")


class Parts(NamedTuple):
    """Samples: the first tenth, the others, and all. Cut once, as a subject may take its time to do so."""

    first: Sequence[Sample]
    rest: Sequence[Sample]
    whole: Sequence[Sample]


class Cheapest(NamedTuple):
    """The costs of the cheapest candidate so far, sample by sample, and their mean."""

    costs: list[int]
    mean: float


class Search:
    """Nothing is played twice while the policies, of which the samples are drawn, stay as they are."""

    def __init__(self, config: ExperimentConfig, subject: Subject) -> None:
        self.subject = subject
        seed, count = search_seed(config.master_seed), config.evaluation.search_samples
        self._days = day_seeds(seed, config.days_of(count))
        self._seeds = sample_seeds(seed, count)
        self._policies: Policies = {}
        self._history: History | None = None
        self._samples: dict[str, Parts] = {}
        self._costs: dict[tuple[str, str], float] = {}
        self._cheapest: dict[str, Cheapest] = {}

    def cost(self, agent: str, policies: Policies, candidate: Policy) -> float:
        """The mean cost in cents of one agent's candidate, in samples drawn from plays of all agents' policies.

        What is far too dear in the first tenth of the samples is not tried in the others: there it is taken to be as much dearer
        than the cheapest as in the first.
        """
        self._begin(policies)
        key = (agent, key_of(candidate))
        if key not in self._costs:
            self._costs[key] = self._tried(agent, candidate, self._samples_of(agent, policies))
        return self._costs[key]

    def _tried(self, agent: str, candidate: Policy, samples: Parts) -> float:
        cheapest = self._cheapest.get(agent)
        if cheapest is None or len(samples.first) < FEWEST:
            costs = self._costs_in(agent, candidate, samples.whole)
        else:
            costs = self._costs_in(agent, candidate, samples.first)
            dearer = list(map(sub, costs, cheapest.costs))  # as many as there are costs
            if is_hopeless(dearer, cheapest.mean):
                return cheapest.mean + mean(dearer)
            costs += self._costs_in(agent, candidate, samples.rest)
        cost = mean(costs)
        if cheapest is None or cost < cheapest.mean:
            self._cheapest[agent] = Cheapest(costs, cost)
        return cost

    def _costs_in(self, agent: str, candidate: Policy, samples: Sequence[Sample]) -> list[int]:
        return list(map(COST, self.subject.try_policy(agent, candidate, samples)))

    def _begin(self, policies: Policies) -> None:
        if policies is not self._policies and policies != self._policies:
            self._history = None
            self._samples.clear()
            self._costs.clear()
            self._cheapest.clear()
        self._policies = policies

    def _samples_of(self, agent: str, policies: Policies) -> Parts:
        if self._history is None:
            self._history = self.subject.history(policies, self._days)
        if agent not in self._samples:
            whole = self.subject.samples(self._history, agent, self._seeds)
            few = len(whole) // 10
            self._samples[agent] = Parts(whole[:few], whole[few:], whole)
        return self._samples[agent]


def is_hopeless(dearer: Sequence[int], cheapest: float) -> bool:
    """Whether a candidate that is so much dearer, sample by sample, costs at least twice what the cheapest does, beyond doubt."""
    count, total = len(dearer), sum(dearer)
    squares = count * sum(map(mul, dearer, dearer)) - total * total  # count² (count − 1) times the mean's variance
    error = math.sqrt(squares / (count - 1)) / count
    return total / count > max(abs(cheapest), BEYOND_DOUBT * error)


def mean(costs: Sequence[int]) -> float:
    """Of whole numbers, as `fmean`, and ten times as fast."""
    return sum(costs) / len(costs)
