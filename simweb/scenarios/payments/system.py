"""System: a market at work. It draws what arrives, plays ticks by the rules, and tells what happened."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from simweb.scenarios.payments.chance import draw_of, draw_with_numpy, payments_from, said_payments, word_of
from simweb.scenarios.payments.files.foreseen import expected_payments
from simweb.scenarios.payments.market import Market
from simweb.scenarios.payments.policies.program import STACK, program_of
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.accounts import available_liquidity
from simweb.scenarios.payments.rules.records import (
    Candidate,
    Change,
    Draw,
    Happening,
    Node,
    Operation,
    Payment,
    Shock,
    Source,
    World,
)
from simweb.scenarios.payments.setup import accounts_of, banks_as_played, clock_of, pairs_of, rates_of, shocks_of
from simweb.scenarios.payments.tables import Tables, fastest

KINDS = ("liquidity", "delay", "overdraft", "collateral", "deadline", "end_of_day", "split")
HAPPENINGS_OF_A_PAYMENT = 12  # in one tick, at most; of a part of a split likewise
HAPPENINGS_OF_A_BANK = 6


class Scratch(NamedTuple):
    """Tables that mean nothing between two ticks: all plays of a blueprint share them."""

    candidates: Any
    log: Any
    order: Any
    members: Any
    path: Any
    stack: Any


class Prepared(NamedTuple):
    """All that happens in a play, said beforehand instead of drawn: payments in order of arrival, and shocks, as tables."""

    payments: Any
    shocks: Any


Chance = int | np.random.Generator | Prepared  # a seed for xorshift64*, a generator for NumPy, or no chance at all


class Blueprint:
    """A market with its banks' policies, ready to be played again and again.

    `fractions` and `policies` of banks replace what the market says; policies must have been read (`read_policy`).
    """

    def __init__(
        self,
        market: Market,
        *,
        fractions: Mapping[str, float] | None = None,
        policies: Mapping[str, Mapping[str, Any]] | None = None,
        tables: Tables | None = None,
    ) -> None:
        self.market = market
        self.names = market.names
        self._expected = expected_payments(market)
        self.tables = tables or fastest(self._expected + len(market.listed))
        self.banks = banks_as_played(market, fractions or {}, policies or {})
        self.program = program_of([bank.policy for bank in self.banks], self.names)
        rows = self.tables.rows
        self._clock = rows(type(clock := clock_of(market, self.program)), [clock])
        self._rates = rows(type(rates := rates_of(market.costs)), [rates])
        self._accounts = rows(type((accounts := accounts_of(self.banks, self.program))[0]), accounts)
        self._pairs = rows(type((pairs := pairs_of(self.banks))[0]), pairs)
        self.shocks = rows(Shock, shocks_of(market))
        self._nodes = rows(Node, self.program.nodes)
        self._operations = rows(Operation, self.program.operations)
        self._focus = self.tables.numbers(self.program.focus or [[0] * len(self.names)])
        self._said = said_payments(market)
        self._draw_tables: Draw | None = None
        self._scratch = self._room_to_think()

    def with_fractions(self, fractions: Mapping[str, float]) -> Blueprint:
        """The same market and policies, where these banks put in another share of their pools."""
        changed = copy(self)
        changed.banks = [
            replace(bank, fraction=float(fractions[bank.name])) if bank.name in fractions else bank
            for bank in self.banks
        ]
        changed._accounts = self.tables.copy(self._accounts)
        for account, bank in zip(self.tables.readable(changed._accounts), changed.banks, strict=True):
            account.fraction = bank.fraction
        return changed

    def apart(self) -> Blueprint:
        """The same, to be played at the same time as this one."""
        changed = copy(self)
        changed._scratch = self._room_to_think()
        return changed

    def evaluate(self, chance: Chance) -> dict[str, int]:
        """What each bank is charged over all days, in cents."""
        system = System(self, chance, keeps_log=False)
        system.play_all()
        return system.costs()

    def arrivals(self, chance: Chance) -> Any:
        """The table of all payments, in order of arrival; what the file says before what is drawn for the same tick."""
        table, count = self._arriving(chance)
        return table[:count]

    def _arriving(self, chance: Chance) -> tuple[Any, int]:
        """The table, with room for some parts of splits, and how many of it arrive."""
        rows, joined = self.tables.rows, self.tables.joined
        if isinstance(chance, int):
            table, count = self._drawn(chance)
        elif isinstance(chance, Prepared):
            table, count = self.tables.copy(chance.payments), len(chance.payments)
        else:
            table = rows(Payment, list(payments_from(draw_with_numpy(self.market, chance))))
            count = len(table)
        if self._said and not isinstance(chance, Prepared):
            table = joined(rows(Payment, list(payments_from(self._said))), table[:count])
            count = len(table)
            if self.tables.is_compiled:
                table = table[np.argsort(table["arrival"], kind="stable")]
            else:
                table.sort(key=lambda payment: payment.arrival)
        if len(table) < count + self._spare(count):
            table = joined(table, self.tables.empty(Payment, self._spare(count)))
        return table, count

    def _spare(self, count: int) -> int:
        parts = self.program.most_parts
        return count // 2 + 4 * parts if parts else 0

    def _drawn(self, seed: int) -> tuple[Any, int]:
        market, tables = self.market, self.tables
        room = int(self._expected + 8 * self._expected**0.5) + 16
        while True:
            payments = tables.empty(Payment, room + self._spare(room))
            draw, windows = self._draw(seed), tables.numbers([1.0, 1.0], float)
            is_capped = market.deadline_cap_at_eod
            count = tables.draws.draw_payments(draw, payments, market.ticks, market.ticks_per_day, is_capped, windows)
            if count >= 0:
                return payments, count
            room *= 2

    def _draw(self, seed: int) -> Draw:
        """What `draws` draws from; the tables themselves change only where scenario events change what arrives."""
        if self._draw_tables is None or len(self._draw_tables.changes) > 0:
            self._draw_tables = self._new_draw()
        self._draw_tables.word[0], self._draw_tables.word[1] = word_of(seed)
        return self._draw_tables

    def _new_draw(self) -> Draw:
        draw, tables = draw_of(self.market), self.tables
        return Draw(
            tables.rows(Source, draw.sources),
            tables.rows(Change, draw.changes),
            tables.numbers(draw.weights or [[0.0]], float),
            tables.numbers(draw.categories or [[0.0]], float),
            tables.numbers(draw.order),
            tables.numbers(draw.factors, float),
            tables.numbers(draw.word),
        )

    def world(self, chance: Chance, *, keeps_log: bool) -> World:
        """The tables before the first tick, with room for what the payments do."""
        tables, scratch = self.tables, self._scratch
        payments, count = self._arriving(chance)
        room = len(payments) + 1
        clock = tables.copy(self._clock)
        for column, value in (("known", count), ("scheduled", count), ("keeps_log", int(keeps_log))):
            tables.set(clock, column, value)
        return World(
            clock,
            self._rates,
            tables.copy(self._accounts),
            tables.copy(self._pairs),
            payments,
            chance.shocks if isinstance(chance, Prepared) else self.shocks,
            tables.copy(self._nodes),
            self._operations,
            scratch.candidates,
            scratch.log,
            tables.zeros(room),
            tables.zeros(room),
            tables.zeros(room),
            self._order(room),
            scratch.members,
            scratch.path,
            tables.decimals(len(self.names), codes.MOST_STATES),
            self._focus,
            scratch.stack,
        )

    def _order(self, room: int) -> Any:
        if len(self._scratch.order) < room:
            self._scratch = self._scratch._replace(order=self.tables.zeros(2 * room))
        return self._scratch.order

    def _room_to_think(self) -> Scratch:
        can_save = bool(self.market.saving.bilateral or self.market.saving.cycles)
        candidates = codes.MOST_CANDIDATES if can_save and len(self.names) > 1 else 1
        tables = self.tables
        return Scratch(
            tables.empty(Candidate, candidates),
            tables.empty(Happening, 1),
            tables.zeros(candidates),
            tables.zeros(candidates, codes.MOST_CYCLE),
            tables.zeros(codes.MOST_CYCLE + 1),
            tables.numbers([0.0] * STACK, float),
        )


class System:
    """One playing of a market."""

    def __init__(self, blueprint: Blueprint, chance: Chance, *, keeps_log: bool = True) -> None:
        self.blueprint = blueprint
        self.names = blueprint.names
        self.tables = blueprint.tables
        self.keeps_log = keeps_log
        self.world = blueprint.world(chance, keeps_log=keeps_log)

    @property
    def clock(self) -> Any:
        """The one row of the clock."""
        return self.tables.readable(self.world.clock)[0]

    @property
    def rates(self) -> Any:
        """The one row of rates, as whole numbers."""
        return self.tables.readable(self.world.rates)[0]

    @property
    def payments(self) -> Any:
        """Payments by number, those to come and the parts of splits included; behind the last there may be room for more."""
        return self.tables.readable(self.world.payments)

    def known_payments(self) -> list[Any]:
        """All that there are, in order of their numbers."""
        return list(self.payments[: int(self.clock.known)])

    def column(self, name: str) -> np.ndarray:
        """A column of all payments that there are, in order of their numbers."""
        known = self.world.payments[: int(self.clock.known)]
        if self.tables.is_compiled:
            return known[name]  # type: ignore[call-overload, no-any-return]
        return np.array([getattr(payment, name) for payment in known], dtype=np.int64)

    @property
    def readable_world(self) -> World:
        """All tables, with rows whose columns are attributes."""
        return World(*(self.tables.readable(table) for table in self.world))

    def account(self, bank: int) -> Any:
        """The account of a bank, by its number."""
        return self.tables.readable(self.world.accounts)[bank]

    def available_liquidity(self, bank: int) -> int:
        """What a bank could pay now, limits aside."""
        return available_liquidity(self.account(bank))

    def queue1(self) -> list[int]:
        """The payments that banks hold back, bank after bank."""
        return [int(number) for number in self.world.queue1[: int(self.clock.queued1)]]

    def queue2(self) -> list[int]:
        """The payments that wait for liquidity, in their order."""
        return [int(number) for number in self.world.queue2[: int(self.clock.queued2)]]

    @property
    def tick(self) -> int:
        """How many ticks are done."""
        return int(self.clock.tick)

    @property
    def is_over(self) -> bool:
        """Whether the last day has ended."""
        return self.tick >= self.blueprint.market.ticks

    def play_tick(self) -> list[Happening]:
        """Play the next tick; what happened in it, in order. Raises OverflowError when a cost is beyond counting."""
        self._make_room()
        self.tables.tick.play_tick(self.world)
        self._refuse_overflow()
        logged = self.world.log[: int(self.clock.logged)]
        if self.tables.is_compiled:
            return [Happening(*row) for row in logged.tolist()]  # type: ignore[attr-defined]
        return [Happening(r.kind, r.bank, r.other, r.payment, r.amount, r.detail) for r in logged]

    def play_all(self) -> None:
        """Play to the end, without telling. Raises OverflowError when a cost is beyond counting."""
        self.keeps_log = False
        self.tables.set(self.world.clock, "keeps_log", 0)
        while self.tables.tick.play_ticks(self.world) < self.blueprint.market.ticks:
            self._make_room()
        self._refuse_overflow()

    def costs(self) -> dict[str, int]:
        """What each bank has been charged so far, in cents."""
        return self.figures("total_cost")

    def costs_of_tick(self) -> dict[str, dict[str, int]]:
        """What each bank was charged in the last tick, by kind."""
        columns = [self.figures(f"cost_{kind}") for kind in KINDS]
        return {name: dict(zip(KINDS, (column[name] for column in columns), strict=True)) for name in self.names}

    def figures(self, column: str) -> dict[str, int]:
        """A column of the accounts by bank, such as `balance`."""
        if self.tables.is_compiled:
            return dict(zip(self.names, self.world.accounts[column].tolist(), strict=True))  # type: ignore[call-overload]
        return {name: getattr(row, column) for name, row in zip(self.names, self.world.accounts, strict=True)}

    def _make_room(self) -> None:
        """For the next tick: in the log, and for the parts of what may be split."""
        while not self.tables.tick.has_room(self.world):
            extra = max(len(self.world.payments), codes.MOST_PARTS)
            more = [self.tables.joined(getattr(self.world, name), self.tables.zeros(extra)) for name in QUEUES]
            payments = self.tables.joined(self.world.payments, self.tables.empty(Payment, extra))
            self.world = self.world._replace(payments=payments, **dict(zip(QUEUES, more, strict=True)))
        if self.keeps_log and len(self.world.log) < (needed := self._room_to_log()):
            self.world = self.world._replace(log=self.tables.empty(Happening, 2 * needed))

    def _room_to_log(self) -> int:
        clock = self.clock
        arriving, payments = int(clock.arrived), self.payments
        while arriving < clock.scheduled and payments[arriving].arrival <= clock.tick:
            arriving += 1
        alive = int(clock.queued1 + clock.queued2) + arriving - int(clock.arrived)
        return HAPPENINGS_OF_A_PAYMENT * alive * max(1, int(clock.most_parts)) + HAPPENINGS_OF_A_BANK * (
            int(clock.banks) + len(self.world.shocks)
        )

    def _refuse_overflow(self) -> None:
        refuse_overflow(self.costs(), self.tick - 1)


QUEUES = ("queue1", "queue2", "submissions", "order")  # tables that are as long as that of the payments


def refuse_overflow(costs: Mapping[str, int], tick: int) -> None:
    """Raises OverflowError when a bank's cost, after this tick, is beyond counting."""
    for name, cost in costs.items():
        if cost >= codes.MOST_COST:
            most = f"{codes.MOST_COST:,} cents"
            raise OverflowError(f"The cost of {name} goes beyond {most} in tick {tick}: lower the cost rates.")


def warm_up() -> None:
    """Play a small market with compiled rules, so that all of them are compiled and kept."""
    from simweb.scenarios.payments.days import drawn_days
    from simweb.scenarios.payments.market import Amounts, Arrivals, Bank
    from simweb.scenarios.payments.policies.named import named_policy
    from simweb.scenarios.payments.sandbox import Rules
    from simweb.scenarios.payments.tables import machine_code

    arrivals = Arrivals(1.0, Amounts("LogNormal", 100, 50), (1, 2))
    banks = [Bank(name, 100, named_policy("Fifo"), arrivals=(arrivals,)) for name in "ABC"]
    market, tables = Market(2, 1, tuple(banks)), machine_code()
    system = System(Blueprint(market, tables=tables), 1)
    system.play_tick()
    system.play_all()
    rules = Rules(market, repeats_published=False)
    seen = drawn_days(system.blueprint, [1]).played(system.blueprint)
    days = rules.days(rules.history(rules.past(seen, 1), "A"), "A", [1], tables)
    days.play(Blueprint(rules.sandbox_of(banks[0]), tables=tables), 0)
