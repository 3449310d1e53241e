"""Asking one agent's proposer for a policy that can be played, and judging it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from simweb.engine import BudgetExceeded, Fault, NotRecorded
from simweb.scenarios.optimization.briefing import Briefing
from simweb.scenarios.optimization.config import TEMPORAL, ExperimentConfig
from simweb.scenarios.optimization.evaluating import Bench
from simweb.scenarios.optimization.interactions import Interaction
from simweb.scenarios.optimization.proposers.protocol import Proposal, Proposer, Request
from simweb.scenarios.optimization.records import ProposalRecord
from simweb.scenarios.optimization.seeds import proposal_seed
from simweb.scenarios.optimization.subject import Policies, Policy, Subject

ACCEPTS_ALL = "Every valid proposal is accepted in this mode."


class TurnStopped(Exception):
    """A turn that came to no end, because of its cause: `record` is what there is of it."""

    def __init__(self, record: ProposalRecord) -> None:
        super().__init__(record.failure)
        self.record = record


@dataclass(slots=True)
class Attempts:
    """What came of the attempts of one turn so far: what they were told, and the calls of a model that were made."""

    count: int = 0
    faults: list[Fault] = field(default_factory=list)  # of the last one
    told: list[str] = field(default_factory=list)
    interactions: list[Interaction] = field(default_factory=list)

    def failed(self, *faults: Fault) -> None:
        """Take note of what was wrong with the last attempt."""
        self.faults = list(faults)
        self.told += map(str, faults)

    def noted_in(self, record: ProposalRecord) -> ProposalRecord:
        """The record of the turn, with them."""
        made = tuple(self.interactions)
        return replace(record, attempts=self.count, faults=tuple(self.told), interactions=made)


@dataclass(frozen=True, slots=True)
class Desk:
    """Who is asked, and by what the answer is judged."""

    config: ExperimentConfig
    subject: Subject
    proposer: Proposer

    def ask(self, bench: Bench, briefing: Briefing, agent: str, policies: Policies) -> ProposalRecord:
        """One agent's turn: attempts until a proposal is valid, each told what was wrong with the one before.

        Raises TurnStopped where a budget or a replay has no more calls.
        """
        attempts = Attempts()
        for attempt in range(1, self.config.max_retries + 1):
            attempts.count = attempt
            request = self._request(bench, briefing, agent, policies, attempts)
            try:
                proposal = self._proposed(request, attempts)
            except (BudgetExceeded, NotRecorded) as stop:
                record = ProposalRecord(agent, bench.seeds[agent], None, False, "Stopped.", failure=str(stop))
                raise TurnStopped(attempts.noted_in(record)) from stop
            if proposal is not None:
                record = self._judged(bench, agent, policies, proposal.policy)
                return attempts.noted_in(replace(record, reasoning=proposal.reasoning))
        reason = f"No valid proposal in {self.config.max_retries} attempts."
        record = ProposalRecord(agent, bench.seeds[agent], None, False, reason, failure=attempts.told[-1])
        return attempts.noted_in(record)

    def _proposed(self, request: Request, attempts: Attempts) -> Proposal | None:
        """What was proposed, if it can be played."""
        try:
            proposal = self.proposer.propose(request)
            attempts.interactions += proposal.interactions
            if proposal.failure:
                attempts.failed(Fault(proposal.failure))
                return None
            policy = None if proposal.policy is None else plain(proposal.policy)
        except (BudgetExceeded, NotRecorded):
            raise
        except Exception as error:  # whatever a proposer does must not end an experiment at once
            attempts.failed(Fault(f"{type(error).__name__}: {error}"))
            return None
        faults = [] if policy is None else self._faults_of(request.agent, policy)
        if faults:
            attempts.failed(*faults)
            return None
        return replace(proposal, policy=policy)

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

    def _request(self, bench: Bench, briefing: Briefing, agent: str, policies: Policies, attempts: Attempts) -> Request:
        policy, constraints = policies[agent], self.config.get_constraints()
        values = dict(self.subject.parameters(policy))
        rules = constraints.allowed_parameters if constraints else ()
        return Request(
            agent=agent,
            index=briefing.records[-1].iteration - 1,
            attempt=attempts.count,
            seed=proposal_seed(bench.seeds[agent], attempts.count),
            policy=policy,
            values=values,
            tunable=tuple(rule for rule in rules if rule.name in values),
            cost_of=lambda candidate: bench.search_cost(agent, policies, candidate),
            changed=lambda numbers: self.subject.with_parameters(policy, numbers),
            faults=tuple(attempts.faults),
            told=lambda added: briefing.told_to(agent, added),
        )


def plain(policy: Policy) -> Policy:
    """The policy as JSON has it. Raises TypeError or ValueError for what JSON does not have."""
    copied: Policy = json.loads(json.dumps(policy, allow_nan=False))
    return copied
