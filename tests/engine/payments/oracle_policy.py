"""What the policies of banks do, for the oracle: collateral, budgets and registers, Queue 1, what waits in Queue 2."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.engine.payments.oracle_costs import penalty
from tests.engine.payments.oracle_state import UNLIMITED, Account, Payment, World
from tests.engine.payments.oracle_trees import Reading

MOST_REGISTERS = 10
Action = Mapping[str, Any]


@dataclass(slots=True)
class Budget:
    """What a bank lets itself release in this tick."""

    total: int = UNLIMITED
    focus: list[str] | None = None
    each: int = UNLIMITED
    released: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def allows(self, payment: Payment) -> bool:
        """And takes it off, if it does."""
        receiver, amount = payment.receiver, payment.remaining
        if self.focus is not None and receiver not in self.focus:
            return False
        if sum(self.released.values()) + amount > self.total or self.released[receiver] + amount > self.each:
            return False
        self.released[receiver] += amount
        return True


def bank_fields(world: World, account: Account) -> dict[str, float]:
    """What every tree may read."""
    cap, used = account.bank.unsecured_cap, account.credit_used
    own = [payment for payment in world.queue2 if payment.sender == account.bank.name]
    per_day = world.market.ticks_per_day
    return {
        "balance": account.balance,
        "available_liquidity": account.available,
        "effective_liquidity": account.available,
        "credit_used": used,
        "outgoing_queue_size": len(account.queue),
        "queue1_total_value": sum(payment.remaining for payment in account.queue),
        "rtgs_queue_size": len(world.queue2),
        "rtgs_queue_value": sum(payment.remaining for payment in world.queue2),
        "queue2_count_for_agent": len(own),
        "posted_collateral": account.posted,
        "remaining_collateral_capacity": account.capacity,
        "excess_collateral": excess(account.posted, max(0, used - cap), 1 - account.bank.haircut),
        "current_tick": world.tick,
        "system_tick_in_day": world.tick_in_day,
        "ticks_remaining_in_day": per_day - world.tick_in_day - 1,
        "day_progress_fraction": world.tick_in_day / per_day,
        **account.registers,
    }


def excess(posted: int, to_cover: int, worth: float) -> float:
    """Collateral that the credit used does not need."""
    if to_cover == 0:
        return float(posted)
    return max(0.0, posted - to_cover / worth) if worth > 0 else 0.0


def payment_fields(world: World, payment: Payment, waits_in_queue2: bool) -> dict[str, float]:
    """What a payment tree may read besides."""
    return {
        "amount": payment.amount,
        "remaining_amount": payment.remaining,
        "priority": payment.priority,
        "ticks_to_deadline": payment.deadline - world.tick,
        "is_overdue": payment.overdue,
        "queue_age": world.tick - payment.arrival,
        "is_in_queue2": waits_in_queue2,
    }


class Decision:
    """The action to which a tree leads, and its parameters."""

    def __init__(self, account: Account, tree: str, fields: Mapping[str, float]) -> None:
        self.reading = Reading(fields, account.policy.get("parameters", {}))
        node = account.policy.get(tree)
        node = self.reading.action(node) if node else {"action": "Hold"}
        self.action: str = node["action"]
        self.parameters: Mapping[str, Any] = node.get("parameters", {})

    def whole(self, name: str, default: int = 0) -> int:
        return math.floor(self.reading.number(self.parameters[name])) if name in self.parameters else default

    def literal(self, name: str) -> Any:
        return self.parameters[name]["value"] if name in self.parameters else None


def decide_collateral(world: World, tree: str) -> None:
    """Every bank posts or withdraws as its tree says."""
    for name in world.market.names:
        account = world.accounts[name]
        decision = Decision(account, tree, bank_fields(world, account))
        amount = max(0, decision.whole("amount"))
        if decision.action == "PostCollateral":
            account.posted += min(amount, account.capacity)
        elif decision.action == "WithdrawCollateral":
            account.posted -= min(amount, withdrawable(account))


def withdrawable(account: Account) -> int:
    """The most that leaves the credit used covered; nothing if it is not covered now."""
    low, high = 0, account.posted
    while low < high:
        middle = (low + high + 1) // 2
        if account.allowed_overdraft(account.posted - middle) >= account.credit_used:
            low = middle
        else:
            high = middle - 1
    return low


def decide_budget(world: World, account: Account) -> Budget:
    """The bank tree: a budget for this tick, or a register set."""
    decision = Decision(account, "bank_tree", bank_fields(world, account))
    if decision.action == "SetReleaseBudget":
        total, each = decision.whole("max_value_to_release"), decision.whole("max_per_counterparty", UNLIMITED)
        return Budget(total, decision.literal("focus_counterparties"), each)
    if decision.action in ("SetState", "AddState"):
        key, value = decision.literal("key"), decision.reading.number(decision.parameters["value"])
        if key in account.registers or len(account.registers) < MOST_REGISTERS:
            before = account.registers.get(key, 0.0) if decision.action == "AddState" else 0.0
            account.registers[key] = before + value
    return Budget()


def release(world: World, budgets: Mapping[str, Budget]) -> list[Payment]:
    """What all banks submit in this tick, in order; all of a bank's payments are judged before any is moved."""
    submitted: list[Payment] = []
    for name in world.market.names:
        account = world.accounts[name]
        if world.market.priority_queue:
            account.queue.sort(key=lambda payment: (-payment.priority, payment.deadline))
        known = bank_fields(world, account)
        decisions = [
            (payment, Decision(account, "payment_tree", {**known, **payment_fields(world, payment, False)}))
            for payment in account.queue
        ]
        account.queue = []
        for payment, decision in decisions:
            left = carry_out(world, payment, decision, budgets[name])
            if left is None:
                account.queue.append(payment)
            else:
                submitted += left
    return submitted


def carry_out(world: World, payment: Payment, decision: Decision, budget: Budget) -> list[Payment] | None:
    """What is submitted in the place of the payment, which leaves Queue 1; or None, and it stays there."""
    action = decision.action
    if action in ("Release", "ReleaseWithCredit"):
        return [payment] if budget.allows(payment) else None
    if action in ("Split", "PaceAndRelease"):
        parts = decision.whole("num_splits")
        may = payment.divisible and not payment.child and 2 <= parts <= payment.remaining
        return split(world, payment, parts) if may and budget.allows(payment) else None
    if action == "Drop":
        if not payment.overdue:
            account = world.accounts[payment.sender]
            account.charges["deadline"] += penalty(world.market.costs.deadline_penalty, payment.amount)
        payment.overdue = True
        return []
    if action == "Reprioritize":
        payment.priority = min(10, max(0, decision.whole("new_priority")))
    return None


def split(world: World, payment: Payment, parts: int) -> list[Payment]:
    """Equal children, the last with what is over."""
    children = []
    for index in range(parts):
        amount = payment.remaining // parts
        if index == parts - 1:
            amount += payment.remaining % parts
        child = world.new_payment(
            payment.sender, payment.receiver, amount, payment.deadline, payment.priority, divisible=False
        )
        child.child, child.arrival, child.overdue = True, payment.arrival, payment.overdue
        children.append(child)
    payment.remaining = 0
    world.accounts[payment.sender].charges["split"] += world.market.costs.split_friction * (parts - 1)
    return children


def withdraw(world: World) -> None:
    """Payments that banks call back from Queue 2 go to the end of their Queue 1."""
    for name in world.market.names:
        account = world.accounts[name]
        known = bank_fields(world, account)
        for payment in [payment for payment in world.queue2 if payment.sender == name]:
            fields = {**known, **payment_fields(world, payment, True)}
            if Decision(account, "payment_tree", fields).action == "WithdrawFromRtgs":
                world.queue2.remove(payment)
                account.queue.append(payment)
