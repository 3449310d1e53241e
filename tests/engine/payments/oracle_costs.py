"""What a tick costs each bank, for the oracle: section 1.6, each kind rounded once."""

from __future__ import annotations

from fractions import Fraction

from simweb.scenarios.payments.market import NORMAL, URGENT, Costs, Penalty
from tests.engine.payments.oracle_state import Account, Payment, World, half_up, rate, take_off

BASIS = 10_000


def charge(world: World) -> None:
    """Put the tick's costs into `charges` of every account; what a split cost is there already."""
    costs = world.market.costs
    for name, account in world.accounts.items():
        own = [payment for payment in world.queue2 if payment.sender == name] + account.queue
        bill = account.charges
        bill["liquidity"] += in_basis_points(account.allocated, costs.liquidity_bps, 10**6)
        bill["overdraft"] += in_basis_points(account.credit_used, costs.overdraft_bps, 10**3)
        bill["collateral"] += in_basis_points(account.posted, costs.collateral_bps, 10**6)
        bill["delay"] += delay(own, costs)
        bill["deadline"] += sum(
            penalty(costs.deadline_penalty, payment.amount) for payment in world.fallen_due if payment in own
        )
        if world.last_of_day:
            bill["end_of_day"] += sum(
                penalty(costs.end_of_day_penalty, payment.remaining) for payment in own if payment.deadline < world.tick
            )


def in_basis_points(amount: int, bps: float, scale: int) -> int:
    return half_up(Fraction(amount * rate(bps, scale), BASIS * scale))


def delay(payments: list[Payment], costs: Costs) -> int:
    """The whole weighted sum, rounded once."""
    weighted = Fraction(0)
    for payment in payments:
        overdue = costs.overdue_multiplier if payment.overdue else 1.0
        weighted += payment.remaining * thousandths(overdue) * thousandths(band(payment.priority, costs))
    return half_up(weighted * Fraction(rate(costs.delay_per_cent, 10**6), 10**6))


def thousandths(multiplier: float) -> Fraction:
    return Fraction(rate(multiplier, 10**3), 10**3)


def band(priority: int, costs: Costs) -> float:
    if priority >= URGENT:
        return costs.urgent_multiplier
    return costs.normal_multiplier if priority >= NORMAL else costs.low_multiplier


def penalty(of: Penalty, amount: int) -> int:
    return of.amount if of.mode == "fixed" else amount * rate(of.bps, 10**6) // (BASIS * 10**6)


def borrow(world: World) -> None:
    """At the end of a day of divisible payments every bank pays all that it still owes with money that it borrows then."""
    for name in world.market.names:
        account = world.accounts[name]
        own = [payment for payment in world.queue2 if payment.sender == name] + account.queue
        borrowed = sum(payment.remaining for payment in own)
        account.charges["end_of_day"] += in_basis_points(borrowed, world.market.costs.borrowing_bps, 10**6)
        pay_with_a_loan(world, account, own)
    world.queue2 = []


def pay_with_a_loan(world: World, account: Account, own: list[Payment]) -> None:
    """The loan is the balance below zero, so no money is made."""
    for payment in own:
        account.balance -= payment.remaining
        world.accounts[payment.receiver].balance += payment.remaining
        take_off(world, payment, payment.remaining)
    account.queue = []
