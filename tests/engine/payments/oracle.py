"""An independent oracle of the payments world, written from `reference/payments.md` alone: slow, plain, exact.

What that text leaves open is decided here like this:

1.  Balances of a `TickState` are those at which costs are charged (step 6), before a pool goes back at the end of a day.
    So their sum never changes. Without daily reallocation a pool stays in, and costs, all days.
2.  A scheduled settlement makes no payment and has no number. It needs liquidity and room in the limits, and counts
    towards what was paid today. A direct transfer counts towards nothing.
3.  A listed payment keeps its deadline as it is; events' payments are capped at the end of the day, not of the run.
4.  A tree that a policy lacks: payments are held, no budget, no change of collateral.
5.  `==` and `!=` have the tolerance, the other comparisons have none. `round` takes halves away from zero.
6.  A release budget is of its tick alone, whatever the bank tree did before; it counts what remains of payments; a list of
    counterparties that is given, also an empty one, lets only those through. A split is judged by it as a whole.
    Per-payment `priority_flag` is not read.
7.  An eleventh register is not made. Registers are gone at the end of a day.
8.  Queue 1 sorted by priority, then deadline, stays so; ties keep their order.
9.  Step 2 is done for all banks before step 2b for any. In step 2b each bank judges from one snapshot, made when its turn comes.
10. A new priority is held between 0 and 10. A split part has the arrival of the whole, so its queue age goes on.
    A split payment is settled by its parts: it is never in `settled` itself. Where payments are divisible, what remains is split.
11. A dropped payment costs the penalty of its deadline, unless it has cost it before, and nothing from then on.
12. `day_progress_fraction` is tick in day / ticks per day. `excess_collateral` is max(0, posted − max(0, credit used − cap) /
    (1 − haircut)), in float64 and not rounded; all that is posted when nothing is to be covered, 0 with a haircut of 1.
13. An offset settles in the order of Queue 2, a cycle in its own order from its first bank on.
14. A part that a pass of liquidity saving pays is value, too: another iteration follows.
15. Rates become integers as floor(rate × scale + 0.5) in float64.
16. Draws: a rate of 0 draws one number, as Knuth's multiplication does. A Normal amount is rounded (halves up) and at least 1;
    an Exponential one is −ln(1 − u) / λ, the same. A Poisson count goes on while product > exp(−λ). A weight is hit when
    u × sum < cumulative sum. The window of deadlines changes relative to the file; the last such event holds.
17. Borrowing at the end of a day: the balance goes below zero by as much as is owed (that is the loan, so an overdraft rate is
    charged on it, too); limits are not asked; payments settle bank by bank, those of Queue 2 first. The payments escape the
    penalty of their deadline in that tick.
18. In a market of divisible payments liquidity saving works with what remains of each payment.
19. Only a bank with a pool allocates, `fractions` or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from simweb.scenarios.payments.market import Bank, Event, Market
from tests.engine.payments.oracle_costs import borrow, charge
from tests.engine.payments.oracle_draws import draw_xorshift, hits
from tests.engine.payments.oracle_policy import decide_budget, decide_collateral, release, withdraw
from tests.engine.payments.oracle_saving import save_liquidity
from tests.engine.payments.oracle_state import (
    KINDS,
    Account,
    Arrival,
    Payment,
    World,
    can_pay,
    pass_over_queue2,
    try_to_settle,
)

__all__ = ["KINDS", "Arrival", "TickState", "begin", "draw_xorshift", "play", "play_tick"]


@dataclass(frozen=True, slots=True)
class TickState:
    """What can be seen of a tick. Payments are their numbers, in order."""

    tick: int
    balances: dict[str, int]
    costs: dict[str, dict[str, int]]  # of this tick: bank, then kind
    queue1: dict[str, list[int]]
    queue2: list[int]
    settled: list[int]
    posted: dict[str, int]


def play(
    market: Market,
    payments: list[Arrival],
    fractions: Mapping[str, float],
    policies: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[TickState]:
    """The whole run, when chance has brought these payments."""
    world = begin(market, payments, fractions, policies)
    return [play_tick(world) for _ in range(market.ticks)]


def begin(
    market: Market,
    payments: list[Arrival],
    fractions: Mapping[str, float],
    policies: Mapping[str, Mapping[str, Any]] | None = None,
) -> World:
    """The world before its first tick."""
    banks = sorted(market.banks, key=lambda bank: bank.name)
    accounts = {bank.name: open_account(bank, fractions, (policies or {}).get(bank.name)) for bank in banks}
    return World(market, payments, accounts)


def open_account(bank: Bank, fractions: Mapping[str, float], policy: Mapping[str, Any] | None) -> Account:
    tree = bank.policy if policy is None else policy
    fraction = fractions.get(bank.name, bank.fraction)
    if fraction is None:
        fraction = tree.get("parameters", {}).get("initial_liquidity_fraction", 1.0)
    account = Account(bank, tree, fraction, bank.opening_balance, bank.posted_collateral)
    account.allocate()
    return account


def play_tick(world: World) -> TickState:
    """One tick, in the order of section 1.4."""
    wake(world)
    for event in world.market.events:
        if hits(event, world.tick):
            happen(world, event)
    arrive(world)
    decide_collateral(world, "strategic_collateral_tree")
    budgets = {name: decide_budget(world, account) for name, account in world.accounts.items()}
    submitted = release(world, budgets)
    withdraw(world)
    for payment in submitted:
        if not try_to_settle(world, payment):
            world.queue2.append(payment)
    fall_due(world, world.queue2)
    pass_over_queue2(world)
    fall_due(world, (payment for account in world.accounts.values() for payment in account.queue))
    save_liquidity(world)
    decide_collateral(world, "end_of_tick_collateral_tree")
    for account in world.accounts.values():
        account.balance += account.pot
    if world.market.divisible_payments and world.last_of_day:
        borrow(world)
    charge(world)
    seen = look(world)
    if world.last_of_day:
        end_day(world)
    world.tick += 1
    return seen


def wake(world: World) -> None:
    """Nothing is charged, settled or credited yet; on the first tick of a later day pools are put in again."""
    world.settled, world.fallen_due, world.cycles = [], [], 0
    for account in world.accounts.values():
        account.charges = dict.fromkeys(KINDS, 0)
        account.pot = 0
        if world.market.daily_reallocation and world.day > 0 and world.tick_in_day == 0:
            account.allocate()


def happen(world: World, event: Event) -> None:
    """The events that move money; those that change what chance brings are part of the drawing."""
    accounts = world.accounts
    if event.kind == "DirectTransfer":
        accounts[event.bank].balance -= event.amount
        accounts[event.other].balance += event.amount
    elif event.kind == "ScheduledSettlement" and can_pay(accounts[event.bank], event.other, event.amount):
        accounts[event.bank].balance -= event.amount
        accounts[event.bank].paid[event.other] += event.amount
        accounts[event.other].balance += event.amount
    elif event.kind == "CollateralAdjustment":
        accounts[event.bank].posted = max(0, accounts[event.bank].posted + event.amount)
    elif event.kind == "CustomTransactionArrival":
        deadline = event_deadline(world, event)
        queue(
            world, world.new_payment(event.bank, event.other, event.amount, deadline, event.priority, event.divisible)
        )


def event_deadline(world: World, event: Event) -> int:
    per_day = world.market.ticks_per_day
    deadline = world.tick + (max(per_day // 10, 5) if event.deadline is None else event.deadline)
    if world.market.deadline_cap_at_eod:
        deadline = min(deadline, (world.day + 1) * per_day - 1)
    return max(deadline, world.tick + 1)


def arrive(world: World) -> None:
    """Listed payments, then those of chance."""
    listed = sorted(world.market.listed, key=lambda payment: payment.tick)
    for come in [*listed, *world.drawn]:
        if come.tick == world.tick:
            queue(
                world,
                world.new_payment(
                    come.sender, come.receiver, come.amount, come.deadline, come.priority, come.divisible
                ),
            )


def queue(world: World, payment: Payment) -> None:
    world.accounts[payment.sender].queue.append(payment)


def fall_due(world: World, payments: Iterable[Payment]) -> None:
    for payment in payments:
        if world.tick > payment.deadline and not payment.overdue:
            payment.overdue = True
            world.fallen_due.append(payment)


def look(world: World) -> TickState:
    accounts = world.accounts
    return TickState(
        world.tick,
        {name: account.balance for name, account in accounts.items()},
        {name: dict(account.charges) for name, account in accounts.items()},
        {name: [payment.number for payment in account.queue] for name, account in accounts.items()},
        [payment.number for payment in world.queue2],
        [payment.number for payment in world.settled],
        {name: account.posted for name, account in accounts.items()},
    )


def end_day(world: World) -> None:
    """Registers and what was paid today are forgotten; pools go back."""
    for account in world.accounts.values():
        account.registers.clear()
        account.paid.clear()
        if world.market.daily_reallocation:
            account.balance -= account.allocated
            account.allocated = 0
