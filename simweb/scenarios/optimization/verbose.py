"""What a person in a terminal is told while an experiment runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simweb.scenarios.optimization.records import IterationRecord, ProposalRecord
from simweb.scenarios.optimization.state import OptimizationResult


def _to_screen(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@dataclass(frozen=True, slots=True)
class VerboseConfig:
    """Nothing is told unless it is asked for; `write` takes one line."""

    iterations: bool = False
    proposals: bool = False
    write: Callable[[str], None] = _to_screen

    def tell(self, record: IterationRecord) -> None:
        """Of an iteration: its costs, and what was proposed."""
        if self.iterations:
            costs = ", ".join(f"{agent} {cost:,}" for agent, cost in record.costs_per_agent.items())
            self.write(f"Iteration {record.iteration}: {record.total_cost:,} cents ({costs})")
        if self.proposals:
            for line in _proposals(record):
                self.write(line)

    def tell_result(self, result: OptimizationResult) -> None:
        """How it ended."""
        if self.iterations:
            told = f"{result.final_cost:,} cents; best: {result.best_cost:,}"
            self.write(f"Ended after {result.num_iterations} iterations ({result.convergence_reason}): {told}")


def _proposals(record: IterationRecord) -> Iterator[str]:
    for proposal in record.proposals:
        yield f"  {proposal.agent} {_fate(proposal)}: {proposal.reason} {proposal.failure or proposal.reasoning}".rstrip()


def _fate(proposal: ProposalRecord) -> str:
    if proposal.policy is None:
        return "has no proposal"
    numbers = ", ".join(f"{name} {value:.6g}" for name, value in (proposal.parameters or {}).items())
    return f"{'accepted' if proposal.accepted else 'rejected'} ({numbers})"
