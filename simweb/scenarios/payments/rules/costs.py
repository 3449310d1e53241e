"""Steps 6 and 7: what each bank is charged. Every cost of a tick is a sum that is rounded once, half up."""

from __future__ import annotations

from .accounts import close_gaps, count_outflow, credit_used, debit, mark_settled, note, take_from_queue2_figures
from .codes import (
    BORROWED,
    BY_BORROWING,
    DEADLINE_PENALTY,
    END_OF_DAY_PENALTY,
    NONE,
    QUEUE_2,
)
from .kernel import inlined, kernel
from .records import Payment, World
from .wide import add_product, charge, rounded, truncated

HIGHEST_OF_NORMAL, HIGHEST_OF_LOW = 7, 3


@inlined
def delay_weight(world: World, payment: Payment) -> int:
    """What a cent of it costs a tick, in units of 10**-12: rate, and the multipliers of priority and of being overdue."""
    rates = world.rates[0]
    multiplier = rates.urgent
    if payment.priority <= HIGHEST_OF_LOW:
        multiplier = rates.low
    elif payment.priority <= HIGHEST_OF_NORMAL:
        multiplier = rates.normal
    overdue = 1000
    if payment.overdue == 1:
        overdue = rates.overdue
    return rates.delay * multiplier * overdue


@inlined
def forget_costs_of_tick(world: World) -> None:
    """Before a tick; what was charged is in the totals."""
    for bank in range(world.clock[0].banks):
        account = world.accounts[bank]
        account.cost_liquidity = account.cost_delay = account.cost_overdraft = account.cost_collateral = 0
        account.cost_deadline = account.cost_end_of_day = account.cost_split = 0


@inlined
def waiting(world: World, place: int) -> int:
    """The number of the payment at a place of Queue 1, or after its end of Queue 2."""
    queued1 = world.clock[0].queued1
    if place < queued1:
        return world.queue1[place]
    return world.queue2[place - queued1]


@inlined
def charge_delay(world: World) -> None:
    """Of each bank, the weighted sum over its payments in both queues, rounded once."""
    clock = world.clock[0]
    for bank in range(clock.banks):
        world.accounts[bank].delay_whole = world.accounts[bank].delay_rest = 0
    for place in range(clock.queued1 + clock.queued2):
        payment = world.payments[waiting(world, place)]
        account, weight = world.accounts[payment.sender], delay_weight(world, payment)
        whole, rest = add_product(account.delay_whole, account.delay_rest, payment.remaining, weight)
        account.delay_whole, account.delay_rest = whole, rest
    for bank in range(clock.banks):
        account = world.accounts[bank]
        account.cost_delay = rounded(account.delay_whole, account.delay_rest)


@kernel
def penalty(base: int, cents: int, weight: int) -> int:
    """Fixed, or a rate of `base` without what is behind the point."""
    if cents != NONE:
        return cents
    return truncated(base, weight)


@inlined
def charge_deadline_penalties(world: World) -> None:
    """Once each: what became overdue in this tick and is still not settled."""
    clock = world.clock[0]
    for place in range(clock.queued1 + clock.queued2):
        number = waiting(world, place)
        payment = world.payments[number]
        if payment.newly_overdue == 1:
            charge_deadline_penalty(world, number)


@kernel
def charge_deadline_penalty(world: World, number: int) -> None:
    """To the bank that should have paid."""
    payment, rates = world.payments[number], world.rates[0]
    amount = penalty(payment.amount, rates.deadline_penalty, rates.deadline_weight)
    world.accounts[payment.sender].cost_deadline += amount
    note(world, DEADLINE_PENALTY, payment.sender, payment.receiver, number, amount, NONE)


@kernel
def charge_end_of_day_penalties(world: World) -> None:
    """Step 7: for each payment whose deadline has passed before the day's last tick."""
    clock, rates = world.clock[0], world.rates[0]
    for place in range(clock.queued1 + clock.queued2):
        number = waiting(world, place)
        payment = world.payments[number]
        if payment.deadline < clock.tick:
            amount = penalty(payment.remaining, rates.end_of_day_penalty, rates.end_of_day_weight)
            world.accounts[payment.sender].cost_end_of_day += amount
            note(world, END_OF_DAY_PENALTY, payment.sender, payment.receiver, number, amount, NONE)


@kernel
def borrow_for_the_rest(world: World) -> None:
    """Where payments are divisible: at the end of a day the rest of each is borrowed and paid (Castro et al., the cost r_b)."""
    clock = world.clock[0]
    for place in range(clock.queued1 + clock.queued2):
        number = waiting(world, place)
        payment = world.payments[number]
        account, amount = world.accounts[payment.sender], payment.remaining
        if payment.status == QUEUE_2:
            take_from_queue2_figures(world, payment, amount, 1)
        else:
            account.queue1_count -= 1
            account.queue1_value -= amount
        account.borrowed += amount
        debit(world, payment.sender, amount)
        world.accounts[payment.receiver].balance += amount
        count_outflow(world, payment, amount)
        note(world, BORROWED, payment.sender, payment.receiver, number, amount, NONE)
        mark_settled(world, number, BY_BORROWING)
    clock.queued1 = 0
    close_gaps(world)
    for bank in range(clock.banks):
        account = world.accounts[bank]
        account.cost_end_of_day += charge(account.borrowed, world.rates[0].borrowing)
        account.borrowed = 0


@inlined
def charge_costs(world: World) -> None:
    """Step 6, and the sums of it all."""
    clock, rates = world.clock[0], world.rates[0]
    charge_delay(world)
    charge_deadline_penalties(world)
    for bank in range(clock.banks):
        account = world.accounts[bank]
        account.cost_overdraft = charge(credit_used(account), rates.overdraft)
        account.cost_collateral = charge(account.posted, rates.collateral)
        account.cost_liquidity = charge(account.allocated, rates.liquidity)
    for place in range(clock.queued1 + clock.queued2):
        world.payments[waiting(world, place)].newly_overdue = 0


@inlined
def add_up(world: World) -> None:
    """The tick's costs into the totals: days add up."""
    for bank in range(world.clock[0].banks):
        account = world.accounts[bank]
        account.total_cost += (
            account.cost_liquidity
            + account.cost_delay
            + account.cost_overdraft
            + account.cost_collateral
            + account.cost_deadline
            + account.cost_end_of_day
            + account.cost_split
        )
