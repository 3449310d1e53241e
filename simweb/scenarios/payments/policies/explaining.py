"""How a policy is written, told to somebody who is to write one, as far as it may use things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from simweb.scenarios.payments.policies.language import (
    ACTIONS,
    COMPARISONS,
    COMPUTATIONS,
    NUMBERS,
    STATE_PREFIX,
    TEXTS,
    TREES,
    fields_of,
)

WHEN = {
    "payment_tree": "asked in each tick for each payment that waits in the bank's own queue; every policy has one",
    "bank_tree": "asked once in each tick, before the payments",
    "strategic_collateral_tree": "asked once in each tick, before anything is settled",
    "end_of_tick_collateral_tree": "asked once in each tick, after all is settled",
}
SHAPE = """\
A policy is a JSON object with "version": "2.0", a "policy_id", "parameters" (numbers by their names) and trees. A tree that
is left out does nothing. A tree is a node:
- an action: {"type": "action", "node_id": "…", "action": "…", "parameters": {…}}; parameters only where the action has some;
- a condition: {"type": "condition", "node_id": "…", "condition": {…}, "on_true": node, "on_false": node}.
Every node_id stands once in the whole policy.\
"""


class Limits(Protocol):
    """What a policy may use, whoever defines it; None is everything."""

    @property
    def allowed_fields(self) -> tuple[str, ...] | None: ...
    @property
    def allowed_actions(self) -> Mapping[str, tuple[str, ...]] | None: ...


def told_language(limits: Limits | None) -> str:
    """The form of a policy, its trees with their actions, its conditions and the fields that they may read."""
    return "\n\n".join((SHAPE, *_trees(limits), _conditions(), *_fields(limits)))


def _trees(limits: Limits | None) -> Iterator[str]:
    allowed = (limits.allowed_actions if limits else None) or {}
    for tree in TREES:
        actions = allowed.get(tree, ACTIONS[tree])
        if actions:
            told = "\n".join(f"- {action}{_parameters(action)}" for action in actions)
            yield f"{tree} ({WHEN[tree]}) may use these actions:\n{told}"


def _parameters(action: str) -> str:
    """`: num_splits`, `: value_to_pay, optional focus`; nothing for an action without any."""
    names = (*NUMBERS.get(action, ()), *TEXTS.get(action, ()))
    told = [name.removesuffix("*") if name.endswith("*") else f"optional {name}" for name in names]
    return f": {', '.join(told)}" if told else ""


def _conditions() -> str:
    return (
        f'A condition is {{"op": one of {" ".join(COMPARISONS)}, "left": value, "right": value}}, or {{"op": "and" or "or", '
        '"conditions": […]}, or {"op": "not", "condition": {…}}. A value is {"field": name}, {"param": name of a parameter}, '
        '{"value": number} or {"compute": {"op": …, …}}; a number in the parameters of an action is a value, too. Operations '
        f'of compute: {" ".join(COMPUTATIONS)}; those of two have "left" and "right", max and min have "values", those of one '
        'have "value", clamp has "value", "min" and "max", div0 has "numerator", "denominator" and "default".'
    )


def _fields(limits: Limits | None) -> Iterator[str]:
    allowed = limits.allowed_fields if limits else None
    everywhere = _allowed(fields_of("bank_tree"), allowed)
    of_payments = _allowed(fields_of("payment_tree"), allowed)
    yield f"Fields that every tree may read: {', '.join(everywhere) or 'none'}, and registers ({STATE_PREFIX}…)."
    yield (
        "Fields that only a payment_tree may read: "
        f"{', '.join(name for name in of_payments if name not in everywhere) or 'none'}."
    )


def _allowed(names: Sequence[str], allowed: Sequence[str] | None) -> list[str]:
    return [name for name in names if allowed is None or name in allowed]
