"""The proposer that asks a model."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from simweb.engine import Amount, Budget, Fault, Faulty, current_recording
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.llm.client import UNCONSTRAINED, ExperimentLLMClient
from simweb.scenarios.optimization.proposers.protocol import Proposal, Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LLMProposer:
    """Tells a model what its agent knows, and proposes what it answers; one call an attempt."""

    client: ExperimentLLMClient

    def propose(self, request: Request) -> Proposal:
        """The model's policy, or why there is none. Raises BudgetExceeded and NotRecorded."""
        if self.client.constraints is None:
            return Proposal(None, UNCONSTRAINED)
        prompt = self.client.prompt(request.agent, request.faults, request.attempt, passed=request.told)
        result = _run(self.client.attempt(request.agent, prompt, request.index + 1, request.attempt))
        return Proposal(result.policy, result.reasoning, result.failure, result.interactions)


def llm_proposer(config: ExperimentConfig, spent: Amount | None = None) -> LLMProposer:
    """The experiment's, with what was spent already. Raises Faulty for a model that cannot be asked; in a replay none is."""
    if config.llm is None:
        raise Faulty(
            [Fault("The llm proposer needs an llm block with its model.", ("proposer",), config.line_of(("proposer",)))]
        )
    said, constraints = config.budget, config.get_constraints()
    budget = Budget(said.tokens, said.cost_usd, spent=spent)
    client = ExperimentLLMClient(config.llm, constraints, customization=config.prompt_customization, budget=budget)
    if constraints is not None and current_recording().mode == "record":
        try:
            client.prepare()
        except Faulty as faulty:
            raise Faulty(replace(fault, line=config.line_of(fault.path)) for fault in faulty.faults) from None
    return LLMProposer(client)


def _run(asking: Coroutine[Any, Any, T]) -> T:
    """To its end, also where an event loop is running already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(asking)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, asyncio.run, asking).result()
