"""Where an experiment stands, and what came of it. Nothing here changes; a later state is a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from simweb.scenarios.optimization.convergence import MAX_ITERATIONS
from simweb.scenarios.optimization.holdout import Holdout
from simweb.scenarios.optimization.records import IterationRecord
from simweb.scenarios.optimization.reference import Reference
from simweb.scenarios.optimization.subject import Policies


@dataclass(frozen=True, slots=True)
class ExperimentState:
    """Iterations are counted from 1; 0 is before the first. `policies` are those of all agents, as they are now."""

    experiment_name: str
    current_iteration: int = 0
    is_converged: bool = False
    convergence_reason: str = ""
    policies: Policies = field(default_factory=dict)

    def with_iteration(self, iteration: int, policies: Policies) -> ExperimentState:
        """A copy, one iteration on."""
        return replace(self, current_iteration=iteration, policies=policies)

    def with_converged(self, reason: str) -> ExperimentState:
        """A copy that has come to rest."""
        return replace(self, is_converged=True, convergence_reason=reason)


@dataclass(frozen=True, slots=True)
class OptimizationResult:
    """What came of a loop that is over, in cents. The final policies are those of the last iteration.

    Held-out plays decide what they cost, and what the first ones cost; where there are none, the last and the first iteration.
    """

    iterations: tuple[IterationRecord, ...]
    holdout: Holdout | None = None
    reference: Reference | None = None

    @property
    def converged(self) -> bool:
        """Whether it came to rest; an experiment whose iterations are used up did not."""
        return self.convergence_reason != MAX_ITERATIONS

    @property
    def convergence_reason(self) -> str:
        """Why it ended."""
        return self.iterations[-1].ended

    @property
    def num_iterations(self) -> int:
        """How many were evaluated."""
        return len(self.iterations)

    @property
    def final_cost(self) -> int:
        """Of all optimised agents."""
        return sum(self.per_agent_costs.values())

    @property
    def decided_by(self) -> str:
        """What the costs are of: `held-out` plays, or the `last iteration`."""
        return "held-out" if self.holdout else "last iteration"

    @property
    def best_cost(self) -> int:
        """The lowest total of all iterations, by what they saw themselves."""
        return min(record.total_cost for record in self.iterations)

    @property
    def per_agent_costs(self) -> Mapping[str, int]:
        """By optimised agent."""
        return self.holdout.per_agent_costs if self.holdout else self.iterations[-1].costs_per_agent

    @property
    def baseline_costs(self) -> Mapping[str, int]:
        """What the first policies cost, by optimised agent."""
        return self.holdout.starting_costs if self.holdout else self.iterations[0].costs_per_agent

    @property
    def final_policies(self) -> Policies:
        """Of all agents."""
        return self.iterations[-1].policies

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, without the iterations."""
        return {
            "converged": self.converged,
            "reason": self.convergence_reason,
            "iterations": self.num_iterations,
            "final_cost": self.final_cost,
            "best_cost": self.best_cost,
            "per_agent_costs": dict(self.per_agent_costs),
            "decided_by": self.decided_by,
            "baseline": {"per_agent_costs": dict(self.baseline_costs), "total_cost": sum(self.baseline_costs.values())},
            "final_policies": dict(self.final_policies),
            "holdout": self.holdout.as_json() if self.holdout else None,
            "reference": self.reference.as_json() if self.reference else None,
        }


@dataclass(frozen=True, slots=True)
class ExperimentResult(OptimizationResult):
    """The same, with the run that it came from."""

    experiment_name: str = ""
    run_id: str = ""
    duration_seconds: float = field(default=0.0, compare=False)


class ExperimentRunnerProtocol(Protocol):
    """Runs one experiment."""

    async def run(self) -> ExperimentResult:
        """To its end."""

    def get_current_state(self) -> ExperimentState:
        """Where it stands, at any time."""


class ExperimentStateProviderProtocol(Protocol):
    """What is known of an experiment while it runs, and after."""

    @property
    def records(self) -> Sequence[IterationRecord]:
        """The iterations so far."""

    def begin(self, experiment: Mapping[str, Any]) -> None:
        """What is run."""

    def record_iteration(self, record: IterationRecord) -> None:
        """The next iteration, complete."""

    def end(self, result: OptimizationResult) -> None:
        """It is over."""
