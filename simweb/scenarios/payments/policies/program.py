"""From policy trees to the tables that the rules walk: nodes, and the operations of their expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simweb.scenarios.payments.policies.language import (
    CODES,
    COMPARISONS,
    NUMBERS,
    OF_MANY,
    OF_ONE,
    OF_TWO,
    PRIORITY_FLAGS,
    STATE_PREFIX,
    TREES,
)
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.fields import CODES as FIELD_CODES
from simweb.scenarios.payments.rules.records import Node, Operation

STACK = 256  # deeper than any expression that is not refused


@dataclass(slots=True)
class Program:
    """All banks' trees as tables. `roots[bank]` are the first nodes of the four trees, NONE where there is none.

    `ids[node]` is the node's id; `parents[node]` is (node above, whether it is the true branch), NONE above a root.
    """

    nodes: list[Node] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    roots: list[tuple[int, int, int, int]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    parents: list[tuple[int, bool]] = field(default_factory=list)
    focus: list[list[int]] = field(default_factory=list)
    withdraws: list[bool] = field(default_factory=list)
    most_parts: int = 0

    def path_to(self, node: int) -> str:
        """`is_urgent (no) → keeps_buffer (yes) → release`."""
        steps = [self.ids[node]]
        above, was_true = self.parents[node]
        while above != codes.NONE:
            steps.append(f"{self.ids[above]} ({'yes' if was_true else 'no'})")
            above, was_true = self.parents[above]
        return " → ".join(reversed(steps))


def program_of(policies: Sequence[Mapping[str, Any]], banks: Sequence[str]) -> Program:
    """The tables of the banks' policies, which must have been checked; a bank's own trees are its own nodes."""
    program = Program()
    for policy in policies:
        writer = _Writer(program, policy.get("parameters") or {}, banks)
        roots = [writer.node(policy[tree]) if policy.get(tree) is not None else codes.NONE for tree in TREES]
        program.roots.append((roots[0], roots[1], roots[2], roots[3]))
        program.withdraws.append(writer.withdraws)
    return program


class _Writer:
    """Writes the trees of one policy."""

    def __init__(self, program: Program, parameters: Mapping[str, Any], banks: Sequence[str]) -> None:
        self.program = program
        self.parameters = parameters
        self.banks = banks
        self.states: dict[str, int] = {}
        self.withdraws = False

    def node(self, said: Mapping[str, Any], above: int = codes.NONE, was_true: bool = False) -> int:
        """Write a node and all below it; its number."""
        program, row = self.program, Node()
        number = len(program.nodes)
        program.nodes.append(row)
        program.ids.append(str(said["node_id"]))
        program.parents.append((above, was_true))
        if said["type"] == "action":
            self._action(row, str(said["action"]), said.get("parameters") or {})
            return number
        row.begin = len(program.operations)
        self.condition(said["condition"])
        row.end = len(program.operations)
        row.on_true = self.node(said["on_true"], number, True)
        row.on_false = self.node(said["on_false"], number, False)
        return number

    def _action(self, row: Node, action: str, said: Mapping[str, Any]) -> None:
        row.is_action, row.action = 1, CODES[action]
        spans = []
        for name in NUMBERS.get(action, ()):
            begin = len(self.program.operations)
            if name.rstrip("*") in said:
                self.value(said[name.rstrip("*")])
            spans.append((begin, len(self.program.operations)))
        if spans:
            row.begin, row.end = spans[0]
        if len(spans) > 1:
            row.begin_second, row.end_second = spans[1]
        self.withdraws |= row.action == codes.WITHDRAW_FROM_RTGS
        if row.action == codes.SPLIT_PAYMENT:
            self.program.most_parts = max(self.program.most_parts, self._most_parts(said["num_splits"]))
        row.number = self._number(said)

    def _most_parts(self, said: Mapping[str, Any]) -> int:
        """A bound of the number of parts, as far as it can be read off; it decides how much room is kept."""
        kind, inner = next(iter(said.items()))
        if kind == "compute" and inner["op"] == "min":
            return min(self._most_parts(value) for value in inner["values"])
        known = inner if kind == "value" else self.parameters[inner] if kind == "param" else codes.MOST_PARTS
        return max(0, min(int(known), codes.MOST_PARTS))

    def _number(self, said: Mapping[str, Any]) -> int:
        if "priority_flag" in said:
            return PRIORITY_FLAGS[said["priority_flag"]["value"]]
        if "key" in said:
            return self._register(said["key"]["value"])
        if "focus_counterparties" in said:
            chosen = said["focus_counterparties"]["value"]
            self.program.focus.append([int(bank in chosen) for bank in self.banks])
            return len(self.program.focus) - 1
        return codes.NONE

    def _register(self, name: str) -> int:
        return self.states.setdefault(name, len(self.states))

    def _write(self, code: int, number: float = 0.0, place: int = 0) -> Operation:
        self.program.operations.append(Operation(code, number, place))
        return self.program.operations[-1]

    def condition(self, said: Mapping[str, Any]) -> None:
        """Write a condition; it leaves 1 or 0 on the stack."""
        operator = said["op"]
        if operator == "not":
            self.condition(said["condition"])
            self._write(codes.NOT)
        elif operator in ("and", "or"):
            skips = []
            for place, part in enumerate(said["conditions"]):
                if place:
                    skips.append(self._write(codes.SKIP_IF_FALSE if operator == "and" else codes.SKIP_IF_TRUE))
                self.condition(part)
            for skip in skips:
                skip.place = len(self.program.operations)
        else:
            self.value(said["left"])
            self.value(said["right"])
            self._write(COMPARISONS[operator])

    def value(self, said: Mapping[str, Any]) -> None:
        """Write a value; it leaves one number on the stack."""
        kind, inner = next(iter(said.items()))
        if kind == "value":
            self._write(codes.PUSH_NUMBER, float(inner))
        elif kind == "param":
            self._write(codes.PUSH_NUMBER, float(self.parameters[inner]))
        elif kind == "compute":
            self._computation(inner)
        elif inner.startswith(STATE_PREFIX):
            self._write(codes.PUSH_STATE, place=self._register(inner))
        else:
            self._write(codes.PUSH_FIELD, place=FIELD_CODES[inner])

    def _computation(self, said: Mapping[str, Any]) -> None:
        operator = said["op"]
        if operator in OF_MANY:
            for place, value in enumerate(said["values"]):
                self.value(value)
                if place:
                    self._write(OF_MANY[operator])
        elif operator in OF_TWO:
            self.value(said["left"])
            self.value(said["right"])
            self._write(OF_TWO[operator])
        elif operator in OF_ONE:
            self.value(said["value"])
            self._write(OF_ONE[operator])
        else:
            names = ("value", "min", "max") if operator == "clamp" else ("numerator", "denominator", "default")
            for name in names:
                self.value(said[name])
            self._write(codes.CLAMP if operator == "clamp" else codes.DIVIDE_OR)
