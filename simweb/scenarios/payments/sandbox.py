"""Sandbox: one bank alone with what it met on a day, drawn again with replacement: what it had to pay, and what it was paid.

Its payments go to a SINK; what it receives comes from a SOURCE that always has it. So one bank's policy can be tried on many days
that could have been, though only one was played.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from simweb.scenarios.payments.chance import word_of
from simweb.scenarios.payments.market import Bank, LiquiditySaving, Market
from simweb.scenarios.payments.policies import named_policy
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.draws import draw_below
from simweb.scenarios.payments.rules.records import Draw, Payment, Shock
from simweb.scenarios.payments.system import Prepared, System
from simweb.scenarios.payments.tables import Tables

SOURCE, SINK = "SOURCE", "SINK"
PLENTY = 10_000_000_000  # cents that SOURCE has, and that SINK could borrow


@dataclass(frozen=True, slots=True)
class Met:
    """A payment that a bank met. Offsets are ticks after its arrival; that of a settlement is None where there was none."""

    amount: int
    priority: int
    divisible: int
    deadline_offset: int
    settlement_offset: int | None


@dataclass(frozen=True, slots=True)
class History:
    """What one bank met on a day, in order of arrival: what it had to pay, and what it was paid."""

    outgoing: tuple[Met, ...]
    incoming: tuple[Met, ...]


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

    def histories(self, system: System) -> dict[str, History]:
        """What every bank met in a play that is over."""
        outgoing: dict[str, list[Met]] = {name: [] for name in system.names}
        incoming: dict[str, list[Met]] = {name: [] for name in system.names}
        for payment in system.known_payments():
            if payment.parent != codes.NONE:
                continue
            arrival, settled = int(payment.arrival), int(payment.settled_tick)
            met = Met(
                int(payment.amount),
                int(payment.priority),
                int(payment.divisible),
                int(payment.deadline) - (0 if self.repeats_published else arrival),
                None if settled == codes.NONE else settled - arrival,
            )
            outgoing[system.names[payment.sender]].append(met)
            if met.settlement_offset is not None:
                incoming[system.names[payment.receiver]].append(met)
        return {name: History(tuple(outgoing[name]), tuple(incoming[name])) for name in system.names}

    def sample(self, history: History, bank: str, seed: int, tables: Tables) -> Prepared:
        """A day that could have been: as many payments as were met, each drawn from all, arriving in any tick."""
        numbers = {name: number for number, name in enumerate(sorted(self.names_around(bank)))}
        source, own, sink = (numbers[name] for name in self.names_around(bank))
        draw = Draw([], [], [], [], [], [], list(word_of(seed)))
        payments, shocks = [], []
        for met, tick in self._drawn(history.outgoing, draw):
            payments.append(_payment(met, own, sink, tick, self._deadline(tick, met.deadline_offset)))
        for met, tick in self._drawn(history.incoming, draw):
            comes = tick + (met.settlement_offset or 0)
            if comes >= self.market.ticks:
                continue  # after the end: it never comes
            if self.repeats_published:
                shocks.append(Shock(codes.SCHEDULED_SETTLEMENT, comes, source, own, met.amount))
            else:
                payments.append(_payment(replace(met, divisible=0), source, own, comes, self.market.ticks))
        payments.sort(key=lambda payment: payment.arrival)
        shocks.sort(key=lambda shock: shock.tick)
        return Prepared(tables.rows(Payment, payments), tables.rows(Shock, shocks))

    def names_around(self, bank: str) -> tuple[str, str, str]:
        """Of the three in the sandbox: source, bank, sink."""
        return name_beside(bank, SOURCE), bank, name_beside(bank, SINK)

    def _drawn(self, records: Sequence[Met], draw: Draw) -> list[tuple[Met, int]]:
        return [(records[draw_below(draw, len(records))], draw_below(draw, self.market.ticks)) for _ in records]

    def _deadline(self, tick: int, offset: int) -> int:
        """As of payments that arrive by chance; the published sandbox had no cap but the end."""
        market = self.market
        deadline = min(tick + offset, market.ticks)
        if market.deadline_cap_at_eod and not self.repeats_published:
            deadline = min(deadline, (tick // market.ticks_per_day + 1) * market.ticks_per_day)
        return max(deadline, tick + 1)


def name_beside(bank: str, name: str) -> str:
    """The name, unless the bank itself has it."""
    return name if name != bank else f"{name}_2"


def _payment(met: Met, sender: int, receiver: int, tick: int, deadline: int) -> Payment:
    return Payment(
        sender,
        receiver,
        met.amount,
        met.amount,
        tick,
        deadline,
        met.priority,
        met.divisible,
    )
