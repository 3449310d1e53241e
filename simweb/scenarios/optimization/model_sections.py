"""What an experiment file says of the model that proposes, and of what a proposal may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from simweb.scenarios.documents.sections import Section, is_number
from simweb.scenarios.documents.suggestions import did_you_mean, shown
from simweb.scenarios.optimization.config import BudgetConfig, LLMConfig
from simweb.scenarios.optimization.constraints import ParameterRule, ParamType, PolicyConstraints
from simweb.scenarios.optimization.sources import Refused, Source
from simweb.scenarios.optimization.texts import text, texts

EFFORTS = ("low", "medium", "high")
TYPES = ("int", "float", "enum")
MOST = 1e15
MOST_TOKENS = 10**12
MOST_USD = 1_000_000


def read_llm(top: Section, source: Source) -> LLMConfig | None:
    """The block `llm`."""
    said = top.section("llm")
    if said is None:
        return None
    summary = text(said, "reasoning_summary")
    llm = LLMConfig(
        model=text(said, "model", required=True, longest=200),
        temperature=said.number("temperature", 0.0, 0, 2),
        max_retries=said.integer("max_retries", 3, 1, 100),
        timeout_seconds=said.integer("timeout_seconds", 120, 1, 86_400),
        max_tokens=said.integer("max_tokens", 35_000, 1, 10_000_000),
        thinking_budget=said.optional_integer("thinking_budget", 1, 10_000_000),
        reasoning_effort=said.word("reasoning_effort", EFFORTS) or None,
        reasoning_summary=summary or None,
        system_prompt=_system_prompt(said, source),
        base_url=_base_url(said),
    )
    said.close()
    return llm


def _base_url(llm: Section) -> str | None:
    """An address without a key or a password: those come from the environment, and are kept nowhere."""
    address = text(llm, "base_url", longest=1_000).strip()
    if not address:
        return None
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        llm.complain("base_url", "Write the address of a server here, such as http://127.0.0.1:8080/v1.")
    elif parts.username or parts.password or parts.query:
        message = "The address holds a name, a password or a key. Leave it out, and put the key in OPENAI_API_KEY."
        llm.complain("base_url", message)
    else:
        return address
    return None


def _system_prompt(llm: Section, source: Source) -> str | None:
    """The text that stands there wins over the file."""
    inline, file = text(llm, "system_prompt"), text(llm, "system_prompt_file")
    if inline or not file:
        return inline or None
    try:
        return source.read(file).text
    except Refused as refused:
        llm.complain("system_prompt_file", str(refused))
        return None


def read_prompts(top: Section, agents: Sequence[str]) -> dict[str, str] | None:
    """The block `prompt_customization`: a text for all, and texts for single agents."""
    said = top.section("prompt_customization")
    if said is None:
        return None
    known = ("all", *agents)
    prompts = {key: text(said, key) for key in known if said.has(key)}
    for key in said.fields:
        if key not in known:
            hint = did_you_mean(key, known)
            said.complain(key, f"{shown(key)} is not an optimised agent. Write all, or the name of one.{hint}")
    return prompts


def read_budget(top: Section) -> BudgetConfig:
    """The block `budget`."""
    said = top.section("budget")
    if said is None:
        return BudgetConfig()
    cost_usd = said.number("cost_usd", 0.0, 0.0001, MOST_USD) if said.has("cost_usd") else None
    budget = BudgetConfig(said.optional_integer("tokens", 1, MOST_TOKENS), cost_usd)
    said.close()
    return budget


def read_constraints(top: Section) -> PolicyConstraints | None:
    """The block `policy_constraints`."""
    if top.raw("constraints"):
        message = "This names Python code, which is not run here. Write policy_constraints instead, and remove this."
        top.complain("constraints", message)
    said = top.section("policy_constraints")
    if said is None:
        return None
    rules: list[ParameterRule] = []
    for section in said.sections("allowed_parameters"):
        rule = _rule(section)
        if any(other.name == rule.name for other in rules):
            section.complain("name", f"{shown(rule.name)} is described above already. Remove one of them.")
        rules.append(rule)
    constraints = PolicyConstraints(
        allowed_parameters=tuple(rules),
        allowed_fields=texts(said, "allowed_fields", what="a field") if said.has("allowed_fields") else None,
        allowed_actions=_actions(said),
        lsm_enabled=said.flag("lsm_enabled", True),
    )
    said.close()
    return constraints


def _actions(constraints: Section) -> dict[str, tuple[str, ...]] | None:
    said = constraints.section("allowed_actions")
    return None if said is None else {tree: texts(said, tree, what="an action") for tree in said.fields}


def _rule(said: Section) -> ParameterRule:
    kind = said.word("param_type", TYPES, required=True) or "float"
    rule = ParameterRule(
        name=text(said, "name", required=True, longest=100),
        param_type=cast(ParamType, kind),
        min_value=said.number("min_value", 0.0, -MOST, MOST) if said.has("min_value") else None,
        max_value=said.number("max_value", 0.0, -MOST, MOST) if said.has("max_value") else None,
        allowed_values=tuple(said.items("allowed_values")),
        description=text(said, "description"),
    )
    if kind == "enum" and not rule.allowed_values:
        said.complain("allowed_values", "A parameter of type enum needs allowed_values, a list.")
    if kind != "enum" and rule.allowed_values:
        said.complain(
            "allowed_values", "Only a parameter of type enum has allowed_values. Remove them, or change the type."
        )
    for number, value in enumerate(rule.allowed_values):
        if not is_number(value):
            path = (*said.path, "allowed_values", number)
            said.complaints.add(f"Parameters are numbers; write one here, not {shown(value)}.", path)
    if rule.min_value is not None and rule.max_value is not None and rule.min_value > rule.max_value:
        said.complain("min_value", f"{rule.min_value:g} is more than max_value, {rule.max_value:g}. Exchange them.")
    said.close()
    return rule
