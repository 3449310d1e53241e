"""Sandbox: one bank alone with what it met on days that were played, drawn again with replacement: what it paid, and was paid.

Its payments go to a SINK; what it receives comes from a SOURCE that always has it. So one bank's policy can be tried on many days
that could have been, though only a few were played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from simweb.scenarios.payments.chance import word_of
from simweb.scenarios.payments.days import Days
from simweb.scenarios.payments.market import Bank, LiquiditySaving, Market
from simweb.scenarios.payments.policies import named_policy
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Change, Draw, Payment, Shock, Source
from simweb.scenarios.payments.tables import Tables

SOURCE, SINK = "SOURCE", "SINK"
PLENTY = 10_000_000_000  # cents that SOURCE has, and that SINK could borrow
Columns = dict[str, np.ndarray]


class Met(NamedTuple):
    """Payments that were met, column by column. Offsets are ticks after the arrival; that of a settlement is NONE where there
    was none."""

    day: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray
    amount: np.ndarray
    priority: np.ndarray
    divisible: np.ndarray
    arrival: np.ndarray
    deadline_offset: np.ndarray
    settlement_offset: np.ndarray

    def where(self, chosen: np.ndarray) -> Met:
        """Only those, by a mask or by their places."""
        return Met(*(column[chosen] for column in self))


class Past(NamedTuple):
    """What all banks met, on so many days."""

    met: Met
    days: int


class History(NamedTuple):
    """What one bank met on days that were played: what it had to pay, and what it was paid, of all days; and of each day how many
    of both."""

    outgoing: Met
    incoming: Met
    counts: Sequence[tuple[int, int]]


class Again(NamedTuple):
    """Payments drawn again, sample after sample: in which sample each is, and when it comes there."""

    met: Met
    sample: np.ndarray
    comes: np.ndarray

    def where(self, chosen: np.ndarray) -> Again:
        """Only those."""
        return Again(self.met.where(chosen), self.sample[chosen], self.comes[chosen])


@dataclass(frozen=True, slots=True)
class Rules:
    """How a market's sandboxes differ from it.

    `repeats_published` repeats two defects with which SimCash's figures came about: a deadline was counted from the new arrival
    as if it were an offset, so that it came too late; and the sandbox had none of the scenario's rules of crediting, deadlines
    and liquidity saving.
    """

    market: Market
    repeats_published: bool

    def sandbox_of(self, bank: Bank) -> Market:
        """The bank between SOURCE and SINK, with nothing to do yet."""
        market, fifo = self.market, named_policy("Fifo")
        names = [name_beside(bank.name, name) for name in (SOURCE, SINK)]
        source = Bank(names[0], PLENTY, fifo)
        sink = Bank(names[1], 0, fifo, unsecured_cap=PLENTY)
        alone = replace(bank, arrivals=(), bilateral={})
        sandbox = replace(market, banks=(source, alone, sink), events=(), listed=())
        if not self.repeats_published:
            return sandbox
        return replace(
            sandbox,
            ticks_per_day=market.ticks,
            days=1,
            saving=LiquiditySaving(),
            deferred_crediting=False,
            deadline_cap_at_eod=False,
        )

    def past(self, played: Iterable[tuple[np.ndarray, Callable[[str], np.ndarray]]], days: int) -> Past:
        """What all banks met, from the payments of plays that are over."""
        return Past(_joined([self._met(day, column) for day, column in played]), days)

    def _met(self, day: np.ndarray, column: Callable[[str], np.ndarray]) -> Met:
        arrival, settled = column("arrival"), column("settled_tick")
        met = Met(
            day,
            column("sender"),
            column("receiver"),
            column("amount"),
            column("priority"),
            column("divisible"),
            arrival,
            column("deadline") - (0 if self.repeats_published else arrival),
            np.where(settled == codes.NONE, codes.NONE, settled - arrival),
        )
        return met.where(column("parent") == codes.NONE)

    def history(self, past: Past, bank: str) -> History:
        """What one bank met."""
        number, met = self.market.names.index(bank), past.met
        owed = met.where(met.sender == number)
        received = met.where((met.receiver == number) & (met.settlement_offset != codes.NONE))
        counts = np.column_stack([np.bincount(one.day, minlength=past.days) for one in (owed, received)])
        if not self.repeats_published:
            offsets = uncut_offsets(
                owed.deadline_offset, owed.deadline_offset >= self._latest(owed.arrival) - owed.arrival
            )
            owed = owed._replace(deadline_offset=offsets)
        return History(owed, received, counts.tolist())

    def days(self, history: History, bank: str, seeds: Sequence[int], tables: Tables) -> Days:
        """For each seed a day that could have been: as many payments as on one of the days, which take turns; each is drawn from
        those of all days, and arrives in any tick."""
        market, count = self.market, len(seeds)
        numbers = {name: number for number, name in enumerate(sorted(self.names_around(bank)))}
        source, own, sink = (numbers[name] for name in self.names_around(bank))
        owed, received = self._drawn(history, seeds, tables)
        received = received._replace(comes=received.comes + received.met.settlement_offset)
        received = received.where(received.comes < market.ticks)  # what comes after the end never comes
        payments, shocks = _payments(owed, own, sink, self._deadlines(owed)), _shocks(received, source, own)
        if not self.repeats_published:
            whole = received._replace(met=received.met._replace(divisible=np.zeros_like(received.comes)))
            coming = _payments(whole, source, own, np.full_like(received.comes, market.ticks))
            payments = {name: np.concatenate((payments[name], coming[name])) for name in payments}
            shocks = {name: values[:0] for name, values in shocks.items()}
        payments, begins = _in_order(payments, count, "arrival")
        shocks, shocks_begin = _in_order(shocks, count, "tick")
        return Days(tables, tables.filled(Payment, payments), begins, tables.filled(Shock, shocks), shocks_begin)

    def names_around(self, bank: str) -> tuple[str, str, str]:
        """Of the three in the sandbox: source, bank, sink."""
        return name_beside(bank, SOURCE), bank, name_beside(bank, SINK)

    def _drawn(self, history: History, seeds: Sequence[int], tables: Tables) -> tuple[Again, Again]:
        """Of each sample first what goes out, then what comes in."""
        draw = _only_chance(tables)
        owed, received = _Parts(history.outgoing), _Parts(history.incoming)
        for sample, seed in enumerate(seeds):
            draw.word[0], draw.word[1] = word_of(seed)
            for part, count in zip((owed, received), history.counts[sample % len(history.counts)], strict=True):
                places, arrivals = tables.zeros(count), tables.zeros(count)
                tables.draws.draw_again(draw, len(part.met.amount), self.market.ticks, places, arrivals)
                part.add(places, arrivals)
        return owed.joined(), received.joined()

    def _deadlines(self, drawn: Again) -> np.ndarray:
        """As of payments that arrive by chance; the published sandbox had no cap but the end."""
        tick = drawn.comes
        deadlines = np.minimum(tick + drawn.met.deadline_offset, self._latest(tick))
        later: np.ndarray = np.maximum(deadlines, tick + 1)
        return later

    def _latest(self, arrival: np.ndarray) -> np.ndarray:
        market = self.market
        if market.deadline_cap_at_eod and not self.repeats_published:
            return (arrival // market.ticks_per_day + 1) * market.ticks_per_day
        return np.full_like(arrival, market.ticks)


class _Parts:
    """What is drawn from one table, sample by sample."""

    def __init__(self, met: Met) -> None:
        self.met = met
        self.counts: list[int] = []
        self.places, self.arrivals = [NOTHING], [NOTHING]

    def add(self, places: Any, arrivals: Any) -> None:
        """Of the next sample."""
        self.counts.append(len(places))
        self.places.append(np.asarray(places, dtype=np.int64))
        self.arrivals.append(np.asarray(arrivals, dtype=np.int64))

    def joined(self) -> Again:
        """All of it."""
        samples = np.repeat(np.arange(len(self.counts)), self.counts)
        return Again(self.met.where(np.concatenate(self.places)), samples, np.concatenate(self.arrivals))


NOTHING = np.zeros(0, dtype=np.int64)


def _only_chance(tables: Tables) -> Draw:
    """What draws numbers, and no arrivals."""
    sources, changes = tables.rows(Source, []), tables.rows(Change, [])
    table, row = tables.numbers([[0.0]], float), tables.numbers([0.0], float)
    return Draw(sources, changes, table, table, tables.zeros(1), row, tables.zeros(2))


def uncut_offsets(offsets: np.ndarray, are_cut: np.ndarray) -> np.ndarray:
    """The offsets of deadlines, where those that the end of the day cut off are as long as they may have been.

    How long, follows from the others by the estimate of Kaplan and Meier (1958, JASA 53(282) 457); those that were cut at one
    offset share its distribution evenly. Drawn again as they are, deadlines of the evening would come too early all day long.
    """
    values, uncut = np.unique(offsets), np.sort(offsets[~are_cut])
    at_risk = np.array([np.sum(uncut >= value) + np.sum(offsets[are_cut] > value) for value in values])
    ended = np.array([np.sum(uncut == value) for value in values])
    lasts = np.cumprod(1.0 - ended / np.maximum(at_risk, 1))  # the share that is longer than the value
    longer = offsets.copy()
    for cut in np.unique(offsets[are_cut]):
        place = int(np.searchsorted(values, cut))
        where = np.flatnonzero(are_cut & (offsets == cut))
        before = lasts[place - 1] if place else 1.0
        shares = before * (1.0 - (np.arange(len(where)) + 0.5) / len(where))
        beyond = np.searchsorted(-lasts[place:], -shares, side="left")
        longer[where] = values[np.minimum(place + beyond, len(values) - 1)]
    return longer


def name_beside(bank: str, name: str) -> str:
    """The name, unless the bank itself has it."""
    return name if name != bank else f"{name}_2"


def _joined(tables: Sequence[Met]) -> Met:
    return Met(*map(np.concatenate, zip(*tables, strict=True)))


def _payments(drawn: Again, sender: int, receiver: int, deadline: np.ndarray) -> Columns:
    met = drawn.met
    return {
        "sample": drawn.sample,
        "sender": np.full_like(drawn.comes, sender),
        "receiver": np.full_like(drawn.comes, receiver),
        "amount": met.amount,
        "remaining": met.amount,
        "arrival": drawn.comes,
        "deadline": deadline,
        "priority": met.priority,
        "divisible": met.divisible,
    }


def _shocks(drawn: Again, source: int, receiver: int) -> Columns:
    return {
        "sample": drawn.sample,
        "code": np.full_like(drawn.comes, codes.SCHEDULED_SETTLEMENT),
        "tick": drawn.comes,
        "bank": np.full_like(drawn.comes, source),
        "other": np.full_like(drawn.comes, receiver),
        "amount": drawn.met.amount,
    }


def _in_order(columns: Columns, samples: int, by: str) -> tuple[Columns, Any]:
    """Sorted by sample, then by this column, else as they stood; and where each sample begins, and the last one ends."""
    order = np.lexsort((columns[by], columns["sample"]))
    begins = np.searchsorted(columns["sample"][order], np.arange(samples + 1))
    return {name: values[order] for name, values in columns.items() if name != "sample"}, begins
