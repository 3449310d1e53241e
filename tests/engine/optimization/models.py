"""Models for tests: they answer what they are told to, and keep what they were asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from simweb.engine import Recording, use_recording
from simweb.scenarios.optimization import ExperimentConfig, ExperimentLLMClient, LLMProposer
from simweb.scenarios.optimization.config import LLMConfig
from simweb.scenarios.optimization.constraints import ParameterRule, PolicyConstraints

CONSTRAINTS = PolicyConstraints((ParameterRule("x", "float", 0.0, 1.0, description="How far."),))
USAGE = RequestUsage(input_tokens=100, output_tokens=20)
LLM = LLMConfig("openai:gpt-5.2", max_tokens=1_000)


class Answering:
    """`answers` are taken one after the other, the last one again and again: a policy, a text, a response, an error, or a
    function of the two prompts that gives one of these."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.prompts: list[tuple[str, str]] = []
        self.settings: list[Any] = []
        self.model = FunctionModel(self._answer, model_name="answering")

    def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        system, user = (str(part.content) for message in messages for part in message.parts)  # type: ignore[union-attr]
        self.prompts.append((system, user))
        self.settings.append(info.model_settings)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return response(said(system, user) if isinstance(said, Callable) else said)  # type: ignore[arg-type]


def response(said: Any) -> ModelResponse:
    if isinstance(said, Exception):
        raise said
    if isinstance(said, ModelResponse):
        return said
    if isinstance(said, str):
        return ModelResponse(parts=[TextPart(said)], usage=USAGE)
    return called({"reasoning": "Because.", "policy": said})


def called(arguments: Any) -> ModelResponse:
    """The tool, called with these."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ModelResponse(parts=[ToolCallPart("propose_policy", written)], usage=USAGE)


async def no_pause(seconds: float) -> None:
    """Nothing is waited for in tests."""


def client_of(answering: Answering, config: LLMConfig = LLM, **more: Any) -> ExperimentLLMClient:
    client = ExperimentLLMClient(config, more.pop("constraints", CONSTRAINTS), pause=no_pause, **more)
    return client.with_model(answering.model)


def proposer_of(answering: Answering, config: ExperimentConfig, **more: Any) -> LLMProposer:
    assert config.llm is not None
    said = {"constraints": config.get_constraints(), "customization": config.prompt_customization, **more}
    return LLMProposer(client_of(answering, config.llm, **said))


def fresh() -> Any:
    """A recording of its own, while the `with` lasts."""
    return use_recording(Recording())
