"""The three Castro games of section 5.2 as markets, and the closed form of 5.1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simweb.scenarios.payments.market import (
    Amounts,
    Arrivals,
    Bank,
    Costs,
    Event,
    LiquiditySaving,
    Listed,
    Market,
    Penalty,
)

A, B = "BANK_A", "BANK_B"
RELEASE: dict[str, Any] = {
    "version": "2.0",
    "policy_id": "release",
    "parameters": {"initial_liquidity_fraction": 0.5},
    "payment_tree": {"type": "action", "node_id": "release", "action": "Release"},
}
GRID = [step / 20 for step in range(21)]


def costs(liquidity_bps: float) -> Costs:
    """Only liquidity, delay and penalties cost anything."""
    return Costs(
        overdraft_bps=0.0,
        delay_per_cent=0.2,
        collateral_bps=0.0,
        liquidity_bps=liquidity_bps,
        deadline_penalty=Penalty("fixed", 50_000),
        end_of_day_penalty=Penalty("fixed", 100_000),
        split_friction=0,
    )


def game(ticks: int, liquidity_bps: float, pool: int, **more: Any) -> Market:
    """A day of two banks."""
    arrivals = more.pop("arrivals", ())
    return Market(
        ticks_per_day=ticks,
        days=1,
        banks=tuple(Bank(name, 0, RELEASE, pool=pool, arrivals=arrivals) for name in (A, B)),
        costs=costs(liquidity_bps),
        saving=LiquiditySaving(bilateral=False, cycles=False),
        seed=42,
        deferred_crediting=True,
        deadline_cap_at_eod=True,
        **more,
    )


def comes(tick: int, sender: str, receiver: str, amount: int) -> Event:
    return Event("CustomTransactionArrival", tick, bank=sender, other=receiver, amount=amount, deadline=2)


EXP1 = game(2, 500, 100_000, events=(comes(1, A, B, 15_000), comes(0, B, A, 15_000), comes(1, B, A, 5_000)))
EXP2 = game(12, 83, 1_000_000, arrivals=(Arrivals(2.0, Amounts("LogNormal", 10_000, 5_000), (3, 8)),))
EXP3 = game(3, 333, 100_000, events=tuple(comes(tick, *pair, 20_000) for tick in (0, 1) for pair in ((A, B), (B, A))))

# Demands of 5.1 in both periods, of a pool of 100 000; as a list of payments, which has no cap of deadlines.
DEMANDS = {A: (0, 15_000), B: (15_000, 5_000)}
DIVISIBLE = replace(
    EXP1,
    events=(),
    listed=tuple(
        Listed(sender, receiver, DEMANDS[sender][tick], tick, 2)
        for tick in (0, 1)
        for sender, receiver in ((A, B), (B, A))
        if DEMANDS[sender][tick]
    ),
    divisible_payments=True,
    costs=replace(EXP1.costs, borrowing_bps=4_000),
)
