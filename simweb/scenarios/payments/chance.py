"""What arrives: payments drawn ahead of the first tick, so that every policy meets the same ones (common random numbers)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from simweb.scenarios.payments.market import MOST_AMOUNT, Arrivals, Event, Market
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Change, Draw, Payment, Source

AMOUNTS = {
    "Normal": codes.NORMAL,
    "LogNormal": codes.LOG_NORMAL,
    "Uniform": codes.UNIFORM,
    "Exponential": codes.EXPONENTIAL,
}
PRIORITIES = {"Fixed": codes.FIXED, "Categorical": codes.CATEGORICAL, "Uniform": codes.EVEN}
CHANGES = {
    "GlobalArrivalRateChange": codes.ALL_RATES,
    "AgentArrivalRateChange": codes.ONE_RATE,
    "CounterpartyWeightChange": codes.ONE_WEIGHT,
    "DeadlineWindowChange": codes.DEADLINES,
}
MOST_CATEGORIES = 11  # priorities that a distribution may name
Row = tuple[int, int, int, int, int, int, int]  # sender, receiver, amount, arrival, deadline, priority, divisible


def ticks_of(event: Event, market: Market) -> range:
    """When it happens."""
    if event.interval is None:
        return range(event.tick, min(event.tick + 1, market.ticks))
    return range(event.tick, market.ticks, event.interval)


def sources_of(market: Market) -> list[tuple[int, Arrivals]]:
    """Each bank's arrivals, with its number, in the order in which they are drawn."""
    by_name = {bank.name: bank for bank in market.banks}
    return [(number, one) for number, name in enumerate(market.names) for one in by_name[name].arrivals]


def changes_of(market: Market) -> list[Change]:
    """Scenario events that change what arrives, in order of time, then of the file."""
    numbers = {name: number for number, name in enumerate(market.names)}
    changes = [
        Change(
            CHANGES[event.kind],
            tick,
            numbers.get(event.bank, codes.NONE),
            numbers.get(event.other, codes.NONE),
            event.factor,
            event.second_factor,
        )
        for event in market.events
        if event.kind in CHANGES
        for tick in ticks_of(event, market)
    ]
    return sorted(changes, key=lambda change: change.tick)


def draw_of(market: Market) -> Draw:
    """The tables from which `rules.draws` draws with xorshift64*, without a seed yet."""
    numbers = {name: number for number, name in enumerate(market.names)}
    order = [numbers[bank.name] for bank in market.banks]
    sources, weights, categories = [], [], []
    for bank, one in sources_of(market):
        values = one.priorities.values
        sources.append(
            Source(
                bank,
                one.rate,
                AMOUNTS[one.amounts.kind],
                one.amounts.first,
                one.amounts.second,
                *one.deadline,
                PRIORITIES[one.priorities.kind],
                values[0],
                values[-1],
                int(one.divisible),
                int(bool(one.weights)),
            )
        )
        # Who is not listed weighs as much as is usual: 1.
        weights.append([float(one.weights.get(other.name, 1.0)) for other in market.banks])
        choices = [float(part) for pair in zip(values, one.priorities.weights, strict=False) for part in pair]
        categories.append(choices + [0.0] * (2 * MOST_CATEGORIES - len(choices)))
    factors = [1.0] * (len(order) + 1)
    return Draw(sources, changes_of(market), weights, categories, order, factors, [0, 1])


def word_of(seed: int) -> tuple[int, int]:
    """The two halves of the state with which xorshift64* begins; zeros would stay zeros."""
    word = (seed % 2**64) or 1
    return word >> 32, word & 0xFFFFFFFF


def said_payments(market: Market) -> list[Row]:
    """What the file's events and the list of payments say, in order of arrival."""
    numbers = {name: number for number, name in enumerate(market.names)}
    rows: list[Row] = []
    for event in market.events:
        if event.kind == "CustomTransactionArrival":
            bank, other = numbers[event.bank], numbers[event.other]
            for tick in ticks_of(event, market):
                deadline = deadline_of(market, tick, event.deadline)
                rows.append((bank, other, event.amount, tick, deadline, event.priority, int(event.divisible)))
    for one in market.listed:
        bank, other = numbers[one.sender], numbers[one.receiver]
        rows.append((bank, other, one.amount, one.tick, one.deadline, one.priority, int(one.divisible)))
    return sorted(rows, key=lambda row: row[3])


def expected_counts(market: Market) -> np.ndarray:
    """How many payments to expect in each tick, drawn and said together."""
    counts = np.zeros(market.ticks)
    changes = changes_of(market)
    for bank, one in sources_of(market):
        counts += one.rate * _paths(market, bank, one, changes)[0]
    np.add.at(counts, [row[3] for row in said_payments(market)], 1)
    return counts


def deadline_of(market: Market, tick: int, offset: int | None) -> int:
    """The deadline of a payment that was said, not drawn: capped at the last tick of its day where the file asks for it."""
    offset = max(market.ticks_per_day // 10, 5) if offset is None else offset
    deadline = tick + offset
    if market.deadline_cap_at_eod:
        deadline = min(deadline, (tick // market.ticks_per_day + 1) * market.ticks_per_day - 1)
    return max(tick + 1, deadline)


def draw_with_numpy(market: Market, rng: np.random.Generator) -> list[Row]:
    """What arrives, by NumPy; a stream for each bank and band, so that one more payment of one changes no other's."""
    streams = rng.spawn(len(sources_of(market)))
    changes = changes_of(market)
    parts = [
        _drawn_from(market, bank, one, changes, stream)
        for (bank, one), stream in zip(sources_of(market), streams, strict=True)
    ]
    rows = np.concatenate(parts) if parts else np.empty((0, 7), dtype=np.int64)
    arranged: list[Row] = [tuple(row) for row in rows[np.argsort(rows[:, 3], kind="stable")].tolist()]
    return arranged


def _drawn_from(
    market: Market, bank: int, one: Arrivals, changes: Sequence[Change], rng: np.random.Generator
) -> np.ndarray:
    """The payments of one source as rows."""
    ticks = np.arange(market.ticks)
    factors, shortest, longest = _paths(market, bank, one, changes)
    counts = rng.poisson(one.rate * factors)
    arrival = np.repeat(ticks, counts)
    amounts = _amounts(one, len(arrival), rng)
    by_receiver, by_deadline, by_priority = rng.random((3, len(arrival)))
    low, high = shortest[arrival], longest[arrival]
    offset = low + (by_deadline * (high - low + 1)).astype(np.int64)
    latest = np.full(len(arrival), market.ticks)
    if market.deadline_cap_at_eod:
        latest = np.minimum(latest, (arrival // market.ticks_per_day + 1) * market.ticks_per_day)
    deadline = np.maximum(arrival + 1, np.minimum(arrival + offset, latest))
    receivers = _receivers(market, bank, one, changes, arrival, by_receiver)
    columns = (np.full(len(arrival), bank), receivers, amounts, arrival, deadline, _priorities(one, by_priority))
    return np.column_stack((*columns, np.full(len(arrival), int(one.divisible)))).astype(np.int64)


def _paths(
    market: Market, bank: int, one: Arrivals, changes: Sequence[Change]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each tick the factor of the rate, and the least and the greatest ticks to the deadline."""
    everybody, own = np.ones(market.ticks), np.ones(market.ticks)
    low, high = np.ones(market.ticks), np.ones(market.ticks)
    for change in changes:
        if change.code == codes.ALL_RATES:
            everybody[change.tick :] = change.factor
        elif change.code == codes.ONE_RATE and change.bank == bank:
            own[change.tick :] = change.factor
        elif change.code == codes.DEADLINES:
            low[change.tick :], high[change.tick :] = change.factor, change.second_factor
    shortest = np.maximum(1, np.floor(one.deadline[0] * low)).astype(np.int64)
    longest = np.maximum(shortest, np.floor(one.deadline[1] * high)).astype(np.int64)
    return own * everybody, shortest, longest


def _amounts(one: Arrivals, count: int, rng: np.random.Generator) -> np.ndarray:
    kind, first, second = one.amounts.kind, one.amounts.first, one.amounts.second
    if kind == "Uniform":
        return rng.integers(int(first), int(second) + 1, count)
    if kind == "Normal":
        values = rng.normal(first, second, count)
    elif kind == "LogNormal":
        variance = np.log1p((second / first) ** 2)
        values = rng.lognormal(np.log(first) - variance / 2, np.sqrt(variance), count)
    else:
        values = rng.exponential(1 / first, count)
    return np.maximum(1, np.floor(np.minimum(values, MOST_AMOUNT) + 0.5)).astype(np.int64)


def _receivers(
    market: Market, bank: int, one: Arrivals, changes: Sequence[Change], arrival: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """By the weights that hold when each payment arrives."""
    numbers = {name: number for number, name in enumerate(market.names)}
    order = np.array([numbers[other.name] for other in market.banks])
    weights = np.array([0.0 if numbers[o.name] == bank else float(one.weights.get(o.name, 1.0)) for o in market.banks])
    chosen = np.empty(len(arrival), dtype=np.int64)
    mine = [change for change in changes if change.code == codes.ONE_WEIGHT and change.bank == bank]
    starts = [0, *(change.tick for change in mine), market.ticks]
    for number, change in enumerate([None, *mine]):
        if change is not None:
            weights[order == change.other] = change.factor
        here = (arrival >= starts[number]) & (arrival < starts[number + 1])
        edges = np.cumsum(weights)
        places = np.searchsorted(edges, chance[here] * edges[-1], side="right")
        chosen[here] = order[np.minimum(places, np.flatnonzero(weights)[-1])]
    return chosen


def _priorities(one: Arrivals, chance: np.ndarray) -> np.ndarray:
    kind, values = one.priorities.kind, one.priorities.values
    if kind == "Uniform":
        return values[0] + (chance * (values[-1] - values[0] + 1)).astype(np.int64)
    if kind == "Fixed":
        return np.full(len(chance), values[0])
    edges = np.cumsum(one.priorities.weights)
    places = np.searchsorted(edges, chance * edges[-1], side="right")
    chosen: np.ndarray = np.array(values)[np.minimum(places, len(values) - 1)]
    return chosen


def payments_from(rows: Sequence[Row]) -> Iterator[Payment]:
    """Rows of the table of payments."""
    for sender, receiver, amount, arrival, deadline, priority, divisible in rows:
        yield Payment(sender, receiver, amount, amount, arrival, deadline, priority, divisible)
