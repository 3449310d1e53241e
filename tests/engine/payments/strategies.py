"""Small random markets, with policies and arrivals, in which gridlock, offsets, limits and penalties really happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

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
    Priorities,
)
from tests.engine.payments.choices import Choices
from tests.engine.payments.oracle import Arrival
from tests.engine.payments.policy_strategies import BYTES_OF_A_POLICY, RELEASE, policy

Names = list[str]
FRACTIONS = [1.0, 0.0, 0.1, 0.25, 0.5, 0.9]
FACTORS = [1.0, 0.0, 0.25, 0.5, 1.7, 3.0]
AMOUNTS = [
    [10],
    [10, 11],
    [10, 20, 30],
    [10, 20, 30, 1, 2, 5, 7, 12, 15, 18, 33, 40],
]  # alike, so that they offset each other
MONEY = [[0, 0, 0, 1, 4], [0, 0, 3, 7, 12], [0, 3, 10, 30]]  # in poor markets gridlock is common
BPS = [0.0, 0.001, 83.0, 501.25, 4_000.0]
MULTIPLIERS = [1.0, 0.0, 0.5, 1.234, 5.0]
DISTRIBUTIONS = [
    Amounts("Uniform", 5, 30),
    Amounts("LogNormal", 15, 8),
    Amounts("Normal", 12, 9),
    Amounts("Exponential", 0.08),
]
PRIORITIES = [
    Priorities("Fixed", (5,)),
    Priorities("Categorical", (9, 5, 1), (0.2, 0.5, 0.3)),
    Priorities("Uniform", (0, 10)),
    Priorities("Uniform", (8, 10)),
]
EVENT_KINDS = [
    "CustomTransactionArrival",
    "DirectTransfer",
    "ScheduledSettlement",
    "CollateralAdjustment",
    "GlobalArrivalRateChange",
    "AgentArrivalRateChange",
    "CounterpartyWeightChange",
    "DeadlineWindowChange",
]


def bytes_of(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


NUMBER_OF_BANKS = st.integers(2, 5)
OF_A_MARKET = bytes_of(16)
OF_COSTS = bytes_of(20)
OF_A_BANK = bytes_of(48)
OF_EVENTS = st.lists(bytes_of(12), max_size=5)
OF_PAYMENTS = [st.lists(bytes_of(12), min_size=least, max_size=25) for least in (0, 5, 15)]
OF_POLICIES = [st.none(), st.none() | BYTES_OF_A_POLICY]  # None: all is released


@dataclass(frozen=True, slots=True)
class Game:
    """What `play` is given."""

    market: Market
    payments: list[Arrival]
    fractions: dict[str, float]
    policies: dict[str, Mapping[str, Any]]


def pair(choices: Choices, names: Names) -> tuple[str, str]:
    """Two different banks."""
    first = choices.between(0, len(names) - 1)
    return names[first], names[(first + choices.between(1, len(names) - 1)) % len(names)]


def owed(choices: Choices, names: Names, ticks: int, amounts: Sequence[int]) -> list[Arrival]:
    """A payment, or some at once that go round and so may be offset."""
    tick = choices.between(0, ticks - 1)
    deadline = tick + choices.pick([5, 1, 2, 3, 4])
    priority, divisible = choices.pick([5, 0, 3, 4, 7, 8, 10]), choices.seldom()
    amount = choices.pick(amounts)
    if not choices.seldom():
        return [Arrival(tick, *pair(choices, names), amount, deadline, priority, divisible)]
    first, length = choices.between(0, len(names) - 1), choices.between(2, len(names))
    ring = [*names, *names][first : first + length]
    return [
        Arrival(tick, sender, receiver, amount + choices.pick([0, 0, 0, 0, 0, 0, 1, 5]), deadline, priority, divisible)
        for sender, receiver in zip(ring, ring[1:] + ring[:1], strict=True)
    ]


def as_listed(given: Arrival) -> Listed:
    return Listed(
        given.sender, given.receiver, given.amount, given.tick, given.deadline, given.priority, given.divisible
    )


def arrivals(choices: Choices, others: Names) -> Arrivals:
    """A stream of payments to the others."""
    least = choices.between(1, 3)
    return Arrivals(
        rate=choices.pick([0.8, 0.0, 0.3, 1.5]),
        amounts=choices.pick(DISTRIBUTIONS),
        deadline=(least, least + choices.between(0, 4)),
        priorities=choices.pick(PRIORITIES),
        weights={other: choices.pick([1.0, 0.5, 4.0]) for other in choices.some(others, 2)},
        divisible=choices.pick([False, True]),
    )


def bank(choices: Choices, name: str, names: Names, tree: Mapping[str, Any], money: Sequence[int]) -> Bank:
    """A bank, and how much it may have of each kind of money."""
    others = [other for other in names if other != name]
    has_pool = choices.often()
    return Bank(
        name=name,
        opening_balance=choices.pick(money),
        policy=tree,
        unsecured_cap=choices.pick(money),
        arrivals=tuple(arrivals(choices, others) for _ in range(choices.between(0, 2))),
        posted_collateral=choices.pick(money),
        haircut=choices.pick([0.02, 0.0, 0.1, 0.5, 1.0]),
        collateral_capacity=choices.pick([None, 30, 45, 60]),
        bilateral={other: choices.between(5, 80) for other in choices.some(others, 2)} if choices.seldom() else {},
        multilateral=choices.between(20, 120) if choices.seldom() else None,
        pool=choices.pick(money) if has_pool else None,
        fraction=choices.pick([None, *FRACTIONS]) if has_pool else None,
    )


def penalty(choices: Choices) -> Penalty:
    if choices.pick([False, True]):
        return Penalty("rate", bps=choices.pick([700.0, 0.0, 3.5, 12_345.678]))
    return Penalty("fixed", choices.pick([500, 0, 7, 123]))


def costs(choices: Choices) -> Costs:
    """Of every kind, unless they are those that a file without any has."""
    if not choices.often():
        return Costs()
    return Costs(
        overdraft_bps=choices.pick(BPS),
        delay_per_cent=choices.pick([0.2, 0.0, 0.0001, 0.05]),
        overdue_multiplier=choices.pick(MULTIPLIERS),
        urgent_multiplier=choices.pick(MULTIPLIERS),
        normal_multiplier=choices.pick(MULTIPLIERS),
        low_multiplier=choices.pick(MULTIPLIERS),
        collateral_bps=choices.pick(BPS),
        liquidity_bps=choices.pick(BPS),
        deadline_penalty=penalty(choices),
        end_of_day_penalty=penalty(choices),
        split_friction=choices.between(0, 20),
        borrowing_bps=choices.pick(BPS),
    )


def saving(choices: Choices) -> LiquiditySaving:
    return LiquiditySaving(
        bilateral=choices.pick([True, False]),
        cycles=choices.often(),
        longest_cycle=choices.between(3, 5),
        most_cycles=choices.pick([1, 1, 2, 10]),
    )


def event(choices: Choices, names: Names, ticks: int) -> Event:
    """An event of any kind."""
    kind = choices.pick(EVENT_KINDS)
    payer, receiver = pair(choices, names)
    return Event(
        kind,
        tick=choices.between(0, ticks - 1),
        interval=choices.pick([None, None, 1, 2, 3]),
        bank=payer,
        other=receiver,
        amount=choices.between(1, 40) * (choices.pick([1, -1]) if kind == "CollateralAdjustment" else 1),
        factor=choices.pick([1.0, 0.25, 3.0] if kind == "CounterpartyWeightChange" else FACTORS),
        second_factor=choices.pick(FACTORS),
        priority=choices.pick([5, 0, 10]),
        deadline=choices.pick([None, 1, 2, 4]),
        divisible=choices.pick([False, True]),
    )


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """A market of two to five banks, whose order in the file is not that of their names."""
    names = list("CAEBD"[: draw(NUMBER_OF_BANKS)])
    choices = Choices(draw(OF_A_MARKET))
    of_policies = choices.pick(OF_POLICIES)
    drawn = [draw(of_policies) for _ in names]
    trees = [RELEASE if data is None else policy(Choices(data), names) for data in drawn]
    per_day, days = choices.between(3, 8), choices.between(1, 2)
    ticks = per_day * days
    amounts, money = choices.pick(AMOUNTS), choices.pick(MONEY)
    return Market(
        ticks_per_day=per_day,
        days=days,
        saving=saving(choices),
        deferred_crediting=choices.pick([False, True]),
        deadline_cap_at_eod=choices.pick([False, True]),
        divisible_payments=choices.seldom(),
        priority_queue=choices.pick([False, True]),
        daily_reallocation=choices.often(),
        banks=tuple(
            bank(Choices(draw(OF_A_BANK)), name, names, tree, money) for name, tree in zip(names, trees, strict=True)
        ),
        costs=costs(Choices(draw(OF_COSTS))),
        events=tuple(event(Choices(data), names, ticks) for data in draw(OF_EVENTS)),
        listed=tuple(
            as_listed(one)
            for data in draw(choices.pick(OF_PAYMENTS))
            for one in owed(Choices(data), names, ticks, amounts)
        ),
    )


@st.composite
def games(draw: st.DrawFn) -> Game:
    """A market and what chance brings it; some banks with a fraction or a policy of their own."""
    market = draw(markets())
    names = list(market.names)
    choices = Choices(draw(OF_A_MARKET))
    amounts = choices.pick(AMOUNTS)
    lots = draw(choices.pick(OF_PAYMENTS))
    came = [one for data in lots for one in owed(Choices(data), names, market.ticks, amounts)]
    changed = names if choices.seldom() else []
    pools = [bank.name for bank in market.banks if bank.pool is not None]
    return Game(
        market,
        sorted(came, key=lambda one: (one.tick, one.sender)),
        {name: choices.pick(FRACTIONS) for name in pools if choices.seldom()},
        {name: policy(Choices(draw(BYTES_OF_A_POLICY)), names) for name in changed if choices.often()},
    )
