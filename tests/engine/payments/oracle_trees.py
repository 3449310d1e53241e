"""Policy trees of section 3 walked for the oracle: conditions, values, computations. All arithmetic is in float64."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

NEAR = 1e-9


class Reading:
    """A tree read with these fields and parameters."""

    def __init__(self, fields: Mapping[str, float], parameters: Mapping[str, float]) -> None:
        self.fields = fields
        self.parameters = parameters

    def action(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The action node at which the walk from `node` ends."""
        while node["type"] == "condition":
            node = node["on_true"] if self.holds(node["condition"]) else node["on_false"]
        return node

    def holds(self, condition: Mapping[str, Any]) -> bool:
        op = condition["op"]
        if op == "and":
            return all(self.holds(one) for one in condition["conditions"])
        if op == "or":
            return any(self.holds(one) for one in condition["conditions"])
        if op == "not":
            return not self.holds(condition["condition"])
        left, right = self.number(condition["left"]), self.number(condition["right"])
        equal = abs(left - right) < NEAR
        return {
            "==": equal,
            "!=": not equal,
            "<": left < right,
            "<=": left <= right,
            ">": left > right,
            ">=": left >= right,
        }[op]

    def number(self, value: Mapping[str, Any]) -> float:
        if "field" in value:
            return self.field(value["field"])
        if "param" in value:
            return float(self.parameters[value["param"]])
        if "compute" in value:
            return self.computed(value["compute"])
        return float(value["value"])

    def field(self, name: str) -> float:
        if name.startswith("bank_state_"):
            return float(self.fields.get(name, 0.0))
        return float(self.fields[name])

    def computed(self, what: Mapping[str, Any]) -> float:
        op = what["op"]
        if op in ("max", "min"):
            return {"max": max, "min": min}[op](self.number(one) for one in what["values"])
        if op == "clamp":
            low, high = self.number(what["min"]), self.number(what["max"])
            return max(low, min(high, self.number(what["value"])))
        if op == "div0":
            below = self.number(what["denominator"])
            return self.number(what["default"]) if abs(below) < NEAR else self.number(what["numerator"]) / below
        if op in ("ceil", "floor", "round", "abs"):
            return unary(op, self.number(what["value"]))
        return binary(op, self.number(what["left"]), self.number(what["right"]))


def unary(op: str, value: float) -> float:
    if op == "round":  # halves away from zero
        return math.copysign(math.floor(abs(value) + 0.5), value)
    return float({"ceil": math.ceil, "floor": math.floor, "abs": abs}[op](value))


def binary(op: str, left: float, right: float) -> float:
    if op == "/":
        if abs(right) < NEAR:
            raise ZeroDivisionError("A policy divides by zero.")
        return left / right
    return {"+": left + right, "-": left - right, "*": left * right}[op]
