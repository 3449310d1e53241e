"""Constraints: what a proposed policy may use. They are checked against the trees as they are written (docs/payments.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from simweb.engine import Fault
from simweb.scenarios.documents.suggestions import did_you_mean
from simweb.scenarios.payments.policies.language import STATE_PREFIX, TREES


@dataclass(frozen=True, slots=True)
class ParameterRule:
    """A parameter that a policy may have, and its values: bounds are included; an `enum` has `allowed_values`."""

    name: str
    param_type: Literal["int", "float", "enum"] = "float"
    min_value: float | None = None
    max_value: float | None = None
    allowed_values: tuple[Any, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Constraints:
    """None leaves fields unconstrained; a tree that is not named in `allowed_actions` is unconstrained."""

    allowed_parameters: tuple[ParameterRule, ...] = ()
    allowed_fields: tuple[str, ...] | None = None
    allowed_actions: Mapping[str, Sequence[str]] | None = None
    lsm_enabled: bool = True


def check_constraints(policy: Mapping[str, Any], constraints: Constraints) -> list[Fault]:
    """All ways in which a policy, whose structure was checked, goes beyond what it may use."""
    rules = {rule.name: rule for rule in constraints.allowed_parameters}
    faults: list[Fault] = []
    for name, value in (policy.get("parameters") or {}).items():
        place = ("parameters", str(name))
        if name not in rules:
            faults.append(Fault(f"The parameter {name!r} is not allowed.{did_you_mean(name, rules)}", place))
        else:
            faults += (Fault(message, place) for message in _value_faults(rules[name], value))
    for tree in TREES:
        if policy.get(tree) is not None:
            faults += _node_faults(policy[tree], tree, (tree,), constraints)
    return faults


def _value_faults(rule: ParameterRule, value: Any) -> Iterator[str]:
    if rule.param_type == "enum":
        if value not in rule.allowed_values:
            yield f"{rule.name} must be one of {', '.join(map(str, rule.allowed_values))}, not {value!r}."
        return
    if rule.param_type == "int" and value != int(value):
        yield f"{rule.name} must be a whole number, not {value!r}."
    if rule.min_value is not None and value < rule.min_value:
        yield f"{rule.name} must be at least {rule.min_value:g}, not {value!r}."
    if rule.max_value is not None and value > rule.max_value:
        yield f"{rule.name} must be at most {rule.max_value:g}, not {value!r}."


def _node_faults(
    node: Mapping[str, Any], tree: str, path: tuple[str | int, ...], constraints: Constraints
) -> Iterator[Fault]:
    """Of a node and all below it."""
    name = node["node_id"]
    if node["type"] == "action":
        allowed = (constraints.allowed_actions or {}).get(tree)
        if allowed is not None and node["action"] not in allowed:
            names = ", ".join(allowed)
            yield Fault(f"Node {name!r}: the {tree} may use {names}, not {node['action']}.", (*path, "action"))
        yield from _field_faults(node.get("parameters") or {}, name, (*path, "parameters"), constraints)
        return
    yield from _field_faults(node["condition"], name, (*path, "condition"), constraints)
    for branch in ("on_true", "on_false"):
        yield from _node_faults(node[branch], tree, (*path, branch), constraints)


def _field_faults(said: Any, node: str, path: tuple[str | int, ...], constraints: Constraints) -> Iterator[Fault]:
    """Of every field that is read anywhere inside."""
    allowed = constraints.allowed_fields
    if isinstance(said, Mapping):
        name = said.get("field")
        if isinstance(name, str) and allowed is not None and name not in allowed and not name.startswith(STATE_PREFIX):
            yield Fault(f"Node {node!r}: the field {name!r} is not allowed.{did_you_mean(name, allowed)}", path)
        for key, inner in said.items():
            yield from _field_faults(inner, node, (*path, str(key)), constraints)
    elif isinstance(said, list):
        for number, inner in enumerate(said):
            yield from _field_faults(inner, node, (*path, number), constraints)
