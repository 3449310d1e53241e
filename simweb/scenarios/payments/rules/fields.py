"""What a policy can read: each field's name, where it may be read, and its value. All values are float64.

The order of FIELDS gives the codes. A payment's fields may be read in a payment tree only.
"""

from __future__ import annotations

import math

from .accounts import allowed_overdraft, available_liquidity, credit_used
from .codes import NONE, QUEUE_2
from .kernel import kernel
from .records import Account, Payment, World

TOPS = 5
PAYMENT_FIELDS = (
    "amount",
    "remaining_amount",
    "settled_amount",
    "arrival_tick",
    "deadline_tick",
    "priority",
    "is_split",
    "is_past_deadline",
    "is_overdue",
    "is_in_queue2",
    "overdue_duration",
    "ticks_to_deadline",
    "queue_age",
    "cost_delay_this_tx_one_tick",
    "cost_overdraft_this_amount_one_tick",
    "tx_counterparty_id",
    "my_q2_out_value_to_counterparty",
    "my_q2_in_value_from_counterparty",
    "my_bilateral_net_q2",
    *(f"my_q2_out_value_top_{place}" for place in range(1, TOPS + 1)),
    *(f"my_q2_in_value_top_{place}" for place in range(1, TOPS + 1)),
    *(f"my_bilateral_net_q2_top_{place}" for place in range(1, TOPS + 1)),
    *(f"top_cpty_{place}_id_hash" for place in range(1, TOPS + 1)),
)
BANK_FIELDS = (
    "balance",
    "credit_limit",
    "unsecured_cap",
    "available_liquidity",
    "effective_liquidity",
    "credit_used",
    "credit_headroom",
    "is_using_credit",
    "liquidity_buffer",
    "liquidity_pressure",
    "is_overdraft_capped",
    "outgoing_queue_size",
    "queue1_total_value",
    "queue1_liquidity_gap",
    "headroom",
    "incoming_expected_count",
    "rtgs_queue_size",
    "queue2_size",
    "rtgs_queue_value",
    "queue2_count_for_agent",
    "queue2_nearest_deadline",
    "ticks_to_nearest_queue2_deadline",
    "posted_collateral",
    "max_collateral_capacity",
    "remaining_collateral_capacity",
    "collateral_utilization",
    "collateral_haircut",
    "allowed_overdraft_limit",
    "overdraft_headroom",
    "overdraft_utilization",
    "required_collateral_for_usage",
    "excess_collateral",
    "cost_overdraft_bps_per_tick",
    "cost_delay_per_tick_per_cent",
    "cost_collateral_bps_per_tick",
    "cost_split_friction",
    "cost_deadline_penalty",
    "cost_eod_penalty",
    "current_tick",
    "system_ticks_per_day",
    "system_current_day",
    "system_tick_in_day",
    "ticks_remaining_in_day",
    "day_progress_fraction",
    "is_eod_rush",
    "total_agents",
    "system_queue2_pressure_index",
    "my_throughput_fraction_today",
    "expected_throughput_fraction_by_now",
    "throughput_gap",
)
FIELDS = (*PAYMENT_FIELDS, *BANK_FIELDS)
CODES = {name: code for code, name in enumerate(FIELDS)}
OF_PAYMENTS = len(PAYMENT_FIELDS)
FIRST_OUT_TOP = CODES["my_q2_out_value_top_1"]
FIRST_IN_TOP = CODES["my_q2_in_value_top_1"]
FIRST_NET_TOP = CODES["my_bilateral_net_q2_top_1"]
FIRST_TOP_ID = CODES["top_cpty_1_id_hash"]
RUSH_FROM = 0.8  # of the day
FAR_AWAY = 1e18  # stands for "no deadline": a comparison with it goes the right way


@kernel
def field(world: World, code: int, bank: int, number: int) -> float:
    """The value of a field, for a bank and, where it is asked of one, a payment."""
    if code < OF_PAYMENTS:
        if code >= FIRST_OUT_TOP:
            return top_field(world, code, bank)
        return payment_field(world, code, bank, world.payments[number])
    account = world.accounts[bank]
    place = code - OF_PAYMENTS
    if place <= 10:
        return liquidity_field(account, place)
    if place <= 21:
        return queue_field(world, account, place, bank)
    if place <= 31:
        return collateral_field(account, place)
    if place <= 37:
        return cost_field(world, place)
    return time_field(world, account, place)


@kernel
def payment_field(world: World, code: int, bank: int, payment: Payment) -> float:
    """Of one payment."""
    tick = world.clock[0].tick
    if code <= 5:
        if code == 0:
            return float(payment.amount)
        if code == 1:
            return float(payment.remaining)
        if code == 2:
            return float(payment.amount - payment.remaining)
        if code == 3:
            return float(payment.arrival)
        if code == 4:
            return float(payment.deadline)
        return float(payment.priority)
    if code <= 10:
        if code == 6:
            return 1.0 if payment.parent != NONE else 0.0
        if code == 7:
            return 1.0 if tick > payment.deadline else 0.0
        if code == 8:
            return float(payment.overdue)
        if code == 9:
            return 1.0 if payment.status == QUEUE_2 else 0.0
        return float(tick - payment.overdue_since) if payment.overdue == 1 else 0.0
    if code == 11:
        return float(payment.deadline - tick)
    if code == 12:
        return float(tick - payment.arrival)
    if code == 13:
        return payment.remaining * world.rates[0].delay_per_cent
    if code == 14:
        return world.rates[0].overdraft_bps / 10_000.0 * payment.remaining
    if code == 15:
        return float(payment.receiver)
    banks = world.clock[0].banks
    out = float(world.pairs[bank * banks + payment.receiver].queued)
    back = float(world.pairs[payment.receiver * banks + bank].queued)
    return out if code == 16 else back if code == 17 else out - back


@kernel
def top_field(world: World, code: int, bank: int) -> float:
    """The greatest of what is queued with single counterparties; the id is that of the greatest net, −1 for none."""
    if code >= FIRST_TOP_ID:
        return float(top(world, bank, 2, code - FIRST_TOP_ID)[1])
    if code >= FIRST_NET_TOP:
        return float(top(world, bank, 2, code - FIRST_NET_TOP)[0])
    if code >= FIRST_IN_TOP:
        return float(top(world, bank, 1, code - FIRST_IN_TOP)[0])
    return float(top(world, bank, 0, code - FIRST_OUT_TOP)[0])


@kernel
def top(world: World, bank: int, kind: int, place: int) -> tuple[int, int]:
    """(value, counterparty) at a place of the ranking by out, in, or absolute net value; (0, −1) beyond its end."""
    banks = world.clock[0].banks
    above, above_bank = 2**62, -1  # the one before in the ranking
    value, holder = 0, -1
    for _ in range(place + 1):
        best, holder, value = 0, -1, 0
        for other in range(banks):
            out, back = world.pairs[bank * banks + other].queued, world.pairs[other * banks + bank].queued
            shown = out if kind == 0 else back if kind == 1 else out - back
            size = abs(shown)
            is_below = size < above or (size == above and other > above_bank)
            if is_below and size > best:
                best, holder, value = size, other, shown
        if holder == -1:
            return 0, -1
        above, above_bank = best, holder
    return value, holder


@kernel
def liquidity_field(account: Account, place: int) -> float:
    """Balance and credit."""
    used = credit_used(account)
    if place == 0:
        return float(account.balance)
    if place <= 2:
        return float(account.unsecured_cap)
    if place <= 4:
        return float(available_liquidity(account))
    if place == 5:
        return float(used)
    if place == 6:
        return float(account.unsecured_cap - used)
    if place == 7:
        return 1.0 if used > 0 else 0.0
    if place == 8:
        return 0.0  # nobody sets a target
    if place == 9:
        allowed = allowed_overdraft(account)
        return 0.0 if used == 0 else 1.0 if allowed <= 0 else min(1.0, used / allowed)
    return 1.0


@kernel
def queue_field(world: World, account: Account, place: int, bank: int) -> float:
    """Both queues."""
    clock = world.clock[0]
    if place == 11:
        return float(account.queue1_count)
    if place == 12:
        return float(account.queue1_value)
    if place == 13:
        return float(max(0, account.queue1_value - available_liquidity(account)))
    if place == 14:
        return float(available_liquidity(account) - account.queue1_value)
    if place == 15:
        return float(account.incoming_count)
    if place <= 17:
        return float(clock.queued2)
    if place == 18:
        return float(clock.queue2_value)
    if place == 19:
        return float(account.queue2_count)
    nearest = FAR_AWAY
    for entry in range(clock.queued2):
        payment = world.payments[world.queue2[entry]]
        if payment.sender == bank:
            nearest = min(nearest, float(payment.deadline))
    return nearest if place == 20 or nearest == FAR_AWAY else nearest - clock.tick


@kernel
def collateral_field(account: Account, place: int) -> float:
    """Collateral and the overdraft it allows."""
    used, allowed = credit_used(account), allowed_overdraft(account)
    if place == 22:
        return float(account.posted)
    if place == 23:
        return float(account.capacity)
    if place == 24:
        return float(account.capacity - account.posted)
    if place == 25:
        return account.posted / account.capacity if account.capacity > 0 else 0.0
    if place == 26:
        return account.haircut
    if place == 27:
        return float(allowed)
    if place == 28:
        return float(allowed - used)
    if place == 29:
        return used / allowed if allowed > 0 else 0.0
    needed = required_collateral(account)
    return needed if place == 30 else max(0.0, account.posted - needed)


@kernel
def required_collateral(account: Account) -> float:
    """What would cover the credit in use beyond the unsecured cap; with a haircut of 1 nothing does."""
    beyond = max(0, credit_used(account) - account.unsecured_cap)
    if beyond == 0:
        return 0.0
    worth = 1.0 - account.haircut
    return beyond / worth if worth > 0.0 else float(account.posted)


@kernel
def most_to_withdraw(account: Account) -> int:
    """The greatest part of the posted collateral without which the credit in use is still allowed."""
    used = credit_used(account)
    if allowed_overdraft(account) < used:
        return 0
    low, high = 0, account.posted  # of what stays
    while low < high:
        middle = (low + high) // 2
        if account.unsecured_cap + math.floor(middle * (1.0 - account.haircut)) >= used:
            high = middle
        else:
            low = middle + 1
    return account.posted - low


@kernel
def cost_field(world: World, place: int) -> float:
    """What things cost; a penalty that is a rate reads as 0 cents."""
    rates = world.rates[0]
    if place == 32:
        return rates.overdraft_bps
    if place == 33:
        return rates.delay_per_cent
    if place == 34:
        return rates.collateral_bps
    if place == 35:
        return float(rates.split_friction)
    if place == 36:
        return float(max(0, rates.deadline_penalty))
    return float(max(0, rates.end_of_day_penalty))


@kernel
def time_field(world: World, account: Account, place: int) -> float:
    """The time, the system, and how far the day's payments are."""
    clock = world.clock[0]
    in_day = clock.tick % clock.ticks_per_day
    progress = in_day / clock.ticks_per_day
    if place == 38:
        return float(clock.tick)
    if place == 39:
        return float(clock.ticks_per_day)
    if place == 40:
        return float(clock.tick // clock.ticks_per_day)
    if place == 41:
        return float(in_day)
    if place == 42:
        return float(clock.ticks_per_day - in_day - 1)
    if place == 43:
        return progress
    if place == 44:
        return 1.0 if progress >= RUSH_FROM else 0.0
    if place == 45:
        return float(clock.banks)
    if place == 46:
        return pressure(world)
    done = min(1.0, account.paid_today / account.due_today) if account.due_today > 0 else 1.0
    return done if place == 47 else progress if place == 48 else done - progress


@kernel
def pressure(world: World) -> float:
    """The value in Queue 2 as a share of it and of all liquidity."""
    clock = world.clock[0]
    liquidity = 0.0
    for bank in range(clock.banks):
        liquidity += available_liquidity(world.accounts[bank])
    whole = clock.queue2_value + liquidity
    return clock.queue2_value / whole if whole > 0 else 0.0
