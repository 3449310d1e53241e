"""Held-out plays: what final policies cost where no iteration has looked, beside what the first ones cost there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from simweb.engine import student_t
from simweb.scenarios.optimization.evaluating import whole_mean
from simweb.scenarios.optimization.seeds import holdout_seeds
from simweb.scenarios.optimization.subject import Policies, Subject


@dataclass(frozen=True, slots=True)
class Holdout:
    """Mean costs by agent, in whole cents, of as many plays. `saved` are mean savings with half of their 95 % interval."""

    num_samples: int
    per_agent_costs: Mapping[str, int]
    starting_costs: Mapping[str, int]
    saved: Mapping[str, tuple[float, float | None]]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "num_samples": self.num_samples,
            "per_agent_costs": dict(self.per_agent_costs),
            "starting_costs": dict(self.starting_costs),
            "saved": {agent: {"mean": mean, "half_width": half} for agent, (mean, half) in self.saved.items()},
        }


def hold_out(
    subject: Subject, agents: tuple[str, ...], first: Policies, last: Policies, master: int, count: int
) -> Holdout:
    """Play all agents with their first and with their last policies on the same held-out seeds."""
    seeds = holdout_seeds(master, count)
    before = [subject.evaluate(first, seed).costs for seed in seeds]
    after = [subject.evaluate(last, seed).costs for seed in seeds]
    saved = {
        agent: _interval([old[agent] - new[agent] for old, new in zip(before, after, strict=True)]) for agent in agents
    }
    return Holdout(
        count,
        {agent: whole_mean([costs[agent] for costs in after]) for agent in agents},
        {agent: whole_mean([costs[agent] for costs in before]) for agent in agents},
        saved,
    )


def _interval(values: list[int]) -> tuple[float, float | None]:
    if len(values) < 2:
        return fmean(values), None
    return fmean(values), student_t(len(values) - 1) * stdev(values) / math.sqrt(len(values))
