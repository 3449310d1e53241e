"""Small systems whose ticks can be worked by hand. Amounts are cents; nothing costs anything unless a case says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simweb.scenarios.payments.market import Bank, Costs, LiquiditySaving, Listed, Market, Penalty
from simweb.scenarios.payments.policies import read_policy
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.system import Blueprint, System
from simweb.scenarios.payments.tables import interpreted

FIFO = read_policy("Fifo")
FREE = Costs(0.0, 0.0, 5.0, 1.0, 1.0, 1.0, 0.0, 0.0, Penalty("fixed", 0), Penalty("fixed", 0), 0)
ALONE = LiquiditySaving(bilateral=False, cycles=False)


def bank(name: str, balance: int = 0, **more: Any) -> Bank:
    return Bank(name, balance, more.pop("policy", FIFO), **{"haircut": 0.0, **more})


def owes(sender: str, receiver: str, amount: int, tick: int = 0, deadline: int = 90, **more: Any) -> Listed:
    return Listed(sender, receiver, amount, tick, deadline, **more)


def system(banks: Sequence[Bank], payments: Sequence[Listed] = (), ticks: int = 4, **more: Any) -> System:
    market = Market(
        ticks_per_day=ticks,
        days=more.pop("days", 1),
        banks=tuple(banks),
        costs=more.pop("costs", FREE),
        saving=more.pop("saving", ALONE),
        listed=tuple(payments),
        **more,
    )
    return System(Blueprint(market, tables=interpreted()), 1)


def settled(played: System) -> list[int]:
    return [number for number in range(int(played.clock.known)) if played.payments[number].status == codes.SETTLED]


def cost(played: System, name: str, kind: str) -> int:
    return played.costs_of_tick()[name][kind]


def act(action: str, **numbers: float) -> dict[str, Any]:
    said = {name: {"value": number} for name, number in numbers.items()}
    return {"type": "action", "node_id": action, "action": action, **({"parameters": said} if said else {})}
