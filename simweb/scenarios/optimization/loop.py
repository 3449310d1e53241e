"""The loop: evaluate, stop if at rest, ask each agent in turn for a better policy, keep what is better; and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from simweb.engine import Fault, Faulty
from simweb.scenarios.optimization.asking import Desk, TurnStopped, plain
from simweb.scenarios.optimization.briefing import Briefing
from simweb.scenarios.optimization.config import TEMPORAL, ExperimentConfig
from simweb.scenarios.optimization.convergence import (
    MAX_ITERATIONS,
    BootstrapConvergence,
    CostStability,
    Detector,
    PolicyStability,
)
from simweb.scenarios.optimization.evaluating import Bench
from simweb.scenarios.optimization.events import LiveStateProvider
from simweb.scenarios.optimization.holdout import hold_out
from simweb.scenarios.optimization.proposers.protocol import Proposer
from simweb.scenarios.optimization.records import IterationRecord, ProposalRecord
from simweb.scenarios.optimization.reference import equilibria, exploitability
from simweb.scenarios.optimization.searching import Search
from simweb.scenarios.optimization.state import ExperimentStateProviderProtocol, OptimizationResult
from simweb.scenarios.optimization.subject import Policies, Policy, Subject

MOST_FAILURES = 3  # in a row, of one agent or of all
PROPOSER_FAILED = "proposer_failed"
STOPPED = "stopped"
ALL = ""


class ProposerFailed(Exception):
    """Too many turns in a row brought no valid proposal; the message says what the last one was told."""


class OptimizationLoop:
    """One experiment, from its beginning or on from the iterations in `records`; the result is the same."""

    def __init__(
        self,
        config: ExperimentConfig,
        subject: Subject,
        proposer: Proposer,
        state_provider: ExperimentStateProviderProtocol | None = None,
        *,
        records: Sequence[IterationRecord] = (),
    ) -> None:
        self.config = config
        self.subject = subject
        self.provider = state_provider or LiveStateProvider()
        self.records: list[IterationRecord] = []
        self._desk = Desk(config, subject, proposer)
        self._search = Search(config, subject)
        self._totals = _detector(config)
        self._choices = PolicyStability(config.convergence.stability_window)
        self._failures: Counter[str] = Counter()
        self.policies = records[0].policies if records else _first_policies(config, subject)
        self.provider.begin(_told(config))
        for record in records:
            self._totals.show(record.total_cost)
            for proposal in record.proposals:
                self._count(proposal)
            self._keep(record)

    @property
    def is_over(self) -> bool:
        """Whether the last iteration was the last."""
        return bool(self.records) and bool(self.records[-1].ended)

    @property
    def has_converged(self) -> bool:
        """Whether it came to rest, which is more than that its iterations are used up."""
        return self.is_over and self.records[-1].ended != MAX_ITERATIONS

    def run(self) -> OptimizationResult:
        """Iterate to the end. Raises what `iterations` raises."""
        for _ in self.iterations():
            pass
        return self.result()

    def iterations(self) -> Iterator[IterationRecord]:
        """The iterations that are still to come, each made when it is asked for.

        Raises ProposerFailed; BudgetExceeded, where the next call of a model might pass the budget; NotRecorded in a replay.
        """
        while not self.is_over:
            yield self._iterate()

    def result(self) -> OptimizationResult:
        """What came of it. Raises ValueError while it is not over."""
        if not self.is_over:
            raise ValueError("The experiment is not over: take its iterations first.")
        first, last, count = self.records[0].policies, self.records[-1].policies, self.config.evaluation.holdout_samples
        agents, master = self.config.optimized_agents, self.config.master_seed
        holdout = hold_out(self.subject, agents, first, last, master, count) if count else None
        reference = equilibria(self.subject, self.config, first)
        result = OptimizationResult(tuple(self.records), holdout, reference)
        self.provider.end(result)
        return result

    def _iterate(self) -> IterationRecord:
        index = len(self.records)
        bench = Bench(self.config, self.subject, self._search, index, self.policies)
        costs = bench.costs()
        parameters = {agent: dict(self.subject.parameters(self.policies[agent])) for agent in costs.cents}
        gaps = exploitability(self.config, self.subject, self.policies, bench.costs_of)
        record = IterationRecord(
            index + 1,
            bench.seeds,
            costs.cents,
            costs.settlement_rates,
            dict(self.policies),
            parameters,
            exploitability=gaps,
        )
        self._totals.show(record.total_cost)
        ended = self._totals.reason
        if not ended and index + 1 >= self.config.convergence.max_iterations:
            ended = MAX_ITERATIONS
        record = replace(record, ended=ended) if ended else self._ask_all(bench, record)
        self._keep(record)
        return self.records[-1]

    def _ask_all(self, bench: Bench, record: IterationRecord) -> IterationRecord:
        """What is accepted counts at once: the next agent answers to it."""
        briefing = Briefing(self.config, self.subject, bench, (*self.records, record))
        for agent in self.config.optimized_agents:
            try:
                proposal = self._desk.ask(bench, briefing, agent, record.next_policies)
            except TurnStopped as stopped:
                proposals = (*record.proposals, stopped.record)
                self.provider.record_iteration(replace(record, proposals=proposals, ended=STOPPED))
                raise (stopped.__cause__ or stopped) from None
            record = replace(record, proposals=(*record.proposals, proposal))
            self._count(proposal)
            if max(self._failures.values()) >= MOST_FAILURES:
                self.provider.record_iteration(replace(record, ended=PROPOSER_FAILED))
                raise ProposerFailed(
                    f"{MOST_FAILURES} turns in a row brought no valid proposal; the last was that of {agent} in iteration "
                    f"{record.iteration}. {proposal.failure}"
                )
        return record

    @property
    def _rests_with_policies(self) -> bool:
        """In samples, new in each iteration, costs vary however still the policies are; the published loop waited for costs."""
        evaluation = self.config.evaluation
        return evaluation.mode == TEMPORAL or (evaluation.draws_samples and not self.config.reproduce_published)

    def _count(self, proposal: ProposalRecord) -> None:
        for counted in (ALL, proposal.agent):
            self._failures[counted] = self._failures[counted] + 1 if proposal.failure else 0

    def _keep(self, record: IterationRecord) -> None:
        """Take note of a complete iteration; what a failed proposer left unchanged is not taken for rest."""
        self.policies = record.next_policies
        if self._rests_with_policies and not record.ended:
            chosen = {agent: self.subject.parameters(self.policies[agent]) for agent in self.config.optimized_agents}
            self._choices.show(chosen)
            record = replace(record, ended="" if record.has_failed else self._choices.reason)
        if record.has_failed:
            self._totals.forget()
            self._choices.forget()
        self.records.append(record)
        self.provider.record_iteration(record)


def _detector(config: ExperimentConfig) -> Detector:
    said = config.convergence
    if config.evaluation.draws_samples:
        return BootstrapConvergence(said.cv_threshold, said.regret_threshold, said.stability_window)
    return CostStability(said.stability_threshold, said.stability_window)


def _first_policies(config: ExperimentConfig, subject: Subject) -> Policies:
    """The starting policies of all agents. Raises Faulty for those that cannot be read, or break the constraints."""
    policies: dict[str, Policy] = {}
    faults: list[Fault] = []
    for agent in subject.agents:
        place, said = ("starting_policy", agent), config.starting_policy.get(agent)
        line = config.line_of(place)
        try:
            policy = subject.start_policy(agent) if said is None else subject.read_policy(agent, said)
            constraints = config.get_constraints() if agent in config.optimized_agents else None
            found: Sequence[Fault] = subject.validate(agent, policy, constraints)
            policies[agent] = plain(policy)
        except Faulty as faulty:
            found = faulty.faults
        advice = (
            ""
            if said is not None
            else f" It is the scenario's own; write another one as starting_policy: {{{agent}: …}}."
        )
        faults += (Fault(f"{fault.message}{advice}", (*place, *fault.path), line) for fault in found)
    if faults:
        raise Faulty(faults)
    return policies


def _told(config: ExperimentConfig) -> dict[str, object]:
    """What `experiment_start` says."""
    return {
        "name": config.name,
        "mode": config.evaluation.mode,
        "max_iterations": config.convergence.max_iterations,
        "num_samples": config.evaluation.num_samples,
        "proposer": config.proposer.kind,
        "model": config.llm.model if config.llm else None,
        "master_seed": config.master_seed,
        "optimized_agents": list(config.optimized_agents),
    }
