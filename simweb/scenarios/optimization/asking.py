"""Asking one agent's proposer for a policy that can be played, and judging it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from simweb.engine import Fault
from simweb.scenarios.optimization.config import TEMPORAL, ExperimentConfig
from simweb.scenarios.optimization.evaluating import Bench
from simweb.scenarios.optimization.proposers.protocol import Proposer, Request
from simweb.scenarios.optimization.records import ProposalRecord
from simweb.scenarios.optimization.seeds import proposal_seed
from simweb.scenarios.optimization.subject import Policies, Policy, Subject

ACCEPTS_ALL = "Every valid proposal is accepted in this mode."


class Desk(NamedTuple):
    """Who is asked, and by what the answer is judged."""

    config: ExperimentConfig
    subject: Subject
    proposer: Proposer

    def ask(self, bench: Bench, index: int, agent: str, policies: Policies) -> ProposalRecord:
        """One agent's turn: attempts until a proposal is valid, each told what was wrong with the one before."""
        faults: list[Fault] = []
        told: list[str] = []
        for attempt in range(1, self.config.max_retries + 1):
            try:
                proposal = self.proposer.propose(self._request(bench, index, agent, policies, attempt, faults))
                policy = None if proposal.policy is None else plain(proposal.policy)
            except Exception as error:  # whatever a proposer does must not end an experiment at once
                told.append(f"{type(error).__name__}: {error}")
                continue
            faults = [] if policy is None else list(self._faults_of(agent, policy))
            if not faults:
                record = self._judged(bench, agent, policies, policy)
                return replace(record, reasoning=proposal.reasoning, attempts=attempt, faults=tuple(told))
            told += map(str, faults)
        reason = f"No valid proposal in {self.config.max_retries} attempts."
        record = ProposalRecord(agent, bench.seeds[agent], None, False, reason, failure=told[-1])
        return replace(record, attempts=self.config.max_retries, faults=tuple(told))

    def _faults_of(self, agent: str, policy: Policy) -> Sequence[Fault]:
        return self.subject.validate(agent, policy, self.config.get_constraints())

    def _judged(self, bench: Bench, agent: str, policies: Policies, policy: Policy | None) -> ProposalRecord:
        seed = bench.seeds[agent]
        if policy is None:
            return ProposalRecord(agent, seed, None, False, "Nothing was proposed.")
        parameters = dict(self.subject.parameters(policy))
        if self.config.evaluation.mode == TEMPORAL:
            return ProposalRecord(agent, seed, policy, True, ACCEPTS_ALL, parameters=parameters)
        comparison = bench.compare(agent, policies, policy)
        verdict = self.config.evaluation.acceptance.judge(comparison)
        judged = ProposalRecord(agent, seed, policy, verdict.accepted, verdict.reason, parameters=parameters)
        return replace(judged, comparison=comparison)

    def _request(
        self, bench: Bench, index: int, agent: str, policies: Policies, attempt: int, faults: list[Fault]
    ) -> Request:
        policy, constraints = policies[agent], self.config.get_constraints()
        values = dict(self.subject.parameters(policy))
        rules = constraints.allowed_parameters if constraints else ()
        return Request(
            agent=agent,
            index=index,
            attempt=attempt,
            seed=proposal_seed(bench.seeds[agent], attempt),
            policy=policy,
            values=values,
            tunable=tuple(rule for rule in rules if rule.name in values),
            cost_of=lambda candidate: bench.search_cost(agent, policies, candidate),
            changed=lambda numbers: self.subject.with_parameters(policy, numbers),
            faults=tuple(faults),
        )


def plain(policy: Policy) -> Policy:
    """The policy as JSON has it. Raises TypeError or ValueError for what JSON does not have."""
    copied: Policy = json.loads(json.dumps(policy, allow_nan=False))
    return copied
