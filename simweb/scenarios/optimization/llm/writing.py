"""The prompts: what a model is told of its task, of its agent, and of what was wrong with its last answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from simweb.engine import Fault
from simweb.scenarios.optimization.briefing import DOMAIN, SCHEMA
from simweb.scenarios.optimization.config import LLMConfig
from simweb.scenarios.optimization.constraints import ParameterRule, PolicyConstraints
from simweb.scenarios.optimization.llm.answers import TOOL
from simweb.scenarios.optimization.prompts import PUBLIC, Fragment, written

TASK, ROLE_OF, AIM_OF, PROCESS_OF = "Your task", "Your role", "Your aim", "How it goes"
INSTRUCTIONS, PARAMETERS, ANSWER = "Instructions", "Parameters", "Your answer"
MISTAKES = "What was wrong with your last answer"
ORDER = (TASK, ROLE_OF, AIM_OF, PROCESS_OF, INSTRUCTIONS, DOMAIN, SCHEMA, PARAMETERS, ANSWER)
ROLE = """\
You choose the policy of {agent}, one of several agents. A policy says what the agent does in every situation that it
can meet. A simulation plays it and tells what it cost. You know your own costs and what you saw happen, and nothing of
how others decide."""
AIM = """\
Make the cost of {agent} as low as you can, over all situations that may come and not only the one that you were shown.
Costs are whole cents. Every kind of cost counts: what you save in one kind you may pay in another, so look at where
your cost comes from."""
PROCESS = """\
Others change their policies, too, one after the other. Your proposal is held against your present policy; the table of
your history says what was kept, what was not, and why. Do not propose again what was rejected. While you know little,
change one thing at a time, and make smaller steps where a larger one went too far."""
FORM = """\
Call {tool} once, with your reasoning and the whole policy. Keep what you do not want to change as it is. Use no
parameter, field or action beyond those that are named above: a policy that does is refused, and you are told why."""
NOW = "Propose the policy of {agent} for the next iteration: call {tool}."


class Prompt(NamedTuple):
    """What is said to the model: what stays the same, and what is new this time."""

    system: str
    user: str


def task_fragments(
    config: LLMConfig, agent: str, customization: Mapping[str, str], constraints: PolicyConstraints
) -> list[Fragment]:
    """What an agent's model is told of its task. The experiment's own system prompt takes the place of simweb's words."""
    said = {"agent": agent, "tool": TOOL["name"]}
    if config.system_prompt is None:
        words = ((ROLE_OF, ROLE), (AIM_OF, AIM), (PROCESS_OF, PROCESS))
        own = [Fragment(PUBLIC, title, text.format(**said)) for title, text in words]
    else:
        own = [Fragment(PUBLIC, TASK, config.system_prompt)]
    return [
        *own,
        Fragment(PUBLIC, INSTRUCTIONS, customization.get("all", "")),
        Fragment(agent, "Instructions for you", customization.get(agent, "")),
        Fragment(PUBLIC, PARAMETERS, "\n".join(map(told_rule, constraints.allowed_parameters))),
        Fragment(PUBLIC, ANSWER, FORM.format(**said)),
    ]


def prompt_of(agent: str, fragments: Sequence[Fragment]) -> Prompt:
    """Of fragments that the agent may see: what is public in the system's part, what is its own in the user's."""
    public = sorted((one for one in fragments if one.owner == PUBLIC), key=_place)
    own = [one for one in fragments if one.owner != PUBLIC]
    end = Fragment(agent, "Now", NOW.format(agent=agent, tool=TOOL["name"]))
    return Prompt(written(public), written((*own, end)))


def _place(fragment: Fragment) -> int:
    return ORDER.index(fragment.title) if fragment.title in ORDER else len(ORDER)


def fault_fragments(agent: str, faults: Sequence[Fault], attempt: int) -> list[Fragment]:
    """What was wrong with the attempt before this one; nothing in the first."""
    if not faults:
        return []
    told = "\n".join(f"- {fault}" for fault in faults)
    return [Fragment(agent, MISTAKES, f"This is attempt {attempt}. The one before could not be used:\n{told}")]


def context_fragments(agent: str, context: Mapping[str, Any]) -> list[Fragment]:
    """What a script tells of an agent: texts by their titles, or plain JSON."""
    return [
        Fragment(agent, title, said if isinstance(said, str) else f"```json\n{json.dumps(said, indent=1)}\n```")
        for title, said in context.items()
    ]


def told_rule(rule: ParameterRule) -> str:
    """`- fraction: a number from 0 to 1. The share that is put in.`"""
    if rule.param_type == "enum":
        kind = f"one of {', '.join(map(str, rule.allowed_values))}"
    else:
        bounds = ((" from ", rule.min_value), (" to ", rule.max_value))
        told = "".join(f"{word}{value:.15g}" for word, value in bounds if value is not None)
        kind = f"a {'whole ' if rule.param_type == 'int' else ''}number{told}"
    return f"- {rule.name}: {kind}. {rule.description}".rstrip()
