"""What is kept of an iteration: what policies cost, what was proposed, how it was judged. Plain data, there and back as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simweb.engine import Amount
from simweb.scenarios.optimization.acceptance import Comparison
from simweb.scenarios.optimization.interactions import Interaction, total
from simweb.scenarios.optimization.subject import Policies, Policy

_in_order = json.JSONEncoder(sort_keys=True).encode
Json = dict[str, Any]
Numbers = Mapping[str, float]
Fate = Literal["accepted", "rejected", "failed", "none"]
# What stands in JSON as it stands in the record.
OF_PROPOSAL = ("agent", "seed", "policy", "accepted", "reason", "reasoning", "parameters", "attempts", "failure")
OF_ITERATION = (
    "iteration",
    "seeds",
    "costs_per_agent",
    "settlement_rates",
    "policies",
    "parameters",
    "ended",
    "exploitability",
)


@dataclass(frozen=True, slots=True)
class ProposalRecord:
    """What came of asking for one agent's proposal. `policy` is None where none was made; `failure` says why none could be.

    `interactions` are all calls of a model that were made for it, those of failed attempts included.
    """

    agent: str
    seed: int
    policy: Policy | None
    accepted: bool
    reason: str
    reasoning: str = ""
    parameters: Numbers | None = None
    comparison: Comparison | None = None
    attempts: int = 1
    faults: tuple[str, ...] = ()
    failure: str = ""
    interactions: tuple[Interaction, ...] = ()

    @property
    def fate(self) -> Fate:
        """What became of it: `none` where nothing was proposed, as nothing better was found."""
        if self.failure:
            return "failed"
        if self.policy is None:
            return "none"
        return "accepted" if self.accepted else "rejected"

    @property
    def tokens(self) -> int | None:
        """Of all its interactions; None where no model was asked, or nobody counted."""
        tokens: int | None = total(one.tokens for one in self.interactions)
        return tokens

    @property
    def cost_usd(self) -> float | None:
        """What they cost when they were made; None where no price is known."""
        cost: float | None = total(one.cost_usd for one in self.interactions)
        return cost

    @property
    def latency_ms(self) -> float | None:
        """How long they took together when they were made."""
        latency: float | None = total(one.latency_ms for one in self.interactions)
        return latency

    @property
    def delta_sum(self) -> int:
        """What the proposal saves over all samples, in cents."""
        return sum(self.comparison.deltas) if self.comparison else 0

    def as_json(self) -> Json:
        """Plain JSON."""
        compared = self.comparison
        return {
            "agent": self.agent,
            "seed": self.seed,
            "policy": self.policy,
            "accepted": self.accepted,
            "reason": self.reason,
            "reasoning": self.reasoning,
            "parameters": self.parameters,
            "delta_sum": self.delta_sum,
            "attempts": self.attempts,
            "faults": list(self.faults),
            "failure": self.failure,
            "tokens": self.tokens,
            "cost_usd": self.cost_usd,
            "latency_ms": self.latency_ms,
            "interactions": [interaction.as_json() for interaction in self.interactions],
            "settlement_rate": compared.settlement_rate if compared else None,
            "samples": [
                {"seed": seed, "old": old, "new": new, "delta": old - new}
                for seed, old, new in zip(compared.seeds, compared.old, compared.new, strict=True)
            ]
            if compared
            else None,
        }

    @classmethod
    def from_json(cls, said: Json) -> ProposalRecord:
        """The record that was written."""
        samples, comparison = said["samples"], None
        if samples is not None:
            seeds, old, new = (tuple(sample[key] for sample in samples) for key in ("seed", "old", "new"))
            comparison = Comparison(seeds, old, new, said["settlement_rate"])
        own = {key: said[key] for key in OF_PROPOSAL}
        interactions = tuple(map(Interaction.from_json, said["interactions"]))
        return cls(**own, comparison=comparison, faults=tuple(said["faults"]), interactions=interactions)


@dataclass(frozen=True, slots=True)
class IterationRecord:
    """An iteration, numbered from 1: what `policies` cost, and what was proposed then. The last one proposes nothing.

    `seeds` are those of the iteration by agent; `ended` says why the experiment ended here, or nothing. `exploitability` is what
    each agent would save by its best response, in cents; None where it was not looked for.
    """

    iteration: int
    seeds: Mapping[str, int]
    costs_per_agent: Mapping[str, int]
    settlement_rates: Mapping[str, float | None]
    policies: Policies
    parameters: Mapping[str, Numbers]
    proposals: tuple[ProposalRecord, ...] = ()
    ended: str = ""
    exploitability: Mapping[str, int] | None = None

    @property
    def total_exploitability(self) -> int | None:
        """Of all optimised agents, in cents; 0 where none of them could save anything alone, on the grid."""
        return None if self.exploitability is None else sum(self.exploitability.values())

    @property
    def total_cost(self) -> int:
        """Of all optimised agents, in cents."""
        return sum(self.costs_per_agent.values())

    @property
    def spent(self) -> Amount:
        """What the calls of models cost that were made for its proposals."""
        return Amount(
            sum(one.tokens or 0 for one in self.proposals), math.fsum(one.cost_usd or 0.0 for one in self.proposals)
        )

    @property
    def accepted_changes(self) -> dict[str, bool]:
        """By agent that was asked."""
        return {proposal.agent: proposal.accepted for proposal in self.proposals}

    @property
    def has_failed(self) -> bool:
        """Whether an agent's proposer failed: then what follows is no sign of rest."""
        return any(proposal.failure for proposal in self.proposals)

    @property
    def next_policies(self) -> Policies:
        """Those of the iteration, with what was accepted."""
        accepted = {one.agent: one.policy for one in self.proposals if one.accepted and one.policy is not None}
        return {**self.policies, **accepted}

    def as_json(self) -> Json:
        """Plain JSON."""
        return {
            "iteration": self.iteration,
            "seeds": dict(self.seeds),
            "total_cost": self.total_cost,
            "costs_per_agent": dict(self.costs_per_agent),
            "settlement_rates": dict(self.settlement_rates),
            "policies": dict(self.policies),
            "parameters": dict(self.parameters),
            "proposals": [proposal.as_json() for proposal in self.proposals],
            "ended": self.ended,
            "exploitability": None if self.exploitability is None else dict(self.exploitability),
            "total_exploitability": self.total_exploitability,
        }

    @classmethod
    def from_json(cls, said: Json) -> IterationRecord:
        """The record that was written."""
        own = {key: said[key] for key in OF_ITERATION}
        return cls(**own, proposals=tuple(map(ProposalRecord.from_json, said["proposals"])))


def key_of(policies: Policies | Policy) -> str:
    """The same for policies that say the same."""
    return _in_order(policies)
