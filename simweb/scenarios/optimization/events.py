"""Events: what happened in an experiment, in order, told without a clock, so that the same experiment always tells the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simweb.scenarios.optimization.records import IterationRecord, ProposalRecord
from simweb.scenarios.optimization.state import OptimizationResult
from simweb.scenarios.optimization.subject import Policies


@dataclass(frozen=True, slots=True)
class ExperimentEvent:
    """`iteration` is counted from 1; 0 is before the first. `data` is plain JSON."""

    event_type: str
    iteration: int
    data: Mapping[str, Any]


class LiveStateProvider:
    """Keeps what an experiment tells, as it tells it."""

    def __init__(self) -> None:
        self.experiment_info: Mapping[str, Any] = {}
        self.final_result: Mapping[str, Any] | None = None
        self.events: list[ExperimentEvent] = []
        self.records: list[IterationRecord] = []

    def begin(self, experiment: Mapping[str, Any]) -> None:
        """Tell `experiment_start`."""
        self.experiment_info = dict(experiment)
        self.events.append(ExperimentEvent("experiment_start", 0, self.experiment_info))

    def record_iteration(self, record: IterationRecord) -> None:
        """Tell all that happened in an iteration."""
        self.records.append(record)
        self.events += events_of(record)

    def end(self, result: OptimizationResult) -> None:
        """Tell `experiment_end`."""
        self.final_result = result.as_json()
        self.events.append(ExperimentEvent("experiment_end", result.num_iterations, self.final_result))

    @property
    def total_iterations(self) -> int:
        """How many there are so far."""
        return len(self.records)

    def events_of(self, iteration: int) -> list[ExperimentEvent]:
        """What happened in an iteration."""
        return [event for event in self.events if event.iteration == iteration]

    def policies_of(self, iteration: int) -> Policies:
        """By agent, as they were evaluated. Raises IndexError for an iteration that there is not."""
        return self._record(iteration).policies

    def costs_of(self, iteration: int) -> Mapping[str, int]:
        """By optimised agent, in cents. Raises IndexError for an iteration that there is not."""
        return self._record(iteration).costs_per_agent

    def accepted_of(self, iteration: int) -> Mapping[str, bool]:
        """By agent that was asked. Raises IndexError for an iteration that there is not."""
        return self._record(iteration).accepted_changes

    def _record(self, iteration: int) -> IterationRecord:
        if iteration < 1:
            raise IndexError(f"Iterations are counted from 1, and {iteration} is none.")
        return self.records[iteration - 1]


def events_of(record: IterationRecord) -> Iterator[ExperimentEvent]:
    """What an iteration tells: what it cost, each call of a model, each proposal, and its figures."""
    said = record.as_json()
    keys = ("seeds", "total_cost", "costs_per_agent", "settlement_rates", "exploitability", "total_exploitability")
    yield ExperimentEvent("iteration_start", record.iteration, {"total_cost": record.total_cost})
    yield ExperimentEvent("evaluation", record.iteration, {key: said[key] for key in keys})
    for proposal in record.proposals:
        for interaction in proposal.interactions:
            kind = "llm_error" if interaction.error else "llm_interaction"
            yield ExperimentEvent(kind, record.iteration, interaction.as_json())
        told = {key: value for key, value in proposal.as_json().items() if key != "interactions"}
        yield ExperimentEvent(_type_of(proposal), record.iteration, told)
    figures = {key: said[key] for key in ("total_cost", "costs_per_agent", "parameters", "ended")}
    yield ExperimentEvent("iteration_metrics", record.iteration, figures)


def _type_of(proposal: ProposalRecord) -> str:
    if proposal.failure:
        return "proposer_error"
    if proposal.policy is None:
        return "no_proposal"
    return "policy_change" if proposal.accepted else "policy_rejected"
