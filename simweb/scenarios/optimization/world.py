"""Optimisation as a scenario: a turn is an iteration, a decision a proposal. So it has all that a run has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from simweb.engine import (
    Block,
    BudgetExceeded,
    Decision,
    NotRecorded,
    Option,
    Problem,
    Scenario,
    TurnReport,
    View,
    columns,
)
from simweb.scenarios.optimization.interactions import total
from simweb.scenarios.optimization.loop import ProposerFailed
from simweb.scenarios.optimization.measures import DEFAULT_KEYS, METRICS
from simweb.scenarios.optimization.params import OptimizationParams, begin, config_of
from simweb.scenarios.optimization.preview import preview
from simweb.scenarios.optimization.records import Fate, IterationRecord, ProposalRecord
from simweb.scenarios.optimization.state import OptimizationResult
from simweb.scenarios.optimization.subjects import templates

OLD, NEW = "old", "new"
ACTIONS: Mapping[Fate, str] = {"accepted": "accept", "rejected": "reject", "failed": "fail", "none": "pass"}


class Optimization(Scenario):
    """One experiment; its master seed is the run's. What it decides, and why: docs/optimization.md."""

    key = "optimization"
    title = "Optimisation of policies"
    version = "1"
    description = (
        "Policies that cost something are proposed, compared on the same samples and kept if they are better, until nothing "
        "changes any more. An experiment is a YAML file; Castro's three games of banks are ready made."
    )
    default_turns = 25
    Params = OptimizationParams
    metrics = METRICS
    default_metric_keys = DEFAULT_KEYS

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        sequence: Any = rng.bit_generator.seed_seq
        self.config = config_of(params).with_overrides(seed=int(sequence.entropy))
        self.loop = begin(self.config)
        self.records: list[IterationRecord] = []
        self._coming = iter(self.loop.iterations())
        self._told = 0  # iterations that an earlier run has played
        self._stopped: Exception | None = None
        self.result: OptimizationResult | None = None

    @classmethod
    def length(cls, params: Any) -> int | None:
        return config_of(params).convergence.max_iterations

    @classmethod
    def preview(cls, params: Any) -> Sequence[Block]:
        return preview(config_of(params))

    @classmethod
    def examples(cls, field: str) -> Mapping[str, str]:
        if field != "experiment":
            return {}
        return {template.title: template.text for template in templates().values()}

    def resume(self, checkpoints: Sequence[Mapping[str, Any]]) -> None:
        """Tell again the iterations of an earlier run of the same experiment, then go on."""
        records = [IterationRecord.from_json(dict(said)) for said in checkpoints]
        self.loop = begin(self.config, records)
        self._told = len(records)
        self._coming = chain(records, self.loop.iterations())

    def checkpoint(self) -> Mapping[str, Any] | None:
        """The iteration, unless it came to no end and is to be tried again."""
        return None if self._stopped else self.records[-1].as_json()

    def unfinished(self) -> Mapping[str, Any] | None:
        """The iteration that came to no end."""
        return self.records[-1].as_json() if self._stopped else None

    def turn(self) -> TurnReport:
        """One iteration. Raises ProposerFailed, BudgetExceeded and NotRecorded in the turn after the one that tells of it."""
        if self._stopped:
            raise self._stopped
        try:
            record = next(self._coming)
        except (ProposerFailed, BudgetExceeded, NotRecorded) as stopped:
            self._stopped = stopped
            record = self.loop.provider.records[-1]
            stopped.turn = record.iteration  # type: ignore[union-attr]  # it is raised when that turn was told
        self.records.append(record)
        if self._is_last(record):
            self.finished = True
            self.result = self.loop.result()
            self.output_data = self.result.as_json()
            self.narrative = self._story(self.result)
        report = _report(record, self.loop.subject.describe, is_told=len(self.records) <= self._told)
        return replace(report, problems=[*report.problems, *self._slowness()])

    def view(self) -> View:
        costs = self.records[-1].costs_per_agent
        return columns(tuple(costs), {"Cost": np.array(tuple(costs.values()))})

    def iteration_count(self) -> int:
        """How many were evaluated."""
        return len(self.records)

    def final_cost(self) -> int:
        """Of all optimised agents: by held-out plays, where the experiment has them; else of the last iteration."""
        return self.result.final_cost if self.result else self.records[-1].total_cost

    def best_cost(self) -> int:
        """The lowest total of all iterations."""
        return min(record.total_cost for record in self.records)

    def acceptance_rate(self) -> float | None:
        """Of all proposals; None where nothing was proposed."""
        fates = self._fates()
        made = fates["accepted"] + fates["rejected"]
        return fates["accepted"] / made if made else None

    def _fates(self) -> Counter[Fate]:
        return Counter(one.fate for record in self.records for one in record.proposals)

    def _slowness(self) -> list[Problem]:
        """Told once, of an experiment that plays so much that it is felt."""
        why = self.loop.subject.slowness() if self.config.evaluation.draws_samples and len(self.records) == 1 else ""
        fix = "Wait, or stop it and retry in a few minutes: it goes on where it was, as fast as any other."
        return [Problem("minor", why, suggested_fix=fix)] if why else []

    def _is_last(self, record: IterationRecord) -> bool:
        return bool(record.ended) and not self._stopped

    def _story(self, result: OptimizationResult) -> str:
        first, last = sum(result.baseline_costs.values()), result.final_cost
        fates = self._fates()
        end = "came to rest" if self.loop.has_converged else "used up its iterations"
        return (
            f"It {end} after {len(self.records)} iterations. Total cost went from {first:,} to {last:,} cents"
            f"{', by plays that no iteration has seen' if result.holdout else ''}; "
            f"{fates['accepted']} of {fates['accepted'] + fates['rejected']} proposals were accepted."
        )


def _report(record: IterationRecord, describe: Any, *, is_told: bool) -> TurnReport:
    fates = Counter(one.fate for one in record.proposals)
    policies = dict(record.policies)
    decisions = []
    for one in record.proposals:
        decision = _decision(record, one, describe(policies[one.agent]), describe)
        decisions.append(decision if is_told else _with_calls(decision, one))
        if one.accepted and one.policy is not None:
            policies[one.agent] = one.policy
    problems = [_problem(record, one) for one in record.proposals if one.failure]
    return TurnReport({act: fates[fate] for fate, act in ACTIONS.items()}, problems, decisions=decisions)


def _decision(record: IterationRecord, one: ProposalRecord, old: str, describe: Any) -> Decision:
    """Keep the old policy, or take the new one. It fails where nothing came that could be judged; to reject is no failure."""
    is_new = one.policy is not None
    options = [Option(OLD, old), *([Option(NEW, describe(one.policy))] if is_new else [])]
    return Decision(
        agent=one.agent,
        intent=f"Find a policy of {one.agent} that costs less",
        options=options,
        chosen=NEW if one.accepted else OLD,
        decision_type="proposal",
        reasoning=one.reasoning,
        context={
            "iteration": record.iteration,
            "seed": one.seed,
            "cost": record.costs_per_agent[one.agent],
            "saved_over_all_samples": one.delta_sum,
            "samples": len(one.comparison.deltas) if one.comparison else 0,
            "parameters": one.parameters,
            "attempts": one.attempts,
            "faults": list(one.faults),
        },
        outcome="failure" if one.failure else "success",
        summary=one.reason if one.fate == "none" else f"{one.fate.capitalize()}. {one.reason}",
        error=one.failure,
        key=_key(record, one),
    )


def _with_calls(decision: Decision, one: ProposalRecord) -> Decision:
    """With what its calls of a model cost now; what an earlier run paid, or a recording answered, costs nothing."""
    made = [call for call in one.interactions if not call.is_replayed]
    return replace(
        decision,
        tokens=total(call.tokens for call in made),
        cost_usd=total(call.cost_usd for call in made),
        latency_ms=total(call.latency_ms for call in made),
    )


def _problem(record: IterationRecord, one: ProposalRecord) -> Problem:
    return Problem(
        "warning",
        f"Iteration {record.iteration}: no valid proposal came for {one.agent}.",
        root_cause=one.failure,
        suggested_fix="Its policy stays as it is. Three turns like this in a row end the run.",
        decision=_key(record, one),
    )


def _key(record: IterationRecord, one: ProposalRecord) -> str:
    return f"{record.iteration}:{one.agent}"
