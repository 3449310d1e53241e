"""The named policies, which are trees themselves; and how a policy is read, however it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simweb.engine import Fault, Faulty
from simweb.scenarios.documents.suggestions import did_you_mean
from simweb.scenarios.payments.policies.checks import check_policy
from simweb.scenarios.payments.policies.language import as_name
from simweb.scenarios.payments.policies.trial import dry_run

Tree = dict[str, Any]
# Of each named policy its parameters, with the least and the greatest value of each.
NAMED: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "Fifo": {},
    "Deadline": {"urgency_threshold": (1, 100_000)},
    "LiquidityAware": {"target_buffer": (0, 10**14), "urgency_threshold": (1, 100_000)},
    "LiquiditySplitting": {"max_splits": (2, 10), "min_split_amount": (1, 10**12)},
}
HERE = {"Inline": "decision_trees", "InlineJson": "json_string"}
ELSEWHERE = "FromJson names a file of another machine, which simweb does not read. Paste its tree as type: Inline."


def read_policy(said: Any) -> Tree:
    """The tree that is meant by a name, by `{"type": …}`, or by a tree itself. Raises Faulty with all that is wrong.

    What comes out was checked and tried: it can be played.
    """
    if isinstance(said, str):
        said = {"type": said}
    if not isinstance(said, Mapping):
        raise Faulty([Fault("A policy is a name, such as Fifo, or an object with a type or a payment_tree.")])
    if "type" not in said:
        return _checked(dict(said), ())
    kind = as_name(said["type"])
    if kind in NAMED:
        return _named(kind, {key: value for key, value in said.items() if key != "type"})
    if kind in HERE:
        return _inline(said, HERE[kind])
    if kind == "FromJson":
        raise Faulty([Fault(ELSEWHERE)])
    known = (*NAMED, *HERE)
    raise Faulty(
        [
            Fault(
                f"There is no policy {said['type']!r}.{did_you_mean(kind, known)} There are {', '.join(known)}.",
                ("type",),
            )
        ]
    )


def named_policy(name: str, **parameters: int) -> Tree:
    """The tree of a named policy. Raises Faulty, and KeyError for a name that there is not."""
    return _named(name, parameters)


def name_of(policy: Mapping[str, Any]) -> str:
    """What the policy calls itself, with its parameters."""
    told = ", ".join(f"{name} {value:g}" for name, value in (policy.get("parameters") or {}).items())
    name = str(policy.get("policy_id") or "a tree of its own")
    return f"{name} ({told})" if told else name


def _inline(said: Mapping[str, Any], key: str) -> Tree:
    faults = [
        Fault(f"A policy of this type has no {name!r}.", (str(name),)) for name in said if name not in ("type", key)
    ]
    if key not in said:
        raise Faulty([*faults, Fault(f"It needs {key}, the tree.")])
    tree = said[key]
    if isinstance(tree, str):
        try:
            tree = json.loads(tree)
        except (ValueError, RecursionError) as error:
            raise Faulty([*faults, Fault(f"It is no JSON: {error}.", (key,))]) from None
    if faults:
        raise Faulty(faults)
    return _checked(tree, (key,))


def _checked(tree: Any, path: tuple[str | int, ...]) -> Tree:
    faults = check_policy(tree) or dry_run(tree)
    if faults:
        raise Faulty([Fault(fault.message, (*path, *fault.path)) for fault in faults])
    return dict(tree)


def _named(name: str, said: Mapping[str, Any]) -> Tree:
    if faults := list(_named_faults(name, said)):
        raise Faulty(faults)
    return TREES[name](dict(said))


def _named_faults(name: str, said: Mapping[str, Any]) -> Iterator[Fault]:
    bounds = NAMED[name]
    for key in said:
        if key not in bounds:
            has = f"it has {', '.join(bounds)}" if bounds else "it has none"
            yield Fault(f"{name} has no parameter {key!r}; {has}.{did_you_mean(key, bounds)}", (str(key),))
    for key, (least, most) in bounds.items():
        value = said.get(key)
        if key not in said:
            yield Fault(f"{name} needs {key}.")
        elif isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            yield Fault(f"Must be a whole number from {least:,} to {most:,}.", (key,))


def _action(name: str, action: str, **parameters: Any) -> Tree:
    return {"type": "action", "node_id": name, "action": action, **({"parameters": parameters} if parameters else {})}


def _condition(name: str, condition: Tree, yes: Tree, no: Tree) -> Tree:
    return {"type": "condition", "node_id": name, "condition": condition, "on_true": yes, "on_false": no}


def _compared(left: Tree, operator: str, right: Tree) -> Tree:
    return {"op": operator, "left": left, "right": right}


def _policy(name: str, parameters: Mapping[str, Any], tree: Tree) -> Tree:
    return {"version": "2.0", "policy_id": name, "parameters": dict(parameters), "payment_tree": tree}


def _fifo(said: Mapping[str, Any]) -> Tree:
    return _policy("Fifo", said, _action("release", "Release"))


def _deadline(said: Mapping[str, Any]) -> Tree:
    left = {"field": "ticks_to_deadline"}
    is_near = _compared(left, "<=", {"param": "urgency_threshold"})
    later = _condition("is_urgent", is_near, _action("release", "Release"), _action("hold", "Hold"))
    is_over = _compared(left, "<=", {"value": 0})
    return _policy("Deadline", said, _condition("is_expired", is_over, _action("drop", "Drop"), later))


def _liquidity_aware(said: Mapping[str, Any]) -> Tree:
    amount = {"field": "remaining_amount"}
    is_near = _compared({"field": "ticks_to_deadline"}, "<=", {"param": "urgency_threshold"})
    is_affordable = _compared(amount, "<=", {"field": "available_liquidity"})
    left = {"compute": {"op": "-", "left": {"field": "balance"}, "right": amount}}
    keeps_buffer = _compared(left, ">=", {"param": "target_buffer"})
    urgent = _condition(
        "is_affordable", is_affordable, _action("release_urgent", "Release"), _action("hold_urgent", "Hold")
    )
    calm = _condition("keeps_buffer", keeps_buffer, _action("release", "Release"), _action("hold", "Hold"))
    return _policy("LiquidityAware", said, _condition("is_urgent", is_near, urgent, calm))


def _liquidity_splitting(said: Mapping[str, Any]) -> Tree:
    amount = {"field": "remaining_amount"}
    is_affordable = _compared(amount, "<=", {"field": "available_liquidity"})
    share = {"compute": {"op": "/", "left": amount, "right": {"param": "min_split_amount"}}}
    fitting = {"compute": {"op": "floor", "value": share}}
    parts = {"compute": {"op": "min", "values": [{"param": "max_splits"}, fitting]}}
    split = _condition(
        "can_be_split",
        _compared(parts, ">=", {"value": 2}),
        _action("split", "Split", num_splits=parts),
        _action("hold", "Hold"),
    )
    return _policy(
        "LiquiditySplitting", said, _condition("is_affordable", is_affordable, _action("release", "Release"), split)
    )


TREES: Mapping[str, Callable[[Mapping[str, Any]], Tree]] = {
    "Fifo": _fifo,
    "Deadline": _deadline,
    "LiquidityAware": _liquidity_aware,
    "LiquiditySplitting": _liquidity_splitting,
}
