"""The client: asks a model for an agent's policy, keeps what was said, stays within the budget."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from simweb.engine import Amount, Answer, Budget, CallFailed, Fault, Faulty, current_recording
from simweb.scenarios.optimization.config import LLMConfig
from simweb.scenarios.optimization.constraints import PolicyConstraints
from simweb.scenarios.optimization.interactions import Interaction
from simweb.scenarios.optimization.llm.answers import TOOL, Unreadable, raw_answer, read_answer
from simweb.scenarios.optimization.llm.writing import (
    Prompt,
    context_fragments,
    fault_fragments,
    prompt_of,
    task_fragments,
)
from simweb.scenarios.optimization.prompts import Fragment
from simweb.scenarios.optimization.subject import Policy

UNCONSTRAINED = (
    "No model is asked, as the experiment has no policy_constraints: nobody says what a proposal may change."
)
MISSING = 'The llm proposer needs pydantic-ai, which is not installed here: pip install "simweb[llm]"'
FRAME = 100  # tokens that a provider may add around the texts of a call
LONGEST_PAUSE = 60.0  # seconds
SETTINGS = ("temperature", "max_tokens", "reasoning_effort", "thinking_budget", "reasoning_summary")
Pause = Callable[[float], Awaitable[None]]
Passed = Callable[[Sequence[Fragment]], Sequence[Fragment]]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PolicyGenerationResult:
    """A policy, or None: because of a `failure`, or for the reason that `reasoning` gives. `interactions` are the calls made."""

    policy: Policy | None
    reasoning: str = ""
    failure: str = ""
    interactions: tuple[Interaction, ...] = ()


class ExperimentLLMClient:
    """Asks the model of an experiment, once a call, through the recording of the process. `interactions` are all calls so far.

    Without constraints nothing is asked. `customization` has instructions for `all` agents and for single ones.
    """

    def __init__(
        self,
        config: LLMConfig,
        constraints: PolicyConstraints | None,
        *,
        customization: Mapping[str, str] | None = None,
        budget: Budget | None = None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self.config = config
        self.constraints = constraints
        self.customization = customization or {}
        self.budget = budget or Budget()
        self.interactions: list[Interaction] = []
        self._pause = pause
        self._model: Any = None

    def with_model(self, model: Any) -> ExperimentLLMClient:
        """Another client that asks this model of pydantic-ai, instead of the one that the config names."""
        other = ExperimentLLMClient(
            self.config,
            self.constraints,
            customization=self.customization,
            budget=self.budget,
            pause=self._pause,
        )
        other._model = model
        return other

    def prepare(self) -> None:
        """Find the model, so that a later call only has to be made.

        Raises Faulty: for a model that cannot be asked, and for a budget in USD where its price is not known.
        """
        provider = _provider()
        if self._model is None:
            self._model = provider.model_of(self.config)
        if self.budget.cost_usd is not None and provider.most_price_of(self.config, 1, 1) is None:
            message = f"{provider.PRICE_LIST} has no price for {self.config.model}. Give a budget in tokens instead."
            raise Faulty([Fault(message, ("budget", "cost_usd"))])

    async def generate_policy(
        self,
        agent_id: str,
        context: Mapping[str, Any],
        *,
        iteration: int = 1,
        validate: Callable[[Policy], Sequence[Fault]] = lambda policy: (),
    ) -> PolicyGenerationResult:
        """A policy for the agent, in at most `max_retries` attempts, each told what was wrong with the one before.

        `context` is what the agent knows, and nothing else is told: texts or plain JSON, by their titles. Raises BudgetExceeded,
        and Faulty for a model that cannot be asked.
        """
        told, made = context_fragments(agent_id, context), list[Interaction]()
        result, faults = PolicyGenerationResult(None), list[Fault]()
        for attempt in range(1, self.config.max_retries + 1):
            result = await self.attempt(agent_id, self.prompt(agent_id, faults, attempt, told), iteration, attempt)
            made += result.interactions
            faults = [Fault(result.failure)] if result.failure else []
            if result.policy is not None:
                faults = list(validate(result.policy))
            if not faults:
                break
        if faults:
            result = PolicyGenerationResult(None, failure="; ".join(map(str, faults)))
        return replace(result, interactions=tuple(made))

    def prompt(
        self, agent: str, faults: Sequence[Fault], attempt: int, known: Sequence[Fragment] = (), passed: Passed = list
    ) -> Prompt:
        """What is said to the model: the task, what is known, and what was wrong before, as far as `passed` lets it through."""
        if self.constraints is None:
            return Prompt("", "")
        task = task_fragments(self.config, agent, self.customization, self.constraints)
        return prompt_of(agent, passed([*known, *task, *fault_fragments(agent, faults, attempt)]))

    async def attempt(self, agent: str, prompt: Prompt, iteration: int, attempt: int) -> PolicyGenerationResult:
        """One call. What goes wrong with it is a failure of the result. Raises BudgetExceeded, NotRecorded, Faulty."""
        if self.constraints is None:
            return PolicyGenerationResult(None, UNCONSTRAINED)
        request, waits = self._request(prompt), list[float]()
        made = Interaction(agent, iteration, attempt, self.config.model, prompt.system, prompt.user)
        try:
            answer, latency_ms, is_replayed = await current_recording().call(request, lambda: self._ask(request, waits))
        except CallFailed as failed:
            made = replace(made, error=str(failed), latency_ms=failed.latency_ms, is_replayed=failed.is_replayed)
            return await self._failed(made, waits)
        made = replace(
            made,
            raw_answer=raw_answer(answer.content),
            prompt_tokens=answer.input_tokens,
            completion_tokens=answer.output_tokens,
            cost_usd=answer.cost_usd,
            price_list=answer.price_list,
            latency_ms=latency_ms,
            is_replayed=is_replayed,
        )
        try:
            read = read_answer(answer.content)
        except Unreadable as error:
            return await self._failed(replace(made, error=str(error)), waits)
        made = replace(made, policy=read.policy)
        self.interactions.append(made)
        return PolicyGenerationResult(read.policy, read.reasoning, interactions=(made,))

    async def _failed(self, made: Interaction, waits: Sequence[float]) -> PolicyGenerationResult:
        """Where the provider wants to be left alone for a while, wait before anybody tries again."""
        self.interactions.append(made)
        if waits and made.attempt < self.config.max_retries:
            await self._pause(min(max(*waits, 2.0 ** (made.attempt - 1)), LONGEST_PAUSE))
        return PolicyGenerationResult(None, failure=made.error, interactions=(made,))

    def _request(self, prompt: Prompt) -> Json:
        """All of a call that decides its answer, and no address or key."""
        settings = {name: getattr(self.config, name) for name in SETTINGS}
        return {
            "model": self.config.model,
            "messages": [{"role": "system", "text": prompt.system}, {"role": "user", "text": prompt.user}],
            "tools": [TOOL],
            "settings": {name: value for name, value in settings.items() if value is not None},
        }

    async def _ask(self, request: Json, waits: list[float]) -> Answer:
        """Make the call, within the budget. What a call without an answer has cost is not known: then all that was reserved."""
        provider = _provider()
        if self._model is None:
            self.prepare()
        reserved = self.budget.reserve(self._most(provider, request))
        used = reserved
        try:
            answer: Answer = await provider.ask(self._model, self.config, request)
            if answer.input_tokens is not None and answer.output_tokens is not None:
                used = Amount(answer.input_tokens + answer.output_tokens, answer.cost_usd)
            return answer
        except provider.Unanswered as error:
            if not error.may_cost:
                used = Amount()
            if error.retry_after is not None:
                waits.append(error.retry_after)
            raise
        finally:
            self.budget.settle(reserved, used)

    def _most(self, provider: ModuleType, request: Json) -> Amount:
        """The most that a call can use: no tokeniser makes more tokens of a text than it has bytes."""
        written = json.dumps([request["messages"], request["tools"]], ensure_ascii=False)
        most_in, most_out = len(written.encode()) + FRAME, self.config.max_tokens
        return Amount(most_in + most_out, provider.most_price_of(self.config, most_in, most_out))


def _provider() -> ModuleType:
    """The module that needs pydantic-ai. Raises Faulty where it is missing."""
    try:
        from simweb.scenarios.optimization.llm import provider
    except ImportError:
        raise Faulty([Fault(MISSING, ("proposer",))]) from None
    return provider
