"""Liquidity saving among the payments of Queue 2, for the oracle."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations

from tests.engine.payments.oracle_state import Payment, World, pass_over_queue2, settle_together

ITERATIONS = 3
MOST_ENTRIES = 100  # of Queue 2, for cycles of more than three


def save_liquidity(world: World) -> None:
    """Up to three iterations of offsets and cycles, until one settles nothing."""
    saving = world.market.saving
    for _ in range(ITERATIONS):
        before = world.moved
        if saving.bilateral:
            then_a_pass(world, offset_pairs)
        if saving.cycles:
            then_a_pass(world, settle_cycles)
        if world.moved == before:
            return


def then_a_pass(world: World, step: Callable[[World], None]) -> None:
    before = world.moved
    step(world)
    if world.moved > before:
        pass_over_queue2(world)


def between(world: World, sender: str, receiver: str) -> list[Payment]:
    return [p for p in world.queue2 if (p.sender, p.receiver) == (sender, receiver)]


def value(payments: list[Payment]) -> int:
    return sum(payment.remaining for payment in payments)


def offset_pairs(world: World) -> None:
    """Pairs that owe each other, by what an offset releases."""
    released = {}
    for a, b in combinations(world.market.names, 2):
        there, back = between(world, a, b), between(world, b, a)
        if there and back:
            released[a, b] = min(value(there), value(back))
    for pair in sorted(released, key=lambda pair: (-released[pair], pair)):
        settle_together(world, [p for p in world.queue2 if {p.sender, p.receiver} == set(pair)])


def settle_cycles(world: World) -> None:
    """Cycles by their total value, each at the full amounts of its payments."""
    firsts: dict[tuple[str, str], Payment] = {}
    for payment in world.queue2:
        firsts.setdefault((payment.sender, payment.receiver), payment)
    for cycle in ordered_cycles(world, firsts):
        if world.cycles == world.market.saving.most_cycles:
            return
        if all(payment.remaining for payment in cycle):
            world.cycles += settle_together(world, cycle)


def ordered_cycles(world: World, firsts: dict[tuple[str, str], Payment]) -> list[list[Payment]]:
    """Each cycle once, from its first bank in the order of names on."""
    names = [name for name in world.market.names if any(name == sender for sender, _ in firsts)]
    longest = world.market.saving.longest_cycle if len(world.queue2) <= MOST_ENTRIES else 3
    found = []
    for length in range(3, longest + 1):
        for banks in permutations(range(len(names)), length):
            steps = [(names[a], names[b]) for a, b in zip(banks, banks[1:] + banks[:1], strict=True)]
            if banks[0] == min(banks) and all(step in firsts for step in steps):
                payments = [firsts[step] for step in steps]
                found.append((-value(payments), length, banks, payments))
    return [payments for *_, payments in sorted(found, key=lambda cycle: cycle[:3])]
