"""Evaluating: what policies cost in one iteration. Nothing is played twice that was played in it already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from simweb.scenarios.optimization.acceptance import Comparison
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.records import key_of
from simweb.scenarios.optimization.searching import Search
from simweb.scenarios.optimization.seeds import day_seeds, iteration_seeds, sample_seeds
from simweb.scenarios.optimization.subject import History, Play, Policies, Policy, Sample, Subject


class Costs(NamedTuple):
    """By optimised agent: cents, and the share that was settled."""

    cents: dict[str, int]
    settlement_rates: dict[str, float | None]


class Outcome(NamedTuple):
    """What one agent's policy cost, sample by sample, and the share that was settled over all of them."""

    costs: tuple[int, ...]
    settlement_rate: float | None


class Bench:
    """One iteration's plays: `seeds` are those of its agents; samples are drawn from plays of its first policies."""

    def __init__(
        self, config: ExperimentConfig, subject: Subject, search: Search, index: int, policies: Policies
    ) -> None:
        self.config = config
        self.subject = subject
        self.search = search
        self.policies = policies
        self.seeds = iteration_seeds(config.master_seed, index, config.optimized_agents)
        self.seed = self.seeds[config.optimized_agents[0]]  # of what concerns all agents
        self._plays: dict[tuple[str, int], Play] = {}
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._samples: dict[str, Sequence[Sample]] = {}

    def costs(self) -> Costs:
        """What the iteration's first policies cost each optimised agent: of samples, the mean without its fraction of a cent."""
        agents = self.config.optimized_agents
        if not self.config.evaluation.draws_samples:
            play = self._play(self.policies, self.seed)
            return Costs(
                {agent: play.costs[agent] for agent in agents},
                {agent: play.settlement_rates[agent] for agent in agents},
            )
        outcomes = {agent: self._outcome(agent, self.policies[agent]) for agent in agents}
        return Costs(
            {agent: whole_mean(outcome.costs) for agent, outcome in outcomes.items()},
            {agent: outcome.settlement_rate for agent, outcome in outcomes.items()},
        )

    def costs_of(self, policies: Policies) -> Mapping[str, int]:
        """By agent, in a play with the seed of what concerns all agents."""
        return self._play(policies, self.seed).costs

    def compare(self, agent: str, policies: Policies, proposed: Policy) -> Comparison:
        """The proposed policy against the agent's among `policies`, which the others keep: on the same seed or samples."""
        if not self.config.evaluation.draws_samples:
            seed = self.seeds[agent]
            old, new = self._play(policies, seed), self._play({**policies, agent: proposed}, seed)
            return Comparison((seed,), (old.costs[agent],), (new.costs[agent],), new.settlement_rates[agent])
        before, after = self._outcome(agent, policies[agent]), self._outcome(agent, proposed)
        return Comparison(self._sample_seeds, before.costs, after.costs, after.settlement_rate)

    def search_cost(self, agent: str, policies: Policies, candidate: Policy) -> float:
        """What a candidate would cost, for a proposer that searches."""
        if not self.config.evaluation.draws_samples:
            return self._play({**policies, agent: candidate}, self.seeds[agent]).costs[agent]
        return self.search.cost(agent, self.policies, candidate)

    def _play(self, policies: Policies, seed: int) -> Play:
        key = (key_of(policies), seed)
        if key not in self._plays:
            self._plays[key] = self.subject.evaluate(policies, seed)
        return self._plays[key]

    def _outcome(self, agent: str, policy: Policy) -> Outcome:
        key = (agent, key_of(policy))
        if key not in self._outcomes:
            trials = self.subject.try_policy(agent, policy, self._samples_of(agent))
            rates = [trial.settlement_rate for trial in trials if trial.settlement_rate is not None]
            rate = sum(rates) / len(rates) if rates else None
            self._outcomes[key] = Outcome(tuple(trial.cost for trial in trials), rate)
        return self._outcomes[key]

    def _samples_of(self, agent: str) -> Sequence[Sample]:
        if agent not in self._samples:
            self._samples[agent] = self.subject.samples(self._history, agent, self._sample_seeds)
        return self._samples[agent]

    @cached_property
    def _history(self) -> History:
        days = self.config.days_of(self.config.evaluation.num_samples)
        return self.subject.history(self.policies, day_seeds(self.seed, days))

    @cached_property
    def _sample_seeds(self) -> tuple[int, ...]:
        return sample_seeds(self.seed, self.config.evaluation.num_samples)


def whole_mean(costs: Sequence[int]) -> int:
    """The mean in whole cents, cut off towards zero."""
    total = sum(costs)
    return total // len(costs) if total >= 0 else -(-total // len(costs))
