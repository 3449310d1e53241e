"""Steps 1.5 to 2b: what banks decide. Each tree sees one snapshot; only then is anything done."""

from __future__ import annotations

import math

from .accounts import close_gaps, keep_only, note, take_from_queue2_figures
from .codes import (
    ADD_STATE,
    COLLATERAL,
    DROP,
    DROPPED,
    HELD,
    MOST_PARTS,
    NONE,
    OVER_BUDGET,
    POST_COLLATERAL,
    QUEUE_1,
    RELEASE,
    RELEASED,
    REMOVED,
    REPRIORITISED,
    REPRIORITIZE,
    SET_RELEASE_BUDGET,
    SET_STATE,
    SPLIT,
    SPLIT_PAYMENT,
    SPLIT_UP,
    SUBMITTED,
    WITHDRAW_COLLATERAL,
    WITHDRAW_FROM_RTGS,
    WITHDRAWN,
)
from .costs import charge_deadline_penalty
from .fields import most_to_withdraw
from .kernel import inlined, kernel
from .records import Node, Payment, World
from .settlement import mark_overdue
from .trees import compute, walk

MOST_WHOLE = 1e15  # an amount beyond it is as good as this
HIGHEST = 10  # priority


@kernel
def whole(value: float) -> int:
    """The number without what is behind the point, downwards; what cannot be computed is 0."""
    if math.isnan(value):
        return 0
    return math.floor(min(max(value, -MOST_WHOLE), MOST_WHOLE))


@inlined
def decide_collateral(world: World, is_end_of_tick: bool) -> None:
    """Every bank posts or withdraws collateral as its tree says."""
    for bank in range(world.clock[0].banks):
        account = world.accounts[bank]
        root = account.end_tree if is_end_of_tick else account.strategic_tree
        if root == NONE:
            continue
        leaf = walk(world, root, bank, NONE)
        if leaf == NONE:
            continue
        node = world.nodes[leaf]
        amount = 0
        if node.action == POST_COLLATERAL:
            asked = whole(compute(world, node.begin, node.end, bank, NONE))
            amount = max(0, min(asked, account.capacity - account.posted))
        if node.action == WITHDRAW_COLLATERAL:
            asked = whole(compute(world, node.begin, node.end, bank, NONE))
            amount = -max(0, min(asked, most_to_withdraw(account)))
        if amount != 0:
            account.posted += amount
            note(world, COLLATERAL, bank, NONE, NONE, amount, leaf)


@inlined
def decide_budgets(world: World) -> None:
    """Every bank's release budget and registers; without a say the budget is unlimited."""
    for bank in range(world.clock[0].banks):
        account = world.accounts[bank]
        account.budget = account.budget_each = account.focus = NONE
        if account.bank_tree == NONE:
            continue
        leaf = walk(world, account.bank_tree, bank, NONE)
        if leaf == NONE:
            continue
        node = world.nodes[leaf]
        if node.action == SET_RELEASE_BUDGET:
            account.budget = max(0, whole(compute(world, node.begin, node.end, bank, NONE)))
            if node.end_second > node.begin_second:
                each = whole(compute(world, node.begin_second, node.end_second, bank, NONE))
                account.budget_each = max(0, each)
            account.focus = node.number
        elif node.action == SET_STATE or node.action == ADD_STATE:
            said = compute(world, node.begin, node.end, bank, NONE)
            if not math.isnan(said):
                before = world.states[bank][node.number] if node.action == ADD_STATE else 0.0
                world.states[bank][node.number] = before + said


@inlined
def decide_payments(world: World) -> None:
    """Step 2, bank by bank: the tree is asked about every payment in Queue 1, then the answers are carried out in order."""
    clock = world.clock[0]
    for place in range(clock.queued1):
        number = world.queue1[place]
        payment = world.payments[number]
        payment.leaf = walk(world, world.accounts[payment.sender].payment_tree, payment.sender, number)
        payment.said = 0.0
        if payment.leaf != NONE:
            node = world.nodes[payment.leaf]
            if node.end > node.begin:
                payment.said = compute(world, node.begin, node.end, payment.sender, number)
    for place in range(clock.queued1):
        number = world.queue1[place]
        payment = world.payments[number]
        if payment.leaf == NONE:
            note(world, HELD, payment.sender, payment.receiver, number, payment.remaining, NONE)
        else:
            carry_out(world, number, payment, world.nodes[payment.leaf])
    clock.queued1 = keep_only(world, world.queue1, clock.queued1, QUEUE_1)


@inlined
def carry_out(world: World, number: int, payment: Payment, node: Node) -> None:
    """What the tree said of a payment in Queue 1."""
    sender, leaf = payment.sender, payment.leaf
    if node.action == RELEASE:
        if is_within_budget(world, payment):
            if node.number != NONE:
                payment.priority = node.number
            note(world, RELEASED, sender, payment.receiver, number, payment.remaining, leaf)
            submit(world, number)
        else:
            note(world, OVER_BUDGET, sender, payment.receiver, number, payment.remaining, leaf)
    elif node.action == SPLIT_PAYMENT:
        split(world, number, payment, whole(payment.said))
    elif node.action == REPRIORITIZE:
        payment.priority = max(0, min(HIGHEST, whole(payment.said)))
        note(world, REPRIORITISED, sender, payment.receiver, number, payment.priority, leaf)
    elif node.action == DROP:
        leave_queue1(world, payment, DROPPED)
        note(world, REMOVED, sender, payment.receiver, number, payment.remaining, leaf)
        if payment.overdue == 0:
            mark_overdue(world, number, payment)
            charge_deadline_penalty(world, number)
    else:
        note(world, HELD, sender, payment.receiver, number, payment.remaining, leaf)


@inlined
def is_within_budget(world: World, payment: Payment) -> bool:
    """Whether the bank's budget of this tick lets it go; if so, it is taken off."""
    account, banks = world.accounts[payment.sender], world.clock[0].banks
    pair = world.pairs[payment.sender * banks + payment.receiver]
    if account.budget == NONE:
        return True
    if payment.remaining > account.budget:
        return False
    if account.focus != NONE and world.focus[account.focus][payment.receiver] == 0:
        return False
    if account.budget_each != NONE and pair.released + payment.remaining > account.budget_each:
        return False
    account.budget -= payment.remaining
    pair.released += payment.remaining
    return True


@inlined
def leave_queue1(world: World, payment: Payment, status: int) -> None:
    """Its place in the queue is closed when all are decided."""
    payment.status = status
    account = world.accounts[payment.sender]
    account.queue1_count -= 1
    account.queue1_value -= payment.remaining


@inlined
def join_queue1(world: World, number: int) -> None:
    """At the end; the queue is put in order of banks before it is read."""
    clock, payment = world.clock[0], world.payments[number]
    world.queue1[clock.queued1] = number
    clock.queued1 += 1
    payment.status = QUEUE_1
    account = world.accounts[payment.sender]
    account.queue1_count += 1
    account.queue1_value += payment.remaining


@inlined
def submit(world: World, number: int) -> None:
    """To the settlement system, in this tick."""
    clock = world.clock[0]
    leave_queue1(world, world.payments[number], SUBMITTED)
    world.submissions[clock.submitted] = number
    clock.submitted += 1


@kernel
def split(world: World, number: int, payment: Payment, parts: int) -> None:
    """In equal parts, the rest in the last; all are submitted. What cannot be split is held."""
    parts = min(parts, MOST_PARTS)
    can_be_split = payment.divisible == 1 and payment.parent == NONE and parts >= 2 and payment.remaining >= parts
    if not can_be_split:
        note(world, HELD, payment.sender, payment.receiver, number, payment.remaining, payment.leaf)
        return
    if not is_within_budget(world, payment):
        note(world, OVER_BUDGET, payment.sender, payment.receiver, number, payment.remaining, payment.leaf)
        return
    clock = world.clock[0]
    leave_queue1(world, payment, SPLIT_UP)
    note(world, SPLIT, payment.sender, payment.receiver, number, parts, payment.leaf)
    world.accounts[payment.sender].cost_split += world.rates[0].split_friction * (parts - 1)
    payment.open_parts = parts
    share = payment.remaining // parts
    for part in range(parts):
        child = world.payments[clock.known]
        amount = share if part < parts - 1 else payment.remaining - share * (parts - 1)
        child.sender, child.receiver, child.amount, child.remaining = payment.sender, payment.receiver, amount, amount
        child.arrival, child.deadline, child.priority = payment.arrival, payment.deadline, payment.priority
        child.divisible, child.overdue, child.overdue_since = 0, payment.overdue, payment.overdue_since
        child.parent, child.settled_tick = number, NONE
        child.newly_overdue, child.open_parts, child.status, child.leaf = 0, 0, SUBMITTED, NONE
        world.submissions[clock.submitted] = clock.known
        clock.submitted += 1
        clock.known += 1


@inlined
def decide_withdrawals(world: World) -> None:
    """Step 2b: a bank may take a payment back from Queue 2; it is considered again from the next tick on."""
    for bank in range(world.clock[0].banks):
        if world.accounts[bank].withdraws == 1 and world.accounts[bank].queue2_count > 0:
            withdraw_payments(world, bank)
    close_gaps(world)


@kernel
def withdraw_payments(world: World, bank: int) -> None:
    """Of one bank, from one snapshot."""
    clock = world.clock[0]
    for place in range(clock.queued2):
        number = world.queue2[place]
        payment = world.payments[number]
        if payment.sender == bank:
            payment.leaf = walk(world, world.accounts[bank].payment_tree, bank, number)
    for place in range(clock.queued2):
        number = world.queue2[place]
        payment = world.payments[number]
        if payment.sender != bank or payment.leaf == NONE:
            continue
        if world.nodes[payment.leaf].action == WITHDRAW_FROM_RTGS:
            take_from_queue2_figures(world, payment, payment.remaining, 1)
            join_queue1(world, number)
            note(world, WITHDRAWN, bank, payment.receiver, number, payment.remaining, payment.leaf)


@inlined
def forget_releases(world: World) -> None:
    """What was released to each counterparty, before the next tick's budgets."""
    clock = world.clock[0]
    for bank in range(clock.banks):
        if world.accounts[bank].budget_each != NONE:
            for other in range(clock.banks):
                world.pairs[bank * clock.banks + other].released = 0
