"""Steps 3 and 4: what was submitted is settled or queued, then Queue 2 is gone through once."""

from __future__ import annotations

from .accounts import close_gaps, join_queue2, note, pay
from .codes import AT_ONCE, FROM_QUEUE_2, NONE, OVERDUE, QUEUE_1
from .kernel import inlined, kernel
from .records import Payment, World


@inlined
def settle_submissions(world: World) -> None:
    """In the order of submission: settled at once, or put at the end of Queue 2."""
    clock = world.clock[0]
    for place in range(clock.submitted):
        number = world.submissions[place]
        if not pay(world, number, AT_ONCE):
            join_queue2(world, number)
    clock.submitted = 0


@kernel
def mark_overdue(world: World, number: int, payment: Payment) -> None:
    """For good: it stays due, and costs more."""
    payment.overdue = 1
    payment.newly_overdue = 1
    payment.overdue_since = world.clock[0].tick
    note(world, OVERDUE, payment.sender, payment.receiver, number, payment.remaining, NONE)


@inlined
def go_through_queue2(world: World) -> None:
    """Step 4, and after each step of liquidity saving: who is late becomes overdue; who can be settled is, a later one past an
    earlier one."""
    clock = world.clock[0]
    for place in range(clock.queued2):
        number = world.queue2[place]
        payment = world.payments[number]
        if clock.tick > payment.deadline and payment.overdue == 0:
            mark_overdue(world, number, payment)
        pay(world, number, FROM_QUEUE_2)
    close_gaps(world)


@inlined
def mark_late_in_queue1(world: World) -> None:
    """What a bank holds back becomes overdue, too: else holding would escape the penalty."""
    clock = world.clock[0]
    for place in range(clock.queued1):
        number = world.queue1[place]
        payment = world.payments[number]
        if payment.status == QUEUE_1 and clock.tick > payment.deadline and payment.overdue == 0:
            mark_overdue(world, number, payment)
