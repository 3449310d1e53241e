"""What a scenario says, before it is run: its banks, its limits, what it will have to settle, and its policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from simweb.engine import Bars, Block, Table, Text
from simweb.scenarios.payments.answers import policy_trees
from simweb.scenarios.payments.chance import expected_counts, said_payments
from simweb.scenarios.payments.market import Bank, Costs, Market
from simweb.scenarios.payments.policies.named import name_of
from simweb.scenarios.payments.setup import banks_as_played
from simweb.scenarios.payments.system import Blueprint, System
from simweb.scenarios.payments.tables import interpreted

MOST_BARS = 100
BANKS_SHOWN = 30
TREES_DRAWN = 4
PAYMENTS_SHOWN = 50


def preview(
    market: Market, fractions: Mapping[str, float], policies: Mapping[str, Mapping[str, Any]]
) -> Sequence[Block]:
    """Blocks for the page of a new run."""
    banks = banks_as_played(market, fractions, policies)
    expected = expected_counts(market)
    return [
        Text(_summary(market, float(expected.sum()))),
        _bank_table(banks),
        _costs(market.costs),
        _bars(expected),
        *_certain(market),
        *_trees(market, banks),
    ]


def _summary(market: Market, expected: float) -> str:
    days = "1 day" if market.days == 1 else f"{market.days} days"
    certain = len(said_payments(market))
    rules = [
        "credits are usable in the next tick" if market.deferred_crediting else "credits are usable at once",
        "deadlines end with the day" if market.deadline_cap_at_eod else "",
        "payments are divisible" if market.divisible_payments else "",
        "offsetting" if market.saving.bilateral else "",
        f"cycles of up to {market.saving.longest_cycle} banks" if market.saving.cycles else "",
    ]
    told = ", ".join(filter(None, rules))
    counted = f"{certain:,} payments, all certain"
    if expected > certain:
        counted = f"about {expected:,.0f} payments, {certain:,} of them certain"
    length = f"{days} of {market.ticks_per_day} ticks ({market.ticks} turns)"
    return (
        f"{len(market.banks)} banks, {length}; {counted}; {told}. Its own seed is {market.seed}: a run with this seed and "
        "xorshift64* repeats what is published."
    )


def _bank_table(banks: Sequence[Bank]) -> Table:
    heads = (
        "Bank",
        "Opening",
        "Pool",
        "Put in",
        "Unsecured cap",
        "Collateral",
        "Pays in a day",
        "Payments a tick",
        "Policy",
    )
    rows: list[list[Any]] = []
    for bank in banks[:BANKS_SHOWN]:
        put_in = None if bank.pool is None else f"{bank.fraction or 0:.1%}"
        limits = [f"≤ {bank.multilateral:,}"] if bank.multilateral is not None else []
        limits += (f"≤ {limit:,} to {other}" for other, limit in list(bank.bilateral.items())[:3])
        rows.append(
            [
                bank.name,
                bank.opening_balance,
                bank.pool,
                put_in,
                bank.unsecured_cap,
                bank.posted_collateral,
                ", ".join(limits) or "no limit",
                round(sum(one.rate for one in bank.arrivals), 3),
                name_of(bank.policy),
            ]
        )
    if len(banks) > BANKS_SHOWN:
        rows.append([f"… and {len(banks) - BANKS_SHOWN} more", *([None] * (len(heads) - 1))])
    return Table("Banks, in cents", heads, rows)


def _costs(costs: Costs) -> Table:
    """What is charged, as far as it costs anything."""
    rates = (
        ("Liquidity, of what is put in", costs.liquidity_bps, "bps a tick"),
        ("Delay, of what is not settled", costs.delay_per_cent * 10_000, "bps a tick"),
        ("… times, once it is overdue", costs.overdue_multiplier, ""),
        ("Overdraft", costs.overdraft_bps, "bps a tick"),
        ("Collateral, of what is posted", costs.collateral_bps, "bps a tick"),
        ("Borrowed at the end of a day", costs.borrowing_bps, "bps"),
        ("A split, for each part but one", costs.split_friction, "cents"),
    )
    rows: list[list[Any]] = [[what, f"{rate:,.10g} {unit}".strip()] for what, rate, unit in rates if rate]
    penalties = (("Deadline penalty", costs.deadline_penalty), ("End of day, late", costs.end_of_day_penalty))
    for what, penalty in penalties:
        said = f"{penalty.amount:,} cents" if penalty.mode == "fixed" else f"{penalty.bps:,.10g} bps of the amount"
        rows.append([what, said])
    return Table("Costs", ("What", "Rate"), rows)


def _certain(market: Market) -> Iterator[Block]:
    """The payments that the file or the list says, as they were read."""
    rows = said_payments(market)
    if not rows:
        return
    names, shown = market.names, rows[:PAYMENTS_SHOWN]
    table: list[list[Any]] = [
        [names[sender], names[receiver], amount, tick, deadline, priority]
        for sender, receiver, amount, tick, deadline, priority, _ in shown
    ]
    more = f", the first {PAYMENTS_SHOWN} of {len(rows):,}" if len(rows) > PAYMENTS_SHOWN else ""
    yield Table(
        f"Payments that are certain{more}", ("From", "To", "Cents", "Arrives in tick", "Due by tick", "Priority"), table
    )


def _bars(expected: np.ndarray) -> Bars:
    """Of many ticks, several to a bar."""
    step = -(-len(expected) // MOST_BARS)
    starts = range(0, len(expected), step)
    heights = [round(float(expected[start : start + step].sum()), 3) for start in starts]
    unit = "payments a tick" if step == 1 else f"payments in {step} ticks"
    return Bars("Expected payments", [str(start) for start in starts], heights, unit)


def _trees(market: Market, banks: Sequence[Bank]) -> Iterator[Block]:
    """Each different policy that is more than one action, once, up to a few."""
    drawn: list[Any] = []
    for number, bank in enumerate(banks):
        tree = bank.policy["payment_tree"]
        if bank.policy in drawn or (tree["type"] == "action" and not bank.policy.get("bank_tree")):
            continue
        drawn.append(bank.policy)
        if len(drawn) > TREES_DRAWN:
            return
        policies = {one.name: one.policy for one in banks}
        system = System(Blueprint(market, policies=policies, tables=interpreted()), 1)
        yield from policy_trees(system, number, counts=False)
