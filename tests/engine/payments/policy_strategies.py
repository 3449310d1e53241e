"""Random policy trees of all that the oracle knows: fields, computations, conditions, actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from hypothesis import strategies as st

from tests.engine.payments.choices import Choices

Node = dict[str, Any]

RELEASE: Node = {
    "version": "2.0",
    "policy_id": "release",
    "parameters": {},
    "payment_tree": {"type": "action", "node_id": "release", "action": "Release"},
}
OF_BANKS = [
    "balance",
    "available_liquidity",
    "effective_liquidity",
    "credit_used",
    "outgoing_queue_size",
    "queue1_total_value",
    "rtgs_queue_size",
    "rtgs_queue_value",
    "queue2_count_for_agent",
    "posted_collateral",
    "remaining_collateral_capacity",
    "excess_collateral",
    "current_tick",
    "system_tick_in_day",
    "ticks_remaining_in_day",
    "day_progress_fraction",
    "bank_state_mood",
    "bank_state_count",
]
OF_PAYMENTS = [
    "remaining_amount",
    "amount",
    "priority",
    "ticks_to_deadline",
    "is_overdue",
    "queue_age",
    "is_in_queue2",
]
PARAMETERS = {"initial_liquidity_fraction": 0.75, "threshold": 12.0, "patience": 2.0}
LITERALS = [0, 1, 2, 3, 5, 8, 12, 20, 40, 0.5, -3]
PAYMENT_ACTIONS = [
    *["Release"] * 6,
    "ReleaseWithCredit",
    "Split",
    "PaceAndRelease",
    "Hold",
    "Reprioritize",
    "WithdrawFromRtgs",
    "WithdrawFromRtgs",
    "Drop",
]
BANK_ACTIONS = ["NoAction", "SetReleaseBudget", "SetReleaseBudget", "SetState", "AddState"]
COLLATERAL_ACTIONS = ["HoldCollateral", "PostCollateral", "WithdrawCollateral"]
BYTES_OF_A_POLICY = st.binary(min_size=60, max_size=150)


def literal(choices: Choices, but: float | None = None) -> Node:
    return {"value": choices.pick([number for number in LITERALS if number != but])}


def field(choices: Choices, of_payments: bool) -> Node:
    return {"field": choices.pick(OF_PAYMENTS if of_payments and choices.often() else OF_BANKS)}


def number(choices: Choices, of_payments: bool, depth: int = 2) -> Node:
    """A field, a parameter, a number, or what is computed from them."""
    kind = choices.pick(["value", "field", "param", *["compute"] * min(depth, 1)])
    if kind == "field":
        return field(choices, of_payments)
    if kind == "param":
        return {"param": choices.pick(list(PARAMETERS))}
    return {"compute": computed(choices, of_payments, depth - 1)} if kind == "compute" else literal(choices)


def computed(choices: Choices, of_payments: bool, depth: int) -> Node:
    """An arithmetic of every kind; a division by nothing that could be 0."""

    def one() -> Node:
        return number(choices, of_payments, depth)

    op = choices.pick(["+", "-", "*", "/", "max", "min", "ceil", "floor", "round", "abs", "clamp", "div0"])
    if op in ("max", "min"):
        return {"op": op, "values": [one() for _ in range(choices.between(1, 3))]}
    if op in ("ceil", "floor", "round", "abs"):
        return {"op": op, "value": one()}
    if op == "clamp":
        return {"op": op, "value": one(), "min": literal(choices), "max": literal(choices)}
    if op == "div0":
        return {"op": op, "numerator": one(), "denominator": one(), "default": literal(choices)}
    return {"op": op, "left": one(), "right": literal(choices, but=0) if op == "/" else one()}


def condition(choices: Choices, of_payments: bool, depth: int = 2) -> Node:
    """A comparison with a field on its left, or comparisons that are joined."""
    op = choices.pick(["==", "!=", "<", "<=", ">", ">=", *(["and", "or", "not"] if depth else [])])
    if op == "not":
        return {"op": op, "condition": condition(choices, of_payments, depth - 1)}
    if op in ("and", "or"):
        return {"op": op, "conditions": [condition(choices, of_payments, 0) for _ in range(choices.between(1, 3))]}
    return {"op": op, "left": field(choices, of_payments), "right": number(choices, of_payments)}


def tree(choices: Choices, action: Callable[[Choices], Node], of_payments: bool, depth: int = 2) -> Node:
    """Up to a few conditions, then an action."""
    if depth == 0 or not choices.often():
        return {"type": "action", **action(choices)}
    return {
        "type": "condition",
        "condition": condition(choices, of_payments),
        "on_true": tree(choices, action, of_payments, depth - 1),
        "on_false": tree(choices, action, of_payments, depth - 1),
    }


def payment_action(choices: Choices) -> Node:
    """Mostly something that pays."""
    action = choices.pick(PAYMENT_ACTIONS)
    if action in ("Split", "PaceAndRelease"):
        return {"action": action, "parameters": {"num_splits": {"value": choices.between(2, 4)}}}
    if action == "Reprioritize":
        return {"action": action, "parameters": {"new_priority": number(choices, of_payments=True)}}
    return {"action": action}


def bank_action(choices: Choices, names: Sequence[str]) -> Node:
    """A budget, a register, or nothing."""
    action = choices.pick(BANK_ACTIONS)
    if action == "NoAction":
        return {"action": action}
    amount = number(choices, of_payments=False)
    if action != "SetReleaseBudget":
        register = choices.pick(["bank_state_mood", "bank_state_count"])
        return {"action": action, "parameters": {"key": {"value": register}, "value": amount}}
    parameters = {"max_value_to_release": amount}
    if focus := choices.some(names, 3):
        parameters["focus_counterparties"] = {"value": focus}
    if choices.seldom():
        parameters["max_per_counterparty"] = {"value": choices.pick([40, 15, 5])}
    return {"action": action, "parameters": parameters}


def collateral_action(choices: Choices) -> Node:
    """Some is posted, some is withdrawn."""
    action = choices.pick(COLLATERAL_ACTIONS)
    if action == "HoldCollateral":
        return {"action": action}
    return {"action": action, "parameters": {"amount": number(choices, of_payments=False)}}


def numbered(node: Node, counter: count[int]) -> Node:
    """The tree with a name for each node."""
    below = {way: numbered(node[way], counter) for way in ("on_true", "on_false") if way in node}
    return {**node, **below, "node_id": f"n{next(counter)}"}


def policy(choices: Choices, names: Sequence[str]) -> Node:
    """A whole policy; the trees of banks and collateral may be missing."""
    found = {"payment_tree": tree(choices, payment_action, of_payments=True)}
    if choices.pick([False, True]):
        found["bank_tree"] = tree(choices, lambda given: bank_action(given, names), of_payments=False)
    for name in ("strategic_collateral_tree", "end_of_tick_collateral_tree"):
        if choices.seldom():
            found[name] = tree(choices, collateral_action, of_payments=False)
    counter: count[int] = count()
    kept = {name: numbered(root, counter) for name, root in found.items()}
    return {"version": "2.0", "policy_id": "random", "parameters": PARAMETERS, **kept}


def policies(names: Sequence[str]) -> st.SearchStrategy[Node]:
    """Whole policies for a bank among these."""
    return BYTES_OF_A_POLICY.map(lambda data: policy(Choices(data), names))
