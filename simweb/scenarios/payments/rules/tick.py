"""A tick, in its order. The numbers of the steps are those of `docs/payments.md`."""

from __future__ import annotations

import math

from .accounts import apply_deferred_credits, available_liquidity, debit, note, room_in_limits
from .codes import (
    ARRIVED,
    COLLATERAL,
    COLLATERAL_ADJUSTMENT,
    MOST_PARTS,
    NONE,
    SCHEDULED_SETTLEMENT,
    TRANSFER_FAILED,
    TRANSFERRED,
)
from .costs import add_up, borrow_for_the_rest, charge_costs, charge_end_of_day_penalties, forget_costs_of_tick
from .decisions import (
    decide_budgets,
    decide_collateral,
    decide_payments,
    decide_withdrawals,
    forget_releases,
    join_queue1,
)
from .kernel import inlined, kernel
from .records import Shock, World
from .saving import save_liquidity
from .settlement import go_through_queue2, mark_late_in_queue1, settle_submissions


@kernel
def play_tick(world: World) -> None:
    """Advance the world by one tick."""
    clock = world.clock[0]
    clock.logged = 0
    forget_costs_of_tick(world)
    begin_day(world)  # 0
    apply_shocks(world)  # 0.5
    take_arrivals(world)  # 1
    decide_collateral(world, False)  # 1.5
    decide_budgets(world)  # 1.75
    order_queue1(world, clock.priority_queue == 1)
    decide_payments(world)  # 2
    decide_withdrawals(world)  # 2b
    order_queue1(world, False)
    settle_submissions(world)  # 3
    go_through_queue2(world)  # 4
    mark_late_in_queue1(world)
    save_liquidity(world)  # 5
    decide_collateral(world, True)
    apply_deferred_credits(world)  # 5.7
    is_last = (clock.tick + 1) % clock.ticks_per_day == 0
    if is_last and clock.divisible == 1:
        borrow_for_the_rest(world)
    charge_costs(world)  # 6
    if is_last:
        charge_end_of_day_penalties(world)  # 7
    add_up(world)
    forget_releases(world)
    clock.tick += 1


@kernel
def play_ticks(world: World) -> int:
    """Play to the end of the last day. Returns how many ticks are done: fewer, when the tables have no room for more splits."""
    clock = world.clock[0]
    while clock.tick < clock.ticks and has_room(world):
        play_tick(world)
    return clock.tick


@inlined
def has_room(world: World) -> bool:
    """Whether all that could be split in the next tick could be kept."""
    clock = world.clock[0]
    if clock.most_parts == 0:
        return True
    splittable, following = 0, clock.arrived
    while following < clock.scheduled and world.payments[following].arrival <= clock.tick:
        splittable += world.payments[following].divisible
        following += 1
    for place in range(clock.queued1):
        splittable += world.payments[world.queue1[place]].divisible
    parts = min(clock.most_parts, MOST_PARTS)
    return clock.known + splittable * parts <= len(world.payments)


@inlined
def begin_day(world: World) -> None:
    """Step 0: outflows and registers begin anew, what was put in from the pool goes back, and today's share is put in."""
    clock = world.clock[0]
    if clock.tick % clock.ticks_per_day != 0:
        return
    for bank in range(clock.banks):
        account = world.accounts[bank]
        if account.has_pool == 1 and (clock.tick == 0 or clock.reallocates == 1):
            account.balance -= account.allocated
            account.allocated = math.floor(account.pool * account.fraction)
            account.balance += account.allocated
        account.paid_today = 0
        account.due_today = account.queue1_value + account.queue2_value
        account.opening = account.balance
        for place in range(len(world.states[bank])):
            world.states[bank][place] = 0.0
    for place in range(clock.banks * clock.banks):
        world.pairs[place].paid_today = 0


@inlined
def apply_shocks(world: World) -> None:
    """Step 0.5: scenario events that move money or collateral, in the order of the file."""
    clock = world.clock[0]
    while clock.next_shock < len(world.shocks) and world.shocks[clock.next_shock].tick <= clock.tick:
        apply_shock(world, world.shocks[clock.next_shock])
        clock.next_shock += 1


@kernel
def apply_shock(world: World, shock: Shock) -> None:
    """One of them."""
    account = world.accounts[shock.bank]
    if shock.code == COLLATERAL_ADJUSTMENT:
        change = max(shock.amount, -account.posted)
        account.posted += change
        note(world, COLLATERAL, shock.bank, NONE, NONE, change, NONE)
        return
    if shock.code == SCHEDULED_SETTLEMENT:
        if shock.amount > min(available_liquidity(account), room_in_limits(world, shock.bank, shock.other)):
            note(world, TRANSFER_FAILED, shock.bank, shock.other, NONE, shock.amount, NONE)
            return
        account.paid_today += shock.amount
        world.pairs[shock.bank * world.clock[0].banks + shock.other].paid_today += shock.amount
    debit(world, shock.bank, shock.amount)
    world.accounts[shock.other].balance += shock.amount
    note(world, TRANSFERRED, shock.bank, shock.other, NONE, shock.amount, NONE)


@inlined
def take_arrivals(world: World) -> None:
    """Step 1: the payments of this tick join their bank's Queue 1."""
    clock = world.clock[0]
    while clock.arrived < clock.scheduled and world.payments[clock.arrived].arrival <= clock.tick:
        payment = world.payments[clock.arrived]
        join_queue1(world, clock.arrived)
        account = world.accounts[payment.sender]
        account.due_today += payment.amount
        account.arrived_count += 1
        note(world, ARRIVED, payment.sender, payment.receiver, clock.arrived, payment.amount, NONE)
        clock.arrived += 1


@inlined
def order_queue1(world: World, by_urgency: bool) -> None:
    """Bank after bank; within a bank as they stood or, where the file says so, by priority, then deadline (counting sort)."""
    clock, room = world.clock[0], world.order
    start = 0
    for bank in range(clock.banks):
        account = world.accounts[bank]
        account.place = start
        start += account.queue1_count
    for place in range(clock.queued1):
        account = world.accounts[world.payments[world.queue1[place]].sender]
        room[account.place] = world.queue1[place]
        account.place += 1
    if by_urgency:
        for bank in range(clock.banks):
            account = world.accounts[bank]
            sort_by_urgency(world, account.place - account.queue1_count, account.place)
    for place in range(clock.queued1):
        world.queue1[place] = room[place]


@kernel
def sort_by_urgency(world: World, begin: int, end: int) -> None:
    """Insertion: stable, and nearly nothing to do when only the last are new."""
    room = world.order
    for place in range(begin + 1, end):
        number, hole = room[place], place
        while hole > begin and is_more_urgent(world, number, room[hole - 1]):
            room[hole] = room[hole - 1]
            hole -= 1
        room[hole] = number


@kernel
def is_more_urgent(world: World, one: int, other: int) -> bool:
    """The higher priority, then the earlier deadline."""
    first, second = world.payments[one], world.payments[other]
    if first.priority != second.priority:
        return first.priority > second.priority
    return first.deadline < second.deadline
