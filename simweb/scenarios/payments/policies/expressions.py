"""Conditions and values of policy trees: what is wrong with them, and which are constant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simweb.engine import Fault
from simweb.scenarios.documents.suggestions import did_you_mean
from simweb.scenarios.payments.policies.language import (
    COMPARISONS,
    COMPUTATIONS,
    OF_MANY,
    OF_ONE,
    OF_TWO,
    STATE_PREFIX,
    UNSUPPORTED_FIELDS,
    as_name,
    fields_of,
)

DEEPEST = 50
OPERANDS = {"clamp": ("value", "min", "max"), "div0": ("numerator", "denominator", "default")}
KINDS = ("field", "param", "value", "compute")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a policy something stands. `states` gathers the registers that are named."""

    tree: str
    path: tuple[str | int, ...]
    node: str
    parameters: frozenset[str]
    states: set[str] = field(default_factory=set)

    def inside(self, *steps: str | int) -> Place:
        """A place further in."""
        return replace(self, path=(*self.path, *steps))

    def fault(self, message: str) -> Fault:
        """With the node's name in front."""
        return Fault(f"Node {self.node!r}: {message}" if self.node else message, self.path)

    @property
    def is_too_deep(self) -> bool:
        """Whether this is nested beyond what anybody writes."""
        return sum(step in ("left", "right", "compute", "condition", "conditions") for step in self.path) > DEEPEST


def condition_faults(said: Any, place: Place) -> Iterator[Fault]:
    """All that is wrong with a condition."""
    if place.is_too_deep:
        yield place.fault(f"Expressions are nested at most {DEEPEST} deep.")
        return
    operator = as_name(said.get("op")) if isinstance(said, Mapping) else ""
    if operator in COMPARISONS:
        yield from _operands(said, ("left", "right"), place)
        if _is_literal(said.get("left")) and _is_literal(said.get("right")):
            yield place.fault("It compares two numbers, so one of its branches can never be reached.")
    elif operator in ("and", "or"):
        parts = said.get("conditions")
        if not isinstance(parts, list) or not parts:
            yield place.fault(f"{operator!r} needs a list of conditions.")
            return
        for number, part in enumerate(parts):
            yield from condition_faults(part, place.inside("conditions", number))
    elif operator == "not":
        yield from condition_faults(said.get("condition"), place.inside("condition"))
    else:
        known = (*COMPARISONS, "and", "or", "not")
        yield place.fault(f'A condition is an object whose "op" is one of {" ".join(known)}, not {operator!r}.')


def value_faults(said: Any, place: Place) -> Iterator[Fault]:
    """All that is wrong with a value: `{"field": …}`, `{"param": …}`, `{"value": …}` or `{"compute": …}`."""
    if place.is_too_deep:
        yield place.fault(f"Expressions are nested at most {DEEPEST} deep.")
        return
    if not isinstance(said, Mapping) or len(said) != 1 or next(iter(said)) not in KINDS:
        yield place.fault('A value is one of {"field": …}, {"param": …}, {"value": …} and {"compute": …}.')
        return
    kind, inner = next(iter(said.items()))
    if kind == "field":
        yield from _field_faults(inner, place)
    elif kind == "param":
        if as_name(inner) not in place.parameters:
            hint = did_you_mean(inner, place.parameters)
            yield place.fault(f"The policy's parameters have no {inner!r}.{hint}")
    elif kind == "value":
        if not isinstance(inner, int | float) or not math.isfinite(inner):
            yield place.fault("A value must be a finite number here.")
    else:
        yield from _computation_faults(inner, place.inside("compute"))


def _field_faults(name: Any, place: Place) -> Iterator[Fault]:
    known = fields_of(place.tree)
    if as_name(name).startswith(STATE_PREFIX):
        place.states.add(name)
    elif as_name(name) in UNSUPPORTED_FIELDS:
        yield place.fault(f"The field {name!r} is not supported: {UNSUPPORTED_FIELDS[name]}.")
    elif name in fields_of("payment_tree") and name not in known:
        yield place.fault(f"The field {name!r} is of one payment: only the payment_tree can read it.")
    elif name not in known:
        yield place.fault(f"There is no field {name!r}.{did_you_mean(name, known)}")


def _computation_faults(said: Any, place: Place) -> Iterator[Fault]:
    operator = as_name(said.get("op")) if isinstance(said, Mapping) else ""
    if operator in OF_TWO:
        yield from _operands(said, ("left", "right"), place)
        right = said.get("right")
        if operator == "/" and _is_literal(right) and abs(right["value"]) < 1e-9:
            yield place.fault("It divides by zero.")
    elif operator in OF_MANY:
        values = said.get("values")
        if not isinstance(values, list) or not values:
            yield place.fault(f"{operator!r} needs a list of values.")
            return
        for number, value in enumerate(values):
            yield from value_faults(value, place.inside("values", number))
    elif operator in OF_ONE:
        yield from _operands(said, ("value",), place)
    elif operator in OPERANDS:
        yield from _operands(said, OPERANDS[operator], place)
    else:
        known = " ".join(COMPUTATIONS)
        yield place.fault(f'A computation is an object whose "op" is one of {known}, not {operator!r}.')


def _operands(said: Mapping[str, Any], names: tuple[str, ...], place: Place) -> Iterator[Fault]:
    for name in names:
        if name in said:
            yield from value_faults(said[name], place.inside(name))
        else:
            yield place.fault(f"{said['op']!r} needs {name!r}.")
    for name in said:
        if name not in (*names, "op"):
            yield place.fault(f"{said['op']!r} has no {name!r}.{did_you_mean(name, names)}")


def _is_literal(said: Any) -> bool:
    return isinstance(said, Mapping) and isinstance(said.get("value"), int | float)
