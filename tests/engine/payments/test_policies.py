"""Policies: what is refused, each fault with its node; what is limited; the named ones."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simweb.engine import Faulty
from simweb.scenarios.payments.market import Bank, LiquiditySaving, Listed, Market
from simweb.scenarios.payments.policies import (
    NAMED,
    Constraints,
    ParameterRule,
    check_constraints,
    check_policy,
    named_policy,
    read_policy,
)
from simweb.scenarios.payments.policies.examples import EXAMPLES
from simweb.scenarios.payments.policies.wording import worded_condition
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.fields import FIELDS
from simweb.scenarios.payments.system import Blueprint, System
from simweb.scenarios.payments.tables import interpreted

RELEASE = {"type": "action", "node_id": "release", "action": "Release"}
HOLD = {"type": "action", "node_id": "hold", "action": "Hold"}


def compared(left: Any, operator: str = "<", right: Any = None) -> dict[str, Any]:
    return {"op": operator, "left": left, "right": right or {"value": 5}}


def asking(condition: Any, name: str = "ask", yes: Any = RELEASE, no: Any = HOLD) -> dict[str, Any]:
    return {"type": "condition", "node_id": name, "condition": condition, "on_true": yes, "on_false": no}


def policy(tree: Any, **more: Any) -> dict[str, Any]:
    return {"version": "2.0", "policy_id": "p", "payment_tree": tree, **more}


def faults(said: Any) -> list[str]:
    with pytest.raises(Faulty) as refused:
        read_policy(said)
    return [str(fault) for fault in refused.value.faults]


BALANCE = {"field": "balance"}
WRONG = {
    "no tree": (policy(None), "payment_tree"),
    "an unknown key": ({**policy(RELEASE), "payment_tre": RELEASE}, 'Did you mean "payment_tree"?'),
    "a node without a type": (policy({"node_id": "x"}), '"type" is "condition" or "action"'),
    "a node without an id": (policy({"type": "action", "action": "Release"}), "Give the node a node_id"),
    "two nodes of one id": (policy(asking(compared(BALANCE), no=RELEASE)), "'release': Another node has this node_id"),
    "an unknown action": (policy({**RELEASE, "action": "Relase"}), 'Did you mean "Release"?'),
    "an action of another tree": (policy({**RELEASE, "action": "PostCollateral"}), "A payment_tree has no action"),
    "an unknown field": (
        policy(asking(compared({"field": "balanse"}))),
        "There is no field 'balanse'. Did you mean \"balance\"?",
    ),
    "a field of a payment in a bank's tree": (
        policy(RELEASE, bank_tree=asking(compared({"field": "amount"}))),
        "only the payment_tree can read it",
    ),
    "a field that is not supported": (
        policy(asking(compared({"field": "tx_is_top_counterparty"}))),
        "is not supported",
    ),
    "a parameter that there is not": (policy(asking(compared({"param": "limit"}))), "no 'limit'"),
    "a parameter that is no number": (
        policy(RELEASE, parameters={"a": "b"}),
        "parameters.a: A parameter must be a finite number.",
    ),
    "a fraction beyond 1": (policy(RELEASE, parameters={"initial_liquidity_fraction": 1.5}), "between 0 and 1"),
    "an unknown operator": (policy(asking(compared(BALANCE, "=<"))), "not '=<'"),
    "a comparison of two numbers": (policy(asking(compared({"value": 1}))), "can never be reached"),
    "a division by zero": (
        policy(asking(compared({"compute": {"op": "/", "left": BALANCE, "right": {"value": 0}}}))),
        "It divides by zero.",
    ),
    "a division that is zero at once": (
        policy(asking(compared({"compute": {"op": "/", "left": BALANCE, "right": {"field": "credit_used"}}}))),
        "Node 'ask': it divides by zero, or gets no finite number",
    ),
    "an unknown computation": (policy(asking(compared({"compute": {"op": "%", "left": BALANCE}}))), "not '%'"),
    "a missing operand": (policy(asking({"op": "<", "left": BALANCE})), "'<' needs 'right'."),
    "an empty and": (policy(asking({"op": "and", "conditions": []})), "needs a list of conditions"),
    "a split in one": (
        policy({**RELEASE, "action": "Split", "parameters": {"num_splits": {"value": 1}}}),
        "from 2 to 100",
    ),
    "a split without a number": (policy({**RELEASE, "action": "Split"}), "Split needs the parameter 'num_splits'."),
    "a staggered split": (policy({**RELEASE, "action": "StaggerSplit"}), "staggered release is not supported"),
    "a timed release": (
        policy({**RELEASE, "parameters": {"timed_for_tick": {"value": 3}}}),
        "timed release is not supported",
    ),
    "a class of RTGS": (policy({**RELEASE, "action": "ResubmitToRtgs"}), "RTGS classes are not supported"),
    "a timer of collateral": (
        policy(
            RELEASE,
            strategic_collateral_tree={
                **HOLD,
                "action": "PostCollateral",
                "parameters": {"amount": {"value": 1}, "auto_withdraw_after_ticks": {"value": 2}},
            },
        ),
        "collateral timers are not supported",
    ),
    "a wrong priority flag": (
        policy({**RELEASE, "parameters": {"priority_flag": {"value": "TOP"}}}),
        "HIGH, MEDIUM, LOW",
    ),
    "a register of another name": (
        policy(
            RELEASE,
            bank_tree={**HOLD, "action": "SetState", "parameters": {"key": {"value": "count"}, "value": {"value": 1}}},
        ),
        "begins with 'bank_state_'",
    ),
    "no object": ([1], "A policy is a name"),
    "an unknown name": ("Fiffo", 'Did you mean "Fifo"?'),
    "a path": ({"type": "FromJson", "json_path": "x.json"}, "Paste its tree as type: Inline"),
    "a named one without its number": ({"type": "Deadline"}, "Deadline needs urgency_threshold."),
    "a named one with a wrong number": ({"type": "Deadline", "urgency_threshold": 0}, "from 1 to 100,000"),
    "an inline one that is no JSON": ({"type": "InlineJson", "json_string": "{"}, "It is no JSON"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_policy_is_refused_with_what_to_change(case: str) -> None:
    said, expected = WRONG[case]
    assert any(expected in fault for fault in faults(said)), faults(said)


def test_all_faults_are_told_at_once_with_their_places() -> None:
    tree = asking(
        compared({"field": "balanse"}), yes={**RELEASE, "action": "Relase"}, no={**HOLD, "parameters": {"why": {}}}
    )
    told = faults(policy(tree, parameters={"a": None}))
    places = [line.partition(":")[0] for line in told]
    assert places == ["parameters.a", "payment_tree.condition.left", "payment_tree.on_true", "payment_tree.on_false"]


def test_a_tree_that_is_too_deep_is_refused_and_not_recursed_into() -> None:
    tree: Any = RELEASE
    for number in range(300):
        tree = asking(compared(BALANCE), f"ask {number}", yes={**HOLD, "node_id": f"hold {number}"}, no=tree)
    assert any("at most 100 conditions deep" in fault for fault in faults(policy(tree)))


WORDS = [
    *(
        "type",
        "op",
        "left",
        "right",
        "field",
        "value",
        "values",
        "param",
        "compute",
        "condition",
        "conditions",
        "on_true",
    ),
    *("on_false", "action", "parameters", "node_id", "payment_tree", "bank_tree", "num_splits"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([*WORDS, *FIELDS]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=30,
)


def is_read_or_refused(said: Any) -> bool:
    """Nothing but Faulty is raised."""
    with contextlib.suppress(Faulty):
        read_policy(said)
    return True


@settings(deadline=None)
@given(JSON)
def test_whatever_is_said_is_read_or_refused(said: Any) -> None:
    assert is_read_or_refused(said)


@settings(deadline=None)
@given(JSON, st.sampled_from(["condition", "on_true", "on_false", "node_id", "type"]))
def test_whatever_stands_in_the_place_of_a_part_is_read_or_refused(said: Any, part: str) -> None:
    tree = copy.deepcopy(asking(compared(BALANCE)))
    tree[part] = said
    assert is_read_or_refused(policy(tree))


# Constraints, against the real shape of trees

LIMITED = Constraints(
    allowed_parameters=(
        ParameterRule("initial_liquidity_fraction", "float", 0.0, 0.8),
        ParameterRule("patience", "int", 1, 5),
        ParameterRule("mode", "enum", allowed_values=(1, 3)),
    ),
    allowed_fields=("balance", "ticks_to_deadline"),
    allowed_actions={"payment_tree": ("Release", "Hold"), "bank_tree": ("NoAction",)},
)


def beyond(said: dict[str, Any]) -> list[str]:
    assert check_policy(said) == []
    return [str(fault) for fault in check_constraints(said, LIMITED)]


def test_a_policy_within_its_constraints_has_no_faults() -> None:
    inside = policy(asking(compared(BALANCE)), parameters={"initial_liquidity_fraction": 0.8, "patience": 5, "mode": 3})
    assert beyond(inside) == []


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"initial_liquidity_fraction": 0.81}, "must be at most 0.8, not 0.81"),
        ({"patience": 0}, "must be at least 1, not 0"),
        ({"patience": 2.5}, "must be a whole number, not 2.5"),
        ({"mode": 2}, "must be one of 1, 3, not 2"),
        ({"patiense": 2}, "The parameter 'patiense' is not allowed. Did you mean \"patience\"?"),
    ],
)
def test_values_out_of_range_are_found_at_the_top_level(parameters: dict[str, Any], expected: str) -> None:
    [told] = beyond(policy(RELEASE, parameters=parameters))
    assert expected in told


def test_a_forbidden_action_is_found_wherever_it_stands() -> None:
    split = {**RELEASE, "node_id": "deep", "action": "Split", "parameters": {"num_splits": {"value": 2}}}
    tree = asking(compared(BALANCE), no=asking(compared(BALANCE), "below", yes={**HOLD, "node_id": "h2"}, no=split))
    [told] = beyond(policy(tree))
    assert (
        told == "payment_tree.on_false.on_false.action: Node 'deep': the payment_tree may use Release, Hold, not Split."
    )


def test_a_forbidden_field_is_found_in_conditions_computations_and_actions() -> None:
    hidden = {"compute": {"op": "max", "values": [{"value": 1}, {"field": "amount"}]}}
    tree = asking({"op": "not", "condition": {"op": "or", "conditions": [compared(hidden)]}})
    [told] = beyond(policy(tree))
    assert "Node 'ask': the field 'amount' is not allowed." in told
    post = {**HOLD, "action": "PostCollateral", "parameters": {"amount": {"field": "queue1_liquidity_gap"}}}
    [told] = beyond(policy(RELEASE, strategic_collateral_tree=post))
    assert "the field 'queue1_liquidity_gap' is not allowed" in told


def test_a_tree_that_is_not_named_is_unconstrained() -> None:
    hold = {**HOLD, "action": "HoldCollateral"}
    assert beyond(policy(RELEASE, end_of_tick_collateral_tree=hold)) == []


# The named policies


@pytest.mark.parametrize("name", NAMED)
def test_a_named_policy_is_a_tree_that_can_be_read_again(name: str) -> None:
    numbers = {key: least for key, (least, _) in NAMED[name].items()}
    tree = read_policy({"type": name, **numbers})
    assert read_policy(tree) == read_policy({"type": "Inline", "decision_trees": tree}) == tree


def settled_in(tree: dict[str, Any], amounts: list[tuple[int, int]], balance: int = 100) -> list[int]:
    """The ticks in which payments of (amount, deadline) that arrive in tick 0 are settled."""
    payments = tuple(Listed("A", "B", amount, 0, deadline, divisible=True) for amount, deadline in amounts)
    saving = LiquiditySaving(bilateral=False, cycles=False)
    banks = (Bank("A", balance, tree), Bank("B", 0, named_policy("Fifo")))
    played = System(Blueprint(Market(8, 1, banks, saving=saving, listed=payments), tables=interpreted()), 1)
    played.play_all()
    return [int(payment.settled_tick) for payment in played.known_payments()]


def test_fifo_releases_at_once() -> None:
    assert settled_in(named_policy("Fifo"), [(30, 6), (30, 2)]) == [0, 0]


def test_deadline_waits_until_a_payment_is_urgent() -> None:
    assert settled_in(named_policy("Deadline", urgency_threshold=2), [(30, 6), (30, 2)]) == [4, 0]


def test_liquidity_aware_keeps_its_buffer_until_a_payment_is_urgent() -> None:
    """100 − 30 keep 60; of 70 another 30 would leave 40 and waits until tick 4."""
    tree = named_policy("LiquidityAware", target_buffer=60, urgency_threshold=2)
    assert settled_in(tree, [(30, 7)]) == [0]
    assert settled_in(tree, [(50, 6)]) == [4]


def test_liquidity_splitting_splits_what_it_cannot_pay() -> None:
    """120 with 100 at hand, parts of at least 40: three of 40, of which two are paid."""
    tree = named_policy("LiquiditySplitting", max_splits=4, min_split_amount=40)
    assert settled_in(tree, [(120, 7)]) == [codes.NONE, 0, 0, codes.NONE]


def test_a_condition_is_worded_for_people() -> None:
    both = {
        "op": "and",
        "conditions": [compared({"field": "ticks_to_deadline"}, "<=", {"param": "limit"}), compared(BALANCE)],
    }
    assert worded_condition(both) == "(ticks to deadline ≤ limit) and (balance < 5)"


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_examples_that_the_form_offers_can_be_read(title: str) -> None:
    for said in json.loads(EXAMPLES[title]).values():
        assert read_policy(said)["payment_tree"]
