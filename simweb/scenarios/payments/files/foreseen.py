"""What can be foreseen of a market before it is played: how many payments are to be expected, and who could pay nobody."""

from __future__ import annotations

from collections.abc import Iterator

from simweb.scenarios.documents.yaml_text import Path
from simweb.scenarios.payments.files.arrival_sections import MOST_RATE
from simweb.scenarios.payments.market import Event, Market

MOST_PAYMENTS = 500_000  # expected in a run
MOST_HAPPENINGS = 500_000  # of events in a run, each time that they happen

Complaint = tuple[str, Path]


def foresee(market: Market) -> list[Complaint]:
    """What would make this market unplayable, with the path of what causes it."""
    times = sum(len(_ticks_of(event, market)) for event in market.events)
    if times > MOST_HAPPENINGS:
        message = f"The events happen {times:,} times in all; at most {MOST_HAPPENINGS:,} can be played."
        return [(message, ("scenario_events",))]
    complaints = [*_too_great_rates(market), *_unpayable(market)]
    expected = expected_payments(market)
    if expected > MOST_PAYMENTS:
        message = (
            f"About {expected:,.0f} payments are to be expected in this run; at most {MOST_PAYMENTS:,} can be played."
        )
        complaints.append((message, ("agents",)))
    return complaints


def expected_payments(market: Market) -> float:
    """The expected number of payments in the whole run, those of events counted, too."""
    base = {bank.name: sum(arrivals.rate for arrivals in bank.arrivals) for bank in market.banks}
    of_bank = dict.fromkeys(base, 1.0)
    of_all, total = 1.0, sum(base.values())  # `total`: of each bank's rate times its multiplier
    expected, since = 0.0, 0
    for tick, _, event in _happenings(market, "GlobalArrivalRateChange", "AgentArrivalRateChange"):
        expected += (tick - since) * of_all * total
        since = tick
        if event.kind == "GlobalArrivalRateChange":
            of_all = event.factor
        else:
            total += base[event.bank] * (event.factor - of_bank[event.bank])
            of_bank[event.bank] = event.factor
    expected += (market.ticks - since) * of_all * total
    return expected + sum(1 for _ in _happenings(market, "CustomTransactionArrival"))


def _ticks_of(event: Event, market: Market) -> range:
    if event.interval is None:
        return range(event.tick, min(event.tick + 1, market.ticks))
    return range(event.tick, market.ticks, event.interval)


def _happenings(market: Market, *kinds: str) -> Iterator[tuple[int, int, Event]]:
    """When events of these kinds happen, in order: tick, place in the file, event."""
    happenings = (
        (tick, index, event)
        for index, event in enumerate(market.events)
        if event.kind in kinds
        for tick in _ticks_of(event, market)
    )
    return iter(sorted(happenings, key=lambda happening: happening[:2]))


def _too_great_rates(market: Market) -> Iterator[Complaint]:
    """Changes after which a tick could have more payments than can be drawn, if the other changes that multiply came together."""
    of_all = max([1.0, *(event.factor for event in market.events if event.kind == "GlobalArrivalRateChange")])
    peaks = {bank.name: max((arrivals.rate for arrivals in bank.arrivals), default=0.0) for bank in market.banks}
    changed = dict(peaks)
    for event in market.events:
        if event.kind == "AgentArrivalRateChange":
            changed[event.bank] = max(changed[event.bank], peaks[event.bank] * event.factor)
    for index, event in enumerate(market.events):
        rate = 0.0
        if event.kind == "GlobalArrivalRateChange":
            rate = max(changed.values()) * event.factor
        elif event.kind == "AgentArrivalRateChange":
            rate = peaks[event.bank] * event.factor * of_all
        if rate > MOST_RATE:
            message = f"This can make {rate:,.0f} payments a tick of one kind; at most {MOST_RATE:,.0f} can be drawn."
            yield message, ("scenario_events", index)


def _unpayable(market: Market) -> Iterator[Complaint]:
    """Changes of weights after which a bank with payments to make could pay nobody."""
    changed = {event.bank for event in market.events if event.kind == "CounterpartyWeightChange"}
    banks = [bank for bank in market.banks if bank.name in changed]
    paying = [(bank, arrivals) for bank in banks for arrivals in bank.arrivals if arrivals.rate > 0]
    weights: dict[str, list[dict[str, float]]] = {}
    for bank, arrivals in paying:
        every = {other.name: arrivals.weights.get(other.name, 1.0) for other in market.banks if other is not bank}
        weights.setdefault(bank.name, []).append({name: weight for name, weight in every.items() if weight})
    told = set()
    for _, index, event in _happenings(market, "CounterpartyWeightChange"):
        for positive in weights.get(event.bank, []):
            positive.pop(event.other, None)
            if event.factor:
                positive[event.other] = event.factor
            if not positive and index not in told:
                told.add(index)
                message = f"From here on {event.bank} could pay nobody: all its weights are 0. Leave one above 0."
                yield message, ("scenario_events", index)
