"""What an experiment says, before it is run: who is optimised from where, how proposals are judged, when it ends."""

from __future__ import annotations

from collections.abc import Sequence

from simweb.engine import Block, Table, Text
from simweb.scenarios.optimization.config import BOOTSTRAP, PAIRWISE, ExperimentConfig
from simweb.scenarios.optimization.params import begin

PROPOSERS = {
    "best-response": "by best response: a grid, then a golden section",
    "random": "at random between the bounds",
    "scripted": "as the file lists them",
    "tpe": "by TPE (Optuna)",
    "llm": "by the model",
}


def preview(config: ExperimentConfig) -> Sequence[Block]:
    """Blocks for the page of a new experiment. Raises Faulty."""
    loop = begin(config)
    rows = [
        (agent, loop.subject.describe(loop.policies[agent]), "yes" if agent in config.optimized_agents else "no")
        for agent in loop.subject.agents
    ]
    return [
        Text(f"{config.name}. {config.description}".strip()),
        Text(" ".join((_proposing(config), _judging(config), _ending(config)))),
        Table("Agents", ("agent", "starts with", "is optimised"), rows),
    ]


def _proposing(config: ExperimentConfig) -> str:
    model, budget = "", ""
    if config.proposer.kind == "llm" and config.llm:
        model = f" {config.llm.model}{f' at {config.llm.base_url}' if config.llm.base_url else ''}"
        most = [f"{config.budget.tokens:,} tokens" if config.budget.tokens is not None else ""]
        most.append(f"{config.budget.cost_usd:,.2f} USD" if config.budget.cost_usd is not None else "")
        told = " and ".join(filter(None, most))
        budget = f" Its calls may use {told} at most." if told else " There is no budget for its calls."
    return f"In each iteration a policy of each agent in turn is proposed {PROPOSERS[config.proposer.kind]}{model}.{budget}"


def _judging(config: ExperimentConfig) -> str:
    evaluation = config.evaluation
    if evaluation.mode == BOOTSTRAP and evaluation.draws_samples:
        samples = f"{evaluation.num_samples:,} samples"
        judged = f"It is compared with the old one in the same {samples}, and kept if it saves on average"
    elif evaluation.mode in (PAIRWISE, BOOTSTRAP):
        judged = "It is compared with the old one in the same play, and kept if it saves"
    else:
        return "Every valid proposal is kept."
    return f"{judged}{' significantly' if evaluation.acceptance.require_statistical_significance else ''}."


def _ending(config: ExperimentConfig) -> str:
    end = f"It ends at rest, or after {config.convergence.max_iterations:,} iterations."
    count = config.evaluation.holdout_samples
    return (
        f"{end} First and last policies are then compared in {count:,} plays that no iteration has seen."
        if count
        else end
    )
