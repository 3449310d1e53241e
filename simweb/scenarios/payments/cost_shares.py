"""Of what a bank's cost of a tick is made: each cent by kind and, where payments cause it, by payment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from simweb.scenarios.payments.market import NORMAL, URGENT, Costs
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.accounts import credit_used
from simweb.scenarios.payments.rules.costs import delay_weight
from simweb.scenarios.payments.rules.records import Happening
from simweb.scenarios.payments.system import System

KIND_TITLES = {
    "liquidity": "Liquidity",
    "delay": "Delay",
    "overdraft": "Overdraft",
    "collateral": "Collateral",
    "deadline": "Deadline penalty",
    "end_of_day": "End of day",
    "split": "Splitting",
}
UNIT = 10**12


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a cost, exact: `cents` before the sum is rounded. `payment` is None for what the bank holds as a whole."""

    kind: str
    formula: str
    cents: Fraction
    payment: int | None = None


def shares_of(system: System, bank: int, log: Sequence[Happening]) -> list[Share]:
    """Of the tick that was played last; with each kind's sum rounded half up they give its cost."""
    shares = (*_holdings(system, bank), *_delays(system, bank), *_events(system, bank, log))
    return [share for share in shares if share.cents]


def _holdings(system: System, bank: int) -> Iterator[Share]:
    """What is charged on amounts that the bank holds or owes."""
    account, rates, costs = system.account(bank), system.rates, system.blueprint.market.costs
    held = (
        ("liquidity", int(account.allocated), rates.liquidity, costs.liquidity_bps, "put in from the pool"),
        ("overdraft", int(credit_used(account)), rates.overdraft, costs.overdraft_bps, "overdraft"),
        ("collateral", int(account.posted), rates.collateral, costs.collateral_bps, "posted"),
    )
    for kind, amount, weight, bps, what in held:
        if amount and weight:
            yield Share(kind, f"{amount:,} {what} × {bps:g} bps", Fraction(amount * int(weight), UNIT))


def _delays(system: System, bank: int) -> Iterator[Share]:
    costs, world = system.blueprint.market.costs, system.readable_world
    for number in (*system.queue1(), *system.queue2()):
        payment = system.payments[number]
        if payment.sender == bank and (weight := int(delay_weight(world, payment))):
            formula = f"{int(payment.remaining):,} × {costs.delay_per_cent:g}{_multipliers(costs, payment)}"
            yield Share("delay", formula, Fraction(int(payment.remaining) * weight, UNIT), number)


def _multipliers(costs: Costs, payment: Any) -> str:
    urgent, normal = payment.priority >= URGENT, payment.priority >= NORMAL
    multiplier = costs.urgent_multiplier if urgent else costs.normal_multiplier if normal else costs.low_multiplier
    told = f" × {multiplier:g} for priority {payment.priority}" if multiplier != 1 else ""
    return told + (f" × {costs.overdue_multiplier:g} overdue" if payment.overdue else "")


def _events(system: System, bank: int, log: Sequence[Happening]) -> Iterator[Share]:
    """Penalties, splits, and what was borrowed at the end of the day."""
    costs = system.blueprint.market.costs
    for row in log:
        if row.bank != bank:
            continue
        if row.kind == codes.DEADLINE_PENALTY:
            yield Share("deadline", "became overdue", Fraction(row.amount), row.payment)
        elif row.kind == codes.END_OF_DAY_PENALTY:
            yield Share("end_of_day", "late and not settled at the end of the day", Fraction(row.amount), row.payment)
        elif row.kind == codes.SPLIT:
            cents = costs.split_friction * (row.amount - 1)
            yield Share(
                "split",
                f"{row.amount} parts: {row.amount - 1} × {costs.split_friction:,}",
                Fraction(cents),
                row.payment,
            )
        elif row.kind == codes.BORROWED:
            borrowed = Fraction(row.amount * int(system.rates.borrowing), UNIT)
            formula = f"{row.amount:,} borrowed × {costs.borrowing_bps:g} bps"
            yield Share("end_of_day", formula, borrowed, row.payment)
