"""The models of pydantic-ai: made by their names, and asked once. Whoever imports this needs the library."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlsplit

from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UserError
from pydantic_ai.messages import ModelRequest, ModelResponse, SystemPromptPart, TextPart, ToolCallPart, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.tools import ToolDefinition

from simweb.engine import Answer, CallFailed, Fault, Faulty
from simweb.scenarios.optimization.config import LLMConfig
from simweb.scenarios.optimization.llm.prices import PRICE_LIST, most_price_of, price_of

__all__ = ["PRICE_LIST", "Unanswered", "ask", "model_of", "most_price_of"]

KEY, HOME = "OPENAI_API_KEY", "OPENAI_BASE_URL"
LOCAL = ("127.0.0.1", "localhost", "::1")
MOST_TOLD = 1_000  # characters of an error
NOT_BILLED = 400  # from this status on, a provider refused the call
Json = dict[str, Any]


class Unanswered(CallFailed):
    """A call without an answer. `may_cost` is whether it could be billed all the same.

    `retry_after` is in how many seconds to try again; None where waiting does not help.
    """

    def __init__(self, message: str, *, may_cost: bool, retry_after: float | None) -> None:
        super().__init__(message)
        self.may_cost = may_cost
        self.retry_after = retry_after


def model_of(config: LLMConfig) -> Model:
    """The model that is named. Raises Faulty: for a name that nobody knows, a missing library, or a key that is not set."""
    try:
        if config.base_url is None:
            return infer_model(config.model)
        name = config.model.partition(":")[2] or config.model
        key = os.environ.get(KEY) if _gets_key(config.base_url) else None
        return OpenAIChatModel(name, provider=OpenAICompatibleProvider("custom", base_url=config.base_url, api_key=key))
    except (UserError, ImportError, ValueError) as error:
        raise Faulty([Fault(f"The model {config.model} cannot be asked. {error}", ("llm", "model"))]) from None


def _gets_key(address: str) -> bool:
    """Whether OpenAI's key may go to a server: this machine, or that of OPENAI_BASE_URL; a file could name any other one."""
    host = urlsplit(address).hostname
    return host in LOCAL or host == urlsplit(os.environ.get(HOME) or "https://api.openai.com/v1").hostname


async def ask(model: Model, config: LLMConfig, request: Json) -> Answer:
    """Make one call, once. Raises Unanswered."""
    tools = [
        ToolDefinition(
            name=one["name"], parameters_json_schema=one["parameters"], description=one["description"], kind="output"
        )
        for one in request["tools"]
    ]
    thinks = bool(config.reasoning_effort or config.thinking_budget)  # some models cannot be made to use a tool then
    wanted = ModelRequestParameters(output_mode="tool", output_tools=tools, allow_text_output=thinks)
    system, user = (message["text"] for message in request["messages"])
    messages = [ModelRequest(parts=[SystemPromptPart(system), UserPromptPart(user)])]
    try:
        async with model:
            response = await model_request(
                model,
                messages,
                model_settings=_settings(config, request["settings"]),
                model_request_parameters=wanted,
                instrument=False,
            )
    except Exception as error:  # providers' libraries raise whatever they like
        raise _unanswered(error, config) from error
    usage = response.usage
    return Answer(
        {"text": _text(response), "arguments": _arguments(response), "finish_reason": response.finish_reason},
        usage.input_tokens or None,
        usage.output_tokens or None,
        price_of(config, usage),
        PRICE_LIST,
    )


def _settings(config: LLMConfig, said: Json) -> Any:
    """In pydantic-ai's words. A call is made once: who retries must see that it failed."""
    settings: Json = {
        "temperature": said["temperature"],
        "max_tokens": said["max_tokens"],
        "timeout": config.timeout_seconds,
        "request_timeout": config.timeout_seconds,
        "max_retries": 0,
    }
    if effort := said.get("reasoning_effort"):
        settings["thinking"] = effort
    if budget := said.get("thinking_budget"):
        settings["anthropic_thinking"] = {"type": "enabled", "budget_tokens": budget}
        settings["google_thinking_config"] = {"thinking_budget": budget}
    if summary := said.get("reasoning_summary"):
        settings["openai_reasoning_summary"] = summary
    return settings


def _text(response: ModelResponse) -> str:
    return "\n".join(part.content for part in response.parts if isinstance(part, TextPart))


def _arguments(response: ModelResponse) -> str | None:
    """What the tool was called with, as the model wrote it."""
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            return part.args if isinstance(part.args, str) else json.dumps(part.args or {})
    return None


def _unanswered(error: Exception, config: LLMConfig) -> Unanswered:
    status = error.status_code if isinstance(error, ModelHTTPError) else None
    told = str(error)[:MOST_TOLD] or "no message"
    if status is None and config.base_url:
        told += f" It was asked at {config.base_url}."
    if status in (401, 403) and config.base_url and not _gets_key(config.base_url):
        told += f" The key in {KEY} is sent only to OpenAI and to the server in {HOME}; set {HOME}, too, if this is its server."
    if status == 429 or (status or 0) >= 500:
        after = error.retry_after if isinstance(error, ModelAPIError) else None
        return Unanswered(f"{type(error).__name__}: {told}", may_cost=False, retry_after=after or 0.0)
    is_refused = status is not None and status >= NOT_BILLED
    return Unanswered(f"{type(error).__name__}: {told}", may_cost=not is_refused, retry_after=None)
