"""What a model is to answer, and what it did answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from simweb.scenarios.optimization.subject import Policy

TOOL = {
    "name": "propose_policy",
    "description": "Propose the policy that you would have from now on, whole, and say why.",
    "parameters": {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string", "description": "Why this policy, in a few sentences."},
            "policy": {
                "type": "object",
                "description": "The whole policy, in the form of the one that you have now.",
                "additionalProperties": True,
            },
        },
        "required": ["reasoning", "policy"],
    },
}
FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)


class Unreadable(ValueError):
    """The answer holds no policy; the message says why, to whoever gave it."""


@dataclass(frozen=True, slots=True)
class Read:
    """A policy, and the reasoning that came with it."""

    policy: Policy
    reasoning: str


def raw_answer(content: dict[str, Any]) -> str:
    """The answer as the model wrote it: what it called the tool with, else its text."""
    return str(content["arguments"] if content["arguments"] is not None else content["text"])


def read_answer(content: dict[str, Any]) -> Read:
    """The policy in an answer: of a call of the tool, or of a text that is JSON or holds it in a fence. Raises Unreadable."""
    written = raw_answer(content)
    if not written.strip():
        raise Unreadable(f"The answer is empty.{_was_cut(content)} Call {TOOL['name']} with reasoning and policy.")
    fenced = FENCED.findall(written)
    try:
        said = json.loads(fenced[-1] if fenced else written, parse_constant=_refuse)
    except ValueError as error:
        raise Unreadable(f"The answer is not JSON ({error}).{_was_cut(content)}") from None
    if not isinstance(said, dict):
        raise Unreadable('The answer is not an object. Answer {"reasoning": …, "policy": {…}}.')
    policy, reasoning = said.get("policy", said), said.get("reasoning", "")
    if isinstance(policy, str):
        try:
            policy = json.loads(policy, parse_constant=_refuse)
        except ValueError as error:
            raise Unreadable(f"policy is a text that is not JSON ({error}). Write it as an object.") from None
    if not isinstance(policy, dict) or not policy or (content["arguments"] is not None and "policy" not in said):
        raise Unreadable("The answer has no policy. Write the whole policy as an object under policy.")
    return Read(policy, reasoning if isinstance(reasoning, str) else json.dumps(reasoning))


def _was_cut(content: dict[str, Any]) -> str:
    return " It was cut off at llm.max_tokens." if content.get("finish_reason") == "length" else ""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")
