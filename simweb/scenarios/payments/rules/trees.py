"""How a policy tree is walked, and how its expressions are computed: by a stack machine, in float64."""

from __future__ import annotations

import math

from .accounts import note
from .codes import (
    ABS,
    ADD,
    CEIL,
    CLAMP,
    DIVIDE,
    DIVIDE_OR,
    EQUAL,
    FLOOR,
    GREATER,
    LESS,
    LESS_OR_EQUAL,
    MAXIMUM,
    MINIMUM,
    MULTIPLY,
    NONE,
    NOT,
    POLICY_FAULT,
    PUSH_FIELD,
    PUSH_NUMBER,
    PUSH_STATE,
    ROUND,
    SKIP_IF_FALSE,
    SKIP_IF_TRUE,
    SUBTRACT,
    UNEQUAL,
)
from .fields import field
from .kernel import inlined, kernel
from .records import World

WHOLE_FROM = 2.0**52  # every float64 from here on is whole
NEAR = 1e-9  # numbers that are nearer are equal; a divisor that is nearer to 0 is none


@inlined
def walk(world: World, root: int, bank: int, number: int) -> int:
    """The action node that the tree leads to; NONE, and a happening, when a condition cannot be computed."""
    node = root
    while True:
        here = world.nodes[node]
        here.visits += 1
        if here.is_action == 1:
            return node
        answer = compute(world, here.begin, here.end, bank, number)
        if math.isnan(answer):
            note(world, POLICY_FAULT, bank, NONE, number, 0, node)
            return NONE
        node = here.on_true if answer != 0.0 else here.on_false


@kernel
def compute(world: World, begin: int, end: int, bank: int, number: int) -> float:
    """The value of an expression; NaN when it divides by zero, or has no value to speak of."""
    stack = world.stack
    top, place = -1, begin
    while place < end:
        step = world.operations[place]
        code = step.code
        if code <= PUSH_STATE:
            top += 1
            stack[top] = pushed(world, code, step.number, step.place, bank, number)
        elif code in (SKIP_IF_FALSE, SKIP_IF_TRUE):
            # The value stays when it decides: it is that of the whole "and" or "or".
            if (stack[top] != 0.0) == (code == SKIP_IF_TRUE):
                place = step.place
                continue
            top -= 1
        elif code == CLAMP:
            stack[top - 2] = max(stack[top - 1], min(stack[top], stack[top - 2]))
            top -= 2
        elif code == DIVIDE_OR:
            stack[top - 2] = stack[top] if abs(stack[top - 1]) < NEAR else stack[top - 2] / stack[top - 1]
            top -= 2
        elif (code >= CEIL and code <= ABS) or code == NOT:
            stack[top] = of_one(code, stack[top])
        else:
            stack[top - 1] = of_two(code, stack[top - 1], stack[top])
            top -= 1
        if not math.isfinite(stack[top]):
            return math.nan
        place += 1
    return stack[0]


@kernel
def pushed(world: World, code: int, value: float, place: int, bank: int, number: int) -> float:
    """A number, a field, or a register of the bank."""
    if code == PUSH_NUMBER:
        return value
    if code == PUSH_FIELD:
        return field(world, place, bank, number)
    return world.states[bank][place]


@kernel
def of_one(code: int, value: float) -> float:
    """Rounding is half away from zero."""
    if code <= ROUND and abs(value) >= WHOLE_FROM:
        return value
    if code == CEIL:
        return float(math.ceil(value))
    if code == FLOOR:
        return float(math.floor(value))
    if code == ROUND:
        return float(math.floor(value + 0.5)) if value >= 0 else float(math.ceil(value - 0.5))
    if code == ABS:
        return abs(value)
    return 1.0 if value == 0.0 else 0.0


@kernel
def of_two(code: int, left: float, right: float) -> float:
    """Arithmetic, and comparisons as 1 and 0."""
    if code == ADD:
        return left + right
    if code == SUBTRACT:
        return left - right
    if code == MULTIPLY:
        return left * right
    if code == DIVIDE:
        return math.nan if abs(right) < NEAR else left / right
    if code == MAXIMUM:
        return max(left, right)
    if code == MINIMUM:
        return min(left, right)
    return 1.0 if holds(code, left, right) else 0.0


@kernel
def holds(code: int, left: float, right: float) -> bool:
    """A comparison."""
    if code == EQUAL:
        return abs(left - right) < NEAR
    if code == UNEQUAL:
        return abs(left - right) >= NEAR
    if code == LESS:
        return left < right
    if code == LESS_OR_EQUAL:
        return left <= right
    if code == GREATER:
        return left > right
    return left >= right
