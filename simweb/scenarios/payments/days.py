"""Days: what happens on many days of one market, side by side, so that compiled rules play them in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, overload

from simweb.scenarios.payments.system import Blueprint, Prepared, System, refuse_overflow
from simweb.scenarios.payments.tables import Tables


class Outcome(NamedTuple):
    """What a day came to for one bank: cents, and how many of its payments arrived and were settled."""

    cost: int
    arrived: int
    settled: int


class Days(Sequence[Prepared]):
    """Day d has the payments from `begins[d]` up to `begins[d + 1]`, in order of arrival, and likewise shocks."""

    def __init__(
        self, tables: Tables, payments: Any, begins: Sequence[int], shocks: Any, shocks_begin: Sequence[int]
    ) -> None:
        self.tables = tables
        self.payments, self.begins = payments, tables.numbers(begins)
        self.shocks, self.shocks_begin = shocks, tables.numbers(shocks_begin)

    def __len__(self) -> int:
        return len(self.begins) - 1

    @overload
    def __getitem__(self, place: int) -> Prepared: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Prepared]: ...
    def __getitem__(self, place: int | slice) -> Prepared | Sequence[Prepared]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        day = range(len(self))[place]
        payments = self.payments[self.begins[day] : self.begins[day + 1]]
        return Prepared(payments, self.shocks[self.shocks_begin[day] : self.shocks_begin[day + 1]])

    def play(self, blueprint: Blueprint, bank: int) -> list[Outcome]:
        """Each day from its beginning to its end. Raises OverflowError when a cost is beyond counting."""
        if len(self) and self.tables.is_compiled and blueprint.program.most_parts == 0:
            return self._together(blueprint, bank)
        return [
            _alone(blueprint, day, bank) for day in self
        ]  # where payments are split, tables grow while they are played

    def _together(self, blueprint: Blueprint, bank: int) -> list[Outcome]:
        tables = self.tables
        longest = max(self, key=lambda day: len(day.payments))
        world = blueprint.world(longest, keeps_log=False)
        start = [tables.copy(table) for table in (world.clock, world.accounts, world.pairs)]
        costs, arrived, settled = (tables.zeros(len(self)) for _ in range(3))
        tables.days.play_days(
            world,
            *start,
            self.payments,
            self.begins,
            self.shocks,
            self.shocks_begin,
            bank,
            costs,
            settled,
            arrived,
        )
        refuse_overflow({blueprint.names[bank]: int(costs.max())}, blueprint.market.ticks - 1)
        return list(map(Outcome, costs.tolist(), arrived.tolist(), settled.tolist()))


def _alone(blueprint: Blueprint, day: Prepared, bank: int) -> Outcome:
    system = System(blueprint, day, keeps_log=False)
    system.play_all()
    account = system.account(bank)
    return Outcome(int(account.total_cost), int(account.arrived_count), int(account.settled_count))
