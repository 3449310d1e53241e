"""What a bank can pay, and how money moves."""

from __future__ import annotations

import math

from .codes import (
    BEYOND_LIMIT,
    CREDITED,
    NONE,
    PAID,
    QUEUE_2,
    QUEUED,
    SETTLED,
)
from .kernel import inlined, kernel
from .records import Account, Payment, World

UNBOUNDED = 4_000_000_000_000_000_000


@inlined
def note(world: World, kind: int, bank: int, other: int, payment: int, amount: int, detail: int) -> None:
    """Keep what happened, if somebody wants to know."""
    clock = world.clock[0]
    if clock.keeps_log == 0:
        return
    row = world.log[clock.logged]
    row.kind, row.bank, row.other = kind, bank, other
    row.payment, row.amount, row.detail = payment, amount, detail
    clock.logged += 1


@inlined
def allowed_overdraft(account: Account) -> int:
    """How far below zero the balance may be."""
    return account.unsecured_cap + math.floor(account.posted * (1.0 - account.haircut))


@inlined
def credit_used(account: Account) -> int:
    """How far below zero the balance is."""
    return max(0, -account.balance)


@inlined
def available_liquidity(account: Account) -> int:
    """What can be paid now, limits aside."""
    return max(account.balance, 0) + max(allowed_overdraft(account) - credit_used(account), 0)


@inlined
def room_in_limits(world: World, sender: int, receiver: int) -> int:
    """What the limits still let the sender pay the receiver today."""
    account, pair = world.accounts[sender], world.pairs[sender * world.clock[0].banks + receiver]
    room = UNBOUNDED
    if account.multilateral != NONE:
        room = account.multilateral - account.paid_today
    if pair.limit != NONE:
        room = min(room, pair.limit - pair.paid_today)
    return room


@inlined
def debit(world: World, bank: int, amount: int) -> None:
    """Take it from the balance at once."""
    world.accounts[bank].balance -= amount


@inlined
def credit(world: World, bank: int, amount: int) -> None:
    """Add it to the balance; in deferred mode, at the end of the tick."""
    account = world.accounts[bank]
    if world.clock[0].deferred == 1:
        account.pot += amount
    else:
        account.balance += amount


@inlined
def apply_deferred_credits(world: World) -> None:
    """Step 5.7: what came in during the tick becomes usable."""
    for bank in range(world.clock[0].banks):
        account = world.accounts[bank]
        if account.pot > 0:
            account.balance += account.pot
            note(world, CREDITED, bank, NONE, NONE, account.pot, NONE)
            account.pot = 0


@inlined
def count_outflow(world: World, payment: Payment, amount: int) -> None:
    """Against today's limits, and the day's throughput."""
    world.accounts[payment.sender].paid_today += amount
    world.pairs[payment.sender * world.clock[0].banks + payment.receiver].paid_today += amount


@inlined
def mark_settled(world: World, number: int, way: int) -> None:
    """The whole of it is paid; and its parent, when this was the last part."""
    payment = world.payments[number]
    note(world, PAID, payment.sender, payment.receiver, number, payment.remaining, way)
    account = world.accounts[payment.sender]
    payment.remaining = 0
    payment.status = SETTLED
    payment.settled_tick = world.clock[0].tick
    while payment.parent != NONE:
        parent = world.payments[payment.parent]
        parent.open_parts -= 1
        if parent.open_parts > 0:
            return
        parent.status = SETTLED
        parent.settled_tick = world.clock[0].tick
        payment = parent
    account.settled_count += 1
    account.settled_delay += world.clock[0].tick - payment.arrival


@inlined
def pay(world: World, number: int, way: int) -> bool:
    """Settle it, all or nothing: debit, credit and status together. Where payments are divisible, pay what can be paid.

    True when nothing of it remains.
    """
    payment = world.payments[number]
    liquidity = available_liquidity(world.accounts[payment.sender])
    room = room_in_limits(world, payment.sender, payment.receiver)
    amount = payment.remaining
    if amount > min(liquidity, room):
        if world.clock[0].divisible == 0:
            return False
        amount = min(liquidity, room)
        if amount <= 0:
            return False
    debit(world, payment.sender, amount)
    credit(world, payment.receiver, amount)
    count_outflow(world, payment, amount)
    if amount < payment.remaining:
        note(world, PAID, payment.sender, payment.receiver, number, amount, way)
        if payment.status == QUEUE_2:
            take_from_queue2_figures(world, payment, amount, 0)
        payment.remaining -= amount
        return False
    if payment.status == QUEUE_2:
        take_from_queue2_figures(world, payment, amount, 1)
    mark_settled(world, number, way)
    return True


@kernel
def join_queue2(world: World, number: int) -> None:
    """What cannot be paid waits in the central queue."""
    clock, payment = world.clock[0], world.payments[number]
    world.queue2[clock.queued2] = number
    clock.queued2 += 1
    clock.queue2_value += payment.remaining
    payment.status = QUEUE_2
    sender, receiver = world.accounts[payment.sender], world.accounts[payment.receiver]
    sender.queue2_count += 1
    sender.queue2_value += payment.remaining
    receiver.incoming_count += 1
    world.pairs[payment.sender * clock.banks + payment.receiver].queued += payment.remaining
    kind = QUEUED
    if payment.remaining > room_in_limits(world, payment.sender, payment.receiver):
        kind = BEYOND_LIMIT
    note(world, kind, payment.sender, payment.receiver, number, payment.remaining, NONE)


@kernel
def take_from_queue2_figures(world: World, payment: Payment, amount: int, whole: int) -> None:
    """The figures of Queue 2 without this; the place in the queue itself is given up by whoever goes through it."""
    clock = world.clock[0]
    clock.queue2_value -= amount
    world.accounts[payment.sender].queue2_value -= amount
    world.accounts[payment.sender].queue2_count -= whole
    world.accounts[payment.receiver].incoming_count -= whole
    world.pairs[payment.sender * clock.banks + payment.receiver].queued -= amount


@inlined
def keep_only(world: World, queue: list[int], length: int, status: int) -> int:
    """Of a queue only the payments of this status, in their order; how many they are."""
    kept = 0
    for place in range(length):
        number = queue[place]
        if world.payments[number].status == status:
            queue[kept] = number
            kept += 1
    return kept


@inlined
def close_gaps(world: World) -> None:
    """Queue 2 with only those that still wait there."""
    world.clock[0].queued2 = keep_only(world, world.queue2, world.clock[0].queued2, QUEUE_2)
