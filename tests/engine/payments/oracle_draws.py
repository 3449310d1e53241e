"""What chance brings, for the oracle: the described xorshift64* stream, drawn for a whole run at once."""

from __future__ import annotations

import math

from simweb.scenarios.payments.market import Amounts, Arrivals, Bank, Event, Market, Priorities
from tests.engine.payments.oracle_state import Arrival

MASK = 2**64 - 1
MULTIPLIER = 0x2545F4914F6CDD1D


class Xorshift:
    """xorshift64* as section 1.7 describes it."""

    def __init__(self, seed: int) -> None:
        self.state = seed & MASK or 1

    def next(self) -> int:
        x = self.state
        x ^= x >> 12
        x = (x ^ (x << 25)) & MASK
        x ^= x >> 27
        self.state = x
        return (x * MULTIPLIER) & MASK

    def real(self) -> float:
        return (self.next() >> 11) * 2.0**-53

    def whole(self, low: int, high: int) -> int:
        """Between them, both included."""
        return low + self.next() % (high + 1 - low)

    def poisson(self, mean: float) -> int:
        least, count, product = math.exp(-mean), 0, self.real()
        while product > least:
            count += 1
            product *= self.real()
        return count

    def normal(self) -> float:
        first, second = self.real(), self.real()
        return math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second)

    def weighted(self, weights: list[float]) -> int:
        """The index whose share of the sum of weights the number falls into."""
        point, upto = self.real() * sum(weights), 0.0
        for index, weight in enumerate(weights):
            upto += weight
            if point < upto:
                return index
        return len(weights) - 1


def draw_amount(source: Xorshift, amounts: Amounts) -> int:
    first, second = amounts.first, amounts.second
    if amounts.kind == "Uniform":
        return source.whole(int(first), int(second))
    if amounts.kind == "Normal":
        drawn = first + second * source.normal()
    elif amounts.kind == "LogNormal":
        variance = math.log(1 + second**2 / first**2)
        drawn = math.exp(math.log(first) - variance / 2 + math.sqrt(variance) * source.normal())
    else:
        drawn = -math.log(1 - source.real()) / first
    return max(1, math.floor(drawn + 0.5))


def draw_priority(source: Xorshift, priorities: Priorities) -> int:
    if priorities.kind == "Fixed":
        return priorities.values[0]
    if priorities.kind == "Uniform":
        return source.whole(priorities.values[0], priorities.values[1])
    return priorities.values[source.weighted(list(priorities.weights))]


class Conditions:
    """What the events of the scenario have made of rates, weights and deadlines."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.everywhere = 1.0
        self.rates = {bank.name: 1.0 for bank in market.banks}
        self.weights: dict[str, dict[str, float]] = {bank.name: {} for bank in market.banks}
        self.deadlines = (1.0, 1.0)

    def change(self, event: Event) -> None:
        if event.kind == "GlobalArrivalRateChange":
            self.everywhere = event.factor
        elif event.kind == "AgentArrivalRateChange":
            self.rates[event.bank] = event.factor
        elif event.kind == "CounterpartyWeightChange":
            self.weights[event.bank][event.other] = event.factor
        elif event.kind == "DeadlineWindowChange":
            self.deadlines = (event.factor, event.second_factor)

    def deadline_range(self, arrivals: Arrivals) -> tuple[int, int]:
        low = max(1, math.floor(arrivals.deadline[0] * self.deadlines[0]))
        return low, max(low, math.floor(arrivals.deadline[1] * self.deadlines[1]))


def hits(event: Event, tick: int) -> bool:
    """Whether it happens at this tick."""
    if tick <= event.tick or event.interval is None:
        return tick == event.tick
    return (tick - event.tick) % event.interval == 0


def draw_xorshift(market: Market, seed: int) -> list[Arrival]:
    """All payments that come by chance in a run with this seed, in order of arrival."""
    source, conditions, drawn = Xorshift(seed), Conditions(market), []
    banks = {bank.name: bank for bank in market.banks}
    for tick in range(market.ticks):
        for event in market.events:
            if hits(event, tick):
                conditions.change(event)
        for name in market.names:
            for arrivals in banks[name].arrivals:
                for _ in range(source.poisson(arrivals.rate * conditions.rates[name] * conditions.everywhere)):
                    drawn.append(draw_payment(source, conditions, tick, banks[name], arrivals))
    return drawn


def draw_payment(source: Xorshift, conditions: Conditions, tick: int, bank: Bank, arrivals: Arrivals) -> Arrival:
    """In the order of the description: amount, counterparty, deadline, priority."""
    market = conditions.market
    amount = draw_amount(source, arrivals.amounts)
    others = [other.name for other in market.banks if other.name != bank.name]
    weights = {**arrivals.weights, **conditions.weights[bank.name]}
    if weights:
        receiver = others[source.weighted([weights.get(other, 1.0) for other in others])]
    else:
        receiver = others[source.whole(0, len(others) - 1)]
    deadline = min(tick + source.whole(*conditions.deadline_range(arrivals)), market.ticks)
    if market.deadline_cap_at_eod:
        deadline = min(deadline, (tick // market.ticks_per_day + 1) * market.ticks_per_day)
    priority = draw_priority(source, arrivals.priorities)
    return Arrival(tick, bank.name, receiver, amount, max(deadline, tick + 1), priority, arrivals.divisible)
