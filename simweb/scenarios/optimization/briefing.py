"""Briefing: all that could be told of an iteration, each piece with its owner, and from it what one agent is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property

from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.evaluating import Bench
from simweb.scenarios.optimization.prompts import PUBLIC, Fragment, Guard, own_turns, private_numbers
from simweb.scenarios.optimization.prompts.history import told_numbers, told_turns
from simweb.scenarios.optimization.records import IterationRecord
from simweb.scenarios.optimization.subject import Explained, Subject

DOMAIN, SCHEMA, NUMBERS, HISTORY, POLICY = (
    "The world",
    "What a policy may hold",
    "Your numbers now",
    "Your history",
    "Your policy now",
)


class Briefing:
    """One iteration, whose costs are known and stand in the last of `records`. Nothing is played for it before it is asked."""

    def __init__(
        self, config: ExperimentConfig, subject: Subject, bench: Bench, records: Sequence[IterationRecord]
    ) -> None:
        self.config = config
        self.subject = subject
        self.bench = bench
        self.records = tuple(records)

    def told_to(self, agent: str, added: Sequence[Fragment] = ()) -> list[Fragment]:
        """What an agent may be told, with what is added: nothing that others own."""
        return Guard(agent, self._private).passed((*self.fragments, *added))

    @cached_property
    def _private(self) -> dict[str, frozenset[float]]:
        return private_numbers(self.fragments)

    @cached_property
    def fragments(self) -> tuple[Fragment, ...]:
        """Public ones, and those of all agents, each with its owner."""
        owned = (fragment for agent in self.subject.agents for fragment in self._owned(agent))
        return (*self._public(), *owned)

    def _public(self) -> list[Fragment]:
        if not isinstance(self.subject, Explained):
            return []
        schema = self.subject.schema(self.config.get_constraints())
        return [
            Fragment(PUBLIC, DOMAIN, self.subject.domain(), is_vouched=True),
            Fragment(PUBLIC, SCHEMA, schema, is_vouched=True),
        ]

    def _owned(self, agent: str) -> list[Fragment]:
        """What the agent knows of itself, at the beginning of the iteration."""
        policy = json.dumps(self.bench.policies[agent], indent=1, ensure_ascii=False)
        said = [Fragment(agent, NUMBERS, self._numbers(agent))] if agent in self.config.optimized_agents else []
        if isinstance(self.subject, Explained):
            account = self.subject.account_of(agent, self.bench.policies, self.bench.seed)
            said += [Fragment(agent, title, text, is_vouched=True) for title, text in account]
        said.append(Fragment(agent, HISTORY, told_turns(own_turns(self.records[:-1], agent))))
        return [*said, Fragment(agent, POLICY, f"```json\n{policy}\n```")]

    def _numbers(self, agent: str) -> str:
        record = self.records[-1]
        evaluation = self.config.evaluation
        how = (
            f"the mean of {evaluation.num_samples} samples; below is a single play"
            if evaluation.draws_samples
            else "one play"
        )
        lines = [
            f"Iteration {record.iteration} of at most {self.config.convergence.max_iterations}.",
            f"Your cost: {record.costs_per_agent[agent]:,} cents ({how}).",
            f"Your parameters: {told_numbers(record.parameters.get(agent, {}))}.",
        ]
        rate = record.settlement_rates.get(agent)
        return "\n".join(lines if rate is None else [*lines, f"Of what you had to do, you did {rate:.1%}."])
