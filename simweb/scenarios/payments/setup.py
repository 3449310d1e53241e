"""From a market to the tables with which its first tick begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from simweb.scenarios.payments.chance import ticks_of
from simweb.scenarios.payments.market import Bank, Costs, Market, Penalty
from simweb.scenarios.payments.policies.program import Program
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Account, Clock, Pair, Rates, Shock

DEFAULT_CAPACITY = 10  # times the unsecured cap
SHOCKS = {
    "DirectTransfer": codes.DIRECT_TRANSFER,
    "ScheduledSettlement": codes.SCHEDULED_SETTLEMENT,
    "CollateralAdjustment": codes.COLLATERAL_ADJUSTMENT,
}


def banks_as_played(
    market: Market, fractions: Mapping[str, float], policies: Mapping[str, Mapping[str, Any]]
) -> list[Bank]:
    """The banks in order of service, with their policy and the fraction of the pool that they put in.

    The fraction is the given one, else the file's, else the policy's `initial_liquidity_fraction`, else 1.
    """
    played = []
    for bank in sorted(market.banks, key=lambda one: one.name):
        policy = policies.get(bank.name, bank.policy)
        said = (policy.get("parameters") or {}).get("initial_liquidity_fraction", 1.0)
        fraction = fractions.get(bank.name, said if bank.fraction is None else bank.fraction)
        played.append(replace(bank, policy=policy, fraction=float(fraction)))
    return played


def accounts_of(banks: Sequence[Bank], program: Program) -> list[Account]:
    """Before the first tick."""
    accounts = []
    for number, bank in enumerate(banks):
        payment_tree, bank_tree, strategic_tree, end_tree = program.roots[number]
        capacity = bank.collateral_capacity
        accounts.append(
            Account(
                balance=bank.opening_balance,
                unsecured_cap=bank.unsecured_cap,
                posted=bank.posted_collateral,
                haircut=bank.haircut,
                capacity=DEFAULT_CAPACITY * bank.unsecured_cap if capacity is None else capacity,
                pool=bank.pool or 0,
                has_pool=int(bank.pool is not None),
                fraction=1.0 if bank.fraction is None else bank.fraction,
                multilateral=codes.NONE if bank.multilateral is None else bank.multilateral,
                payment_tree=payment_tree,
                bank_tree=bank_tree,
                strategic_tree=strategic_tree,
                end_tree=end_tree,
                withdraws=int(program.withdraws[number]),
            )
        )
    return accounts


def pairs_of(banks: Sequence[Bank]) -> list[Pair]:
    """All ordered pairs, row after row."""
    return [Pair(limit=bank.bilateral.get(other.name, codes.NONE)) for bank in banks for other in banks]


def shocks_of(market: Market) -> list[Shock]:
    """Scenario events that move money or collateral, in order of time, then of the file."""
    numbers = {name: number for number, name in enumerate(market.names)}
    shocks = [
        Shock(SHOCKS[event.kind], tick, numbers[event.bank], numbers.get(event.other, codes.NONE), event.amount)
        for event in market.events
        if event.kind in SHOCKS
        for tick in ticks_of(event, market)
    ]
    return sorted(shocks, key=lambda shock: shock.tick)


def clock_of(market: Market, program: Program) -> Clock:
    """At the first tick."""
    saving = market.saving
    return Clock(
        ticks=market.ticks,
        ticks_per_day=market.ticks_per_day,
        banks=len(market.banks),
        deferred=int(market.deferred_crediting),
        divisible=int(market.divisible_payments),
        priority_queue=int(market.priority_queue),
        reallocates=int(market.daily_reallocation),
        bilateral=int(saving.bilateral),
        cycles=int(saving.cycles),
        longest_cycle=saving.longest_cycle,
        most_cycles=saving.most_cycles,
        most_parts=program.most_parts,
    )


def rates_of(costs: Costs) -> Rates:
    """Each float becomes a whole number once: thousandths of a basis point of an overdraft, else millionths; a product of
    rates then counts in units of 10**-12."""
    deadline, deadline_weight = _penalty(costs.deadline_penalty)
    end_of_day, end_of_day_weight = _penalty(costs.end_of_day_penalty)
    return Rates(
        overdraft=_scaled(costs.overdraft_bps, 1_000) * 100_000,
        collateral=_scaled(costs.collateral_bps, 1_000_000) * 100,
        liquidity=_scaled(costs.liquidity_bps, 1_000_000) * 100,
        borrowing=_scaled(costs.borrowing_bps, 1_000_000) * 100,
        delay=_scaled(costs.delay_per_cent, 1_000_000),
        overdue=_scaled(costs.overdue_multiplier, 1_000),
        urgent=_scaled(costs.urgent_multiplier, 1_000),
        normal=_scaled(costs.normal_multiplier, 1_000),
        low=_scaled(costs.low_multiplier, 1_000),
        deadline_penalty=deadline,
        deadline_weight=deadline_weight,
        end_of_day_penalty=end_of_day,
        end_of_day_weight=end_of_day_weight,
        split_friction=costs.split_friction,
        overdraft_bps=costs.overdraft_bps,
        delay_per_cent=costs.delay_per_cent,
        collateral_bps=costs.collateral_bps,
    )


def _scaled(rate: float, scale: int) -> int:
    return int(rate * scale + 0.5)


def _penalty(penalty: Penalty) -> tuple[int, int]:
    """(cents, 0), or (NONE, weight)."""
    if penalty.mode == "fixed":
        return penalty.amount, 0
    return codes.NONE, _scaled(penalty.bps, 1_000_000) * 100
