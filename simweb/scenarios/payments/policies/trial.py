"""A dry run: a policy is asked once, in an ordinary situation, before anybody relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simweb.engine import Fault
from simweb.scenarios.payments.rules import codes

BALANCE, AMOUNT = 100_000, 10_000


def dry_run(policy: Mapping[str, Any]) -> list[Fault]:
    """What cannot be computed in the first ticks of a bank that has money, collateral and a payment to make.

    The policy must have been checked. A division by zero that comes only later holds the payment, and is a Problem of the run.
    """
    from simweb.scenarios.payments.market import Bank, LiquiditySaving, Listed, Market
    from simweb.scenarios.payments.system import Blueprint, System
    from simweb.scenarios.payments.tables import interpreted

    release = {"payment_tree": {"type": "action", "node_id": "release", "action": "Release"}}
    tried = Bank("TRIED", BALANCE, policy, unsecured_cap=AMOUNT, posted_collateral=AMOUNT, pool=BALANCE)
    payments = tuple(Listed("TRIED", "OTHER", AMOUNT, tick, tick + 5, divisible=True) for tick in range(2))
    saving = LiquiditySaving(bilateral=False, cycles=False)  # needs room, and decides nothing here
    market = Market(10, 1, (Bank("OTHER", BALANCE, release), tried), listed=payments, saving=saving)
    system = System(Blueprint(market, tables=interpreted()), 1)
    ids = system.blueprint.program.ids
    nodes = {row.detail for _ in range(2) for row in system.play_tick() if row.kind == codes.POLICY_FAULT}
    return [
        Fault(
            f"Node {ids[node]!r}: it divides by zero, or gets no finite number, for a bank with money and a payment to make."
        )
        for node in sorted(nodes)
    ]
