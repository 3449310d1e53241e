"""Proposers: who changes policies. Each is a small class behind one protocol."""

from __future__ import annotations

from simweb.engine import Amount, Fault, Faulty
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.proposers.best_response import BestResponse
from simweb.scenarios.optimization.proposers.protocol import Proposal, Proposer, Request
from simweb.scenarios.optimization.proposers.random_search import RandomSearch
from simweb.scenarios.optimization.proposers.scripted import Scripted
from simweb.scenarios.optimization.proposers.tpe import Tpe, has_optuna

__all__ = ["BestResponse", "Proposal", "Proposer", "RandomSearch", "Request", "Scripted", "Tpe", "proposer_of"]


def proposer_of(config: ExperimentConfig, spent: Amount | None = None) -> Proposer:
    """The proposer that the experiment names; `spent` counts against its budget.

    Raises Faulty for one that is not here, or cannot work with what the file says.
    """
    proposer = config.proposer
    if proposer.kind == "scripted":
        if proposer.proposals is None:
            raise _refusal(config, "The scripted proposer needs proposals: a list for each agent.")
        return Scripted(proposer.proposals)
    if proposer.kind == "llm":
        from simweb.scenarios.optimization.llm import llm_proposer

        return llm_proposer(config, spent)
    if proposer.kind == "tpe" and not has_optuna():
        message = "The tpe proposer needs Optuna, which is not installed."
        raise _refusal(config, f'{message} Install it: pip install "simweb[search]".')
    faults = _unbounded(config)
    if faults:
        raise Faulty(faults)
    if proposer.kind == "tpe":
        return Tpe(proposer.trials)
    return RandomSearch() if proposer.kind == "random" else BestResponse(proposer.grid, proposer.refine)


def _unbounded(config: ExperimentConfig) -> list[Fault]:
    """A search must know between which numbers."""
    constraints, place = config.get_constraints(), ("policy_constraints",)
    kind, line = config.proposer.kind, config.line_of(("policy_constraints",)) or config.line_of(("proposer",))
    if constraints is None or not constraints.allowed_parameters:
        message = (
            f"The {kind} proposer needs policy_constraints with allowed_parameters: the numbers that it may change."
        )
        return [Fault(message, place, line)]
    return [
        Fault(f"{rule.name} needs min_value and max_value, as the {kind} proposer searches between them.", place, line)
        for rule in constraints.allowed_parameters
        if not rule.is_bounded
    ]


def _refusal(config: ExperimentConfig, message: str) -> Faulty:
    place = ("proposer",)
    return Faulty([Fault(message, place, config.line_of(place))])
