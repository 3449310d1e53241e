"""What can be foreseen of a market before it is played: how many payments are to be expected, and who could be paid by nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from simweb.scenarios.payments.arrival_sections import MOST_RATE
from simweb.scenarios.payments.market import Event, Market
from simweb.scenarios.payments.yaml_text import Path

MOST_PAYMENTS = 500_000  # expected in a run
MOST_HAPPENINGS = 500_000  # of events in a run, each time that they happen

Complaint = tuple[str, Path]


def foresee(market: Market) -> list[Complaint]:
    """What would make this market unplayable, with the path of what causes it."""
    times = sum(len(_ticks_of(event, market)) for event in market.events)
    if times > MOST_HAPPENINGS:
        return [
            (
                f"The events happen {times:,} times in all; at most {MOST_HAPPENINGS:,} can be played.",
                ("scenario_events",),
            )
        ]
    outlook = _Outlook(market)
    outlook.play()
    return outlook.complaints


def _ticks_of(event: Event, market: Market) -> range:
    if event.interval is None:
        return range(event.tick, min(event.tick + 1, market.ticks))
    return range(event.tick, market.ticks, event.interval)


class _Outlook:
    """The rates and weights of a market as its events change them, and the payments that they let expect."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.complaints: list[Complaint] = []
        self.of_all = 1.0
        self.of_bank = {bank.name: 1.0 for bank in market.banks}
        self.base = {bank.name: sum(arrivals.rate for arrivals in bank.arrivals) for bank in market.banks}
        self.peak = {
            bank.name: max((arrivals.rate for arrivals in bank.arrivals), default=0.0) for bank in market.banks
        }
        self.total = sum(self.base.values())  # of base × multiplier, over all banks
        self.weights = [(bank.name, dict(arrivals.weights)) for bank in market.banks for arrivals in bank.arrivals]
        self.payable: dict[str, list[int]] = defaultdict(
            list
        )  # of each of a bank's arrivals: counterparties with a weight
        for name, weights in self.weights:
            listed_at_zero = sum(weight == 0 for weight in weights.values())
            self.payable[name].append(len(market.banks) - 1 - listed_at_zero)

    def play(self) -> None:
        """Go through the run from change to change."""
        expected, since = 0.0, 0
        for tick, index, event in self._changes():
            expected += (tick - since) * self.of_all * self.total
            since = tick
            self._change(event, ("scenario_events", index))
        expected += (self.market.ticks - since) * self.of_all * self.total
        expected += sum(
            len(_ticks_of(event, self.market))
            for event in self.market.events
            if event.kind == "CustomTransactionArrival"
        )
        if expected > MOST_PAYMENTS:
            message = f"About {expected:,.0f} payments are to be expected in this run; at most {MOST_PAYMENTS:,} can be played."
            self.complaints.append((message, ("agents",)))

    def _changes(self) -> Iterator[tuple[int, int, Event]]:
        kinds = ("GlobalArrivalRateChange", "AgentArrivalRateChange", "CounterpartyWeightChange")
        changes = [
            (tick, index, event)
            for index, event in enumerate(self.market.events)
            if event.kind in kinds
            for tick in _ticks_of(event, self.market)
        ]
        return iter(sorted(changes, key=lambda change: change[:2]))

    def _change(self, event: Event, path: Path) -> None:
        if event.kind == "CounterpartyWeightChange":
            self._weigh(event, path)
            return
        if event.kind == "GlobalArrivalRateChange":
            self.of_all = event.factor
            greatest = max((self.peak[name] * factor for name, factor in self.of_bank.items()), default=0.0)
        else:
            self.total += self.base[event.bank] * (event.factor - self.of_bank[event.bank])
            self.of_bank[event.bank] = event.factor
            greatest = self.peak[event.bank] * event.factor
        if greatest * self.of_all > MOST_RATE:
            rate = greatest * self.of_all
            message = f"This makes {rate:,.0f} payments a tick of one kind; at most {MOST_RATE:,.0f} can be drawn."
            self._complain(message, path)

    def _weigh(self, event: Event, path: Path) -> None:
        own = [weights for name, weights in self.weights if name == event.bank]
        for number, weights in enumerate(own):
            before = weights.get(event.other, 1.0)
            weights[event.other] = event.factor
            self.payable[event.bank][number] += (event.factor > 0) - (before > 0)
            if self.payable[event.bank][number] == 0 and self.base[event.bank] > 0:
                self._complain(
                    f"From here on {event.bank} could pay nobody: all its weights are 0. Leave one above 0.", path
                )

    def _complain(self, message: str, path: Path) -> None:
        """Once for an event, however often it happens."""
        if (message, path) not in self.complaints:
            self.complaints.append((message, path))
