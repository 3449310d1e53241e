"""How conditions and actions of policy trees are worded on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OPERATORS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "-": "−", "*": "×"}


def worded_condition(said: Mapping[str, Any]) -> str:
    """`ticks to deadline ≤ urgency threshold?`, without its question mark."""
    operator = said["op"]
    if operator == "not":
        return f"not ({worded_condition(said['condition'])})"
    if operator in ("and", "or"):
        return f" {operator} ".join(f"({worded_condition(part)})" for part in said["conditions"])
    return f"{worded_value(said['left'])} {OPERATORS.get(operator, operator)} {worded_value(said['right'])}"


def worded_value(said: Mapping[str, Any]) -> str:
    """A field or a parameter by its name, a number, or a computation."""
    kind, inner = next(iter(said.items()))
    if kind == "compute":
        return _worded_computation(inner)
    if kind == "value":
        return f"{inner:,}" if isinstance(inner, int | float) else str(inner)
    return str(inner).replace("_", " ")


def worded_action(said: Mapping[str, Any]) -> str:
    """`Split (num splits: 4)`."""
    parameters = said.get("parameters") or {}
    told = ", ".join(f"{name.replace('_', ' ')}: {_said(value)}" for name, value in parameters.items())
    return f"{said['action']} ({told})" if told else str(said["action"])


def _said(value: Mapping[str, Any]) -> str:
    inner = value.get("value")
    return ", ".join(map(str, inner)) if isinstance(inner, list) else worded_value(value)


def _worded_computation(said: Mapping[str, Any]) -> str:
    operator = said["op"]
    if "left" in said:
        return f"({worded_value(said['left'])} {OPERATORS.get(operator, operator)} {worded_value(said['right'])})"
    values = said.get("values") or [said[name] for name in said if name != "op"]
    name = "divide" if operator == "div0" else operator
    return f"{name}({', '.join(worded_value(value) for value in values)})"
