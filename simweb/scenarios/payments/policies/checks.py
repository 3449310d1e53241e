"""Whether a policy tree can be understood: every fault of it, each with its place and its node."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from simweb.engine import Fault
from simweb.scenarios.documents.suggestions import did_you_mean
from simweb.scenarios.payments.policies.expressions import Place, condition_faults, value_faults
from simweb.scenarios.payments.policies.language import (
    ACTIONS,
    NUMBERS,
    PRIORITY_FLAGS,
    STATE_PREFIX,
    TEXTS,
    TOP_KEYS,
    TREES,
    UNSUPPORTED_ACTIONS,
    UNSUPPORTED_PARAMETERS,
    as_name,
)
from simweb.scenarios.payments.rules.codes import MOST_PARTS, MOST_STATES

DEEPEST = 100
MOST_NODES = 2_000


def check_policy(policy: Any) -> list[Fault]:
    """All that is wrong with a policy, before it is used; empty when nothing is."""
    if not isinstance(policy, Mapping):
        return [Fault("A policy is an object with a payment_tree.")]
    faults = [
        Fault(f"A policy has no {key!r}.{did_you_mean(key, TOP_KEYS)}", (str(key),))
        for key in policy
        if key not in TOP_KEYS
    ]
    if policy.get("payment_tree") is None:
        faults.append(Fault("A policy needs a payment_tree, which says what is done with each payment."))
    parameters = policy.get("parameters") or {}
    faults += _parameter_faults(parameters)
    names = frozenset(map(str, parameters)) if isinstance(parameters, Mapping) else frozenset[str]()
    walk = _Walk(names)
    for tree in TREES:
        if policy.get(tree) is not None:
            faults += walk.node(policy[tree], tree, (tree,), 0)
    if len(walk.states) > MOST_STATES:
        faults.append(Fault(f"A bank has at most {MOST_STATES} registers, and these trees name {len(walk.states)}."))
    return faults


def _parameter_faults(parameters: Any) -> Iterator[Fault]:
    if not isinstance(parameters, Mapping):
        yield Fault('Parameters are an object of numbers, such as {"threshold": 5}.', ("parameters",))
        return
    for name, value in parameters.items():
        place = ("parameters", str(name))
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield Fault("A parameter must be a finite number.", place)
        elif name == "initial_liquidity_fraction" and not 0 <= value <= 1:
            yield Fault("The fraction of the pool must lie between 0 and 1.", place)


class _Walk:
    """Goes through all trees of one policy; ids must be unique over all of them."""

    def __init__(self, parameters: frozenset[str]) -> None:
        self.parameters = parameters
        self.ids: set[str] = set()
        self.states: set[str] = set()
        self.count = 0

    def node(self, node: Any, tree: str, path: tuple[str | int, ...], depth: int) -> Iterator[Fault]:
        """What is wrong with a node and with all below it."""
        self.count += 1
        if depth > DEEPEST:
            yield Fault(f"A tree is at most {DEEPEST} conditions deep.", path)
            return
        if self.count > MOST_NODES:
            if self.count == MOST_NODES + 1:
                yield Fault(f"A policy has at most {MOST_NODES:,} nodes.", path)
            return
        if not isinstance(node, Mapping) or node.get("type") not in ("condition", "action"):
            yield Fault('A node is an object whose "type" is "condition" or "action".', path)
            return
        place = Place(tree, path, str(node.get("node_id", "")), self.parameters, self.states)
        yield from self._id_faults(node, place)
        if node["type"] == "action":
            yield from self._action(node, place)
            return
        yield from _unknown_keys(node, ("type", "node_id", "description", "condition", "on_true", "on_false"), place)
        if "condition" in node:
            yield from condition_faults(node["condition"], place.inside("condition"))
        else:
            yield place.fault("It needs a condition.")
        for branch in ("on_true", "on_false"):
            if branch in node:
                yield from self.node(node[branch], tree, (*path, branch), depth + 1)
            else:
                yield place.fault(f"It needs {branch}.")

    def _id_faults(self, node: Mapping[str, Any], place: Place) -> Iterator[Fault]:
        name = node.get("node_id")
        if not isinstance(name, str) or not name:
            yield place.fault("Give the node a node_id, a text.")
        elif name in self.ids:
            yield place.fault("Another node has this node_id; each needs its own.")
        else:
            self.ids.add(name)

    def _action(self, node: Mapping[str, Any], place: Place) -> Iterator[Fault]:
        action, allowed = as_name(node.get("action")), ACTIONS[place.tree]
        yield from _unknown_keys(node, ("type", "node_id", "description", "action", "parameters"), place)
        if action in UNSUPPORTED_ACTIONS:
            yield place.fault(f"{action}: {UNSUPPORTED_ACTIONS[action]}.")
            return
        if action not in allowed:
            hint = did_you_mean(action, allowed)
            yield place.fault(
                f"A {place.tree} has no action {node.get('action')!r}; it has {', '.join(allowed)}.{hint}"
            )
            return
        said = node.get("parameters") or {}
        if not isinstance(said, Mapping):
            yield place.fault("The parameters of an action are an object.")
            return
        yield from self._said(action, said, place)

    def _said(self, action: str, said: Mapping[str, Any], place: Place) -> Iterator[Fault]:
        numbers, texts = NUMBERS.get(action, ()), TEXTS.get(action, ())
        known = [name.rstrip("*") for name in (*numbers, *texts)]
        for name in said:
            if name in UNSUPPORTED_PARAMETERS:
                yield place.fault(f"{name}: {UNSUPPORTED_PARAMETERS[name]}.")
            elif name not in known:
                yield place.fault(f"{action} has no parameter {name!r}.{did_you_mean(name, known)}")
        for name in (*numbers, *texts):
            if name.endswith("*") and name.rstrip("*") not in said:
                yield place.fault(f"{action} needs the parameter {name.rstrip('*')!r}.")
        for name in numbers:
            if (bare := name.rstrip("*")) in said:
                yield from value_faults(said[bare], place.inside("parameters", bare))
                yield from _number_faults(bare, said[bare], place.inside("parameters", bare))
        for name in texts:
            if (bare := name.rstrip("*")) in said:
                yield from self._text_faults(bare, said[bare], place.inside("parameters", bare))

    def _text_faults(self, name: str, said: Any, place: Place) -> Iterator[Fault]:
        value = said.get("value") if isinstance(said, Mapping) and set(said) == {"value"} else None
        if name == "focus_counterparties":
            if not isinstance(value, list) or not all(isinstance(bank, str) for bank in value):
                yield place.fault('Must be a list of banks, such as {"value": ["BANK_A"]}.')
        elif not isinstance(value, str):
            yield place.fault('Must be a text, such as {"value": "…"}.')
        elif name == "priority_flag" and value not in PRIORITY_FLAGS:
            yield place.fault(f"Must be one of {', '.join(PRIORITY_FLAGS)}, not {value!r}.")
        elif name == "key":
            if not value.startswith(STATE_PREFIX):
                yield place.fault(f"A register's name begins with {STATE_PREFIX!r}.")
            else:
                self.states.add(value)


def _number_faults(name: str, said: Any, place: Place) -> Iterator[Fault]:
    """Literal numbers that could never work."""
    value = said.get("value") if isinstance(said, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if name == "num_splits" and not 2 <= value <= MOST_PARTS:
        yield place.fault(f"Must be from 2 to {MOST_PARTS} parts.")
    elif name == "new_priority" and not 0 <= value <= 10:
        yield place.fault("A priority is from 0 to 10.")
    elif name in ("max_value_to_release", "max_per_counterparty", "amount") and value < 0:
        yield place.fault("Must be at least 0 cents.")


def _unknown_keys(node: Mapping[str, Any], known: tuple[str, ...], place: Place) -> Iterator[Fault]:
    for key in node:
        if key not in known:
            yield place.fault(f"A node of this type has no {key!r}.{did_you_mean(key, known)}")
