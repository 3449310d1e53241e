"""Many days of one market in one call, compiled only: what Python would do between two plays takes longer than a play."""

from __future__ import annotations

from .kernel import inlined, kernel
from .records import Account, Clock, Pair, Payment, Shock, World
from .tick import play_ticks


@inlined
def begin_again(
    world: World, clock: list[Clock], accounts: list[Account], pairs: list[Pair], payments: list[Payment], count: int
) -> None:
    """Before the first tick, with the first of these payments."""
    world.clock[0] = clock[0]
    world.clock[0].known = world.clock[0].scheduled = count
    for place in range(len(accounts)):
        world.accounts[place] = accounts[place]
    for place in range(len(pairs)):
        world.pairs[place] = pairs[place]
    for place in range(count):
        world.payments[place] = payments[place]


@inlined
def with_shocks(world: World, shocks: list[Shock]) -> World:
    """The same tables, but for the shocks."""
    return World(
        world.clock,
        world.rates,
        world.accounts,
        world.pairs,
        world.payments,
        shocks,
        world.nodes,
        world.operations,
        world.candidates,
        world.log,
        world.queue1,
        world.queue2,
        world.submissions,
        world.order,
        world.members,
        world.path,
        world.states,
        world.focus,
        world.stack,
    )


@kernel
def play_days(
    world: World,
    clock: list[Clock],
    accounts: list[Account],
    pairs: list[Pair],
    payments: list[Payment],
    played: list[Payment],
    begins: list[int],
    shocks: list[Shock],
    shocks_begin: list[int],
    bank: int,
    costs: list[int],
    settled: list[int],
    arrived: list[int],
) -> None:
    """Play each day from the given clock, accounts and pairs; what it costs the bank, and how many of its payments settle.

    Day d has the payments from `begins[d]` up to `begins[d + 1]`, and likewise shocks. The world has room for any one day, and no
    payment is split. `played` is empty, or takes the payments as they are in the end.
    """
    for day in range(len(begins) - 1):
        first, count = begins[day], begins[day + 1] - begins[day]
        begin_again(world, clock, accounts, pairs, payments[first:], count)
        play_ticks(with_shocks(world, shocks[shocks_begin[day] : shocks_begin[day + 1]]))
        if len(played) > 0:
            for place in range(count):
                played[first + place] = world.payments[place]
        costs[day] = world.accounts[bank].total_cost
        settled[day] = world.accounts[bank].settled_count
        arrived[day] = world.accounts[bank].arrived_count
