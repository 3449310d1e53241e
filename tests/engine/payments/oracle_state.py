"""What the oracle knows at one moment: payments, accounts, queues; and what it means to pay."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from simweb.scenarios.payments.market import Bank, Market

KINDS = ("liquidity", "delay", "overdraft", "collateral", "deadline", "end_of_day", "split")
UNLIMITED = 10**30


@dataclass(frozen=True, slots=True)
class Arrival:
    """A payment that chance has drawn; `deadline` is a tick of the run, already capped."""

    tick: int
    sender: str
    receiver: str
    amount: int
    deadline: int
    priority: int = 5
    divisible: bool = False


@dataclass(slots=True)
class Payment:
    """One payment and what has become of it."""

    number: int
    sender: str
    receiver: str
    amount: int
    remaining: int
    arrival: int
    deadline: int
    priority: int
    divisible: bool
    child: bool = False
    overdue: bool = False


@dataclass(slots=True)
class Account:
    """A bank as it stands: money, collateral, Queue 1, what it has paid today, what this tick has cost it."""

    bank: Bank
    policy: Mapping[str, Any]
    fraction: float
    balance: int
    posted: int
    allocated: int = 0
    queue: list[Payment] = field(default_factory=list)
    paid: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    registers: dict[str, float] = field(default_factory=dict)
    pot: int = 0
    charges: dict[str, int] = field(default_factory=dict)

    @property
    def credit_used(self) -> int:
        return max(0, -self.balance)

    def allowed_overdraft(self, posted: int) -> int:
        """With so much collateral posted."""
        return self.bank.unsecured_cap + math.floor(posted * (1 - self.bank.haircut))

    @property
    def available(self) -> int:
        return max(self.balance, 0) + max(self.allowed_overdraft(self.posted) - self.credit_used, 0)

    @property
    def capacity(self) -> int:
        """Collateral that could still be posted."""
        most = self.bank.collateral_capacity
        return max(0, (10 * self.bank.unsecured_cap if most is None else most) - self.posted)

    def limits_leave(self, receiver: str) -> int:
        """What the limits let it still pay to `receiver` today."""
        in_all = UNLIMITED if self.bank.multilateral is None else self.bank.multilateral
        to_it = self.bank.bilateral.get(receiver, UNLIMITED)
        return min(to_it - self.paid[receiver], in_all - sum(self.paid.values()))

    def allocate(self) -> None:
        """Put the chosen share of the pool into the account."""
        if self.bank.pool is not None:
            self.allocated = math.floor(self.bank.pool * self.fraction)
            self.balance += self.allocated


@dataclass(slots=True)
class World:
    """The whole system between two ticks."""

    market: Market
    drawn: list[Arrival]
    accounts: dict[str, Account]
    tick: int = 0
    payments: list[Payment] = field(default_factory=list)
    queue2: list[Payment] = field(default_factory=list)
    settled: list[Payment] = field(default_factory=list)  # in this tick, in order
    fallen_due: list[Payment] = field(default_factory=list)  # marked overdue in this tick
    moved: int = 0  # value settled so far, by which liquidity saving sees whether it has done anything
    cycles: int = 0  # settled in this tick

    @property
    def day(self) -> int:
        return self.tick // self.market.ticks_per_day

    @property
    def tick_in_day(self) -> int:
        return self.tick % self.market.ticks_per_day

    @property
    def last_of_day(self) -> bool:
        return self.tick_in_day == self.market.ticks_per_day - 1

    def new_payment(
        self, sender: str, receiver: str, amount: int, deadline: int, priority: int, divisible: bool
    ) -> Payment:
        """A payment with the next number, in nobody's queue yet."""
        payment = Payment(
            len(self.payments), sender, receiver, amount, amount, self.tick, deadline, priority, divisible
        )
        self.payments.append(payment)
        return payment


def rate(value: float, scale: int) -> int:
    """A rate as an integer."""
    return math.floor(value * scale + 0.5)


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def credit(world: World, name: str, amount: int) -> None:
    """Now, or into the pot of the tick."""
    if world.market.deferred_crediting:
        world.accounts[name].pot += amount
    else:
        world.accounts[name].balance += amount


def take_off(world: World, payment: Payment, amount: int) -> None:
    """Note that so much of the payment has settled; balances are the caller's."""
    assert 0 < amount <= payment.remaining
    payment.remaining -= amount
    world.moved += amount
    if payment.remaining == 0:
        world.settled.append(payment)


def can_pay(account: Account, receiver: str, amount: int) -> bool:
    return amount <= account.available and amount <= account.limits_leave(receiver)


def try_to_settle(world: World, payment: Payment) -> bool:
    """Whether nothing of the payment remains; where payments are divisible a part may have settled all the same."""
    account = world.accounts[payment.sender]
    if can_pay(account, payment.receiver, payment.remaining):
        part = payment.remaining
    elif world.market.divisible_payments:
        part = min(payment.remaining, account.available, account.limits_leave(payment.receiver))
    else:
        return False
    if part > 0:
        account.balance -= part
        account.paid[payment.receiver] += part
        credit(world, payment.receiver, part)
        take_off(world, payment, part)
    return payment.remaining == 0


def pass_over_queue2(world: World) -> None:
    """First come, first tried; a small payment may settle past a large one."""
    world.queue2 = [payment for payment in world.queue2 if not try_to_settle(world, payment)]


def settle_together(world: World, payments: list[Payment]) -> bool:
    """Whether all of them have settled at once: each net payer has its net, and the limits bear the gross sums.

    In an offset and in a cycle each bank pays one other only.
    """
    net: defaultdict[str, int] = defaultdict(int)
    gross: defaultdict[tuple[str, str], int] = defaultdict(int)
    for payment in payments:
        net[payment.sender] -= payment.remaining
        net[payment.receiver] += payment.remaining
        gross[payment.sender, payment.receiver] += payment.remaining
    accounts = world.accounts
    if any(-amount > accounts[name].available for name, amount in net.items() if amount < 0):
        return False
    if any(amount > accounts[sender].limits_leave(receiver) for (sender, receiver), amount in gross.items()):
        return False
    for name, amount in net.items():
        if amount < 0:
            accounts[name].balance += amount
        else:
            credit(world, name, amount)
    for (sender, receiver), amount in gross.items():
        accounts[sender].paid[receiver] += amount
    for payment in payments:
        take_off(world, payment, payment.remaining)
    world.queue2 = [payment for payment in world.queue2 if payment.remaining]
    return True
