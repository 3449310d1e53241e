"""Days: what happens on many days of one market, side by side, so that compiled rules play them in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, chain, pairwise
from typing import Any, NamedTuple, overload

import numpy as np

from simweb.scenarios.payments.rules.records import Payment, Shock
from simweb.scenarios.payments.system import Blueprint, Prepared, System, refuse_overflow
from simweb.scenarios.payments.tables import Tables

WORTH_A_THREAD = 100  # days, which take a millisecond
Columns = Callable[[str], np.ndarray]


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
        self.payments, self.begins = (
            payments[begins[0] : begins[-1]],
            tables.numbers((np.asarray(begins) - begins[0]).tolist()),
        )
        self.shocks = shocks[shocks_begin[0] : shocks_begin[-1]]
        self.shocks_begin = tables.numbers((np.asarray(shocks_begin) - shocks_begin[0]).tolist())

    def __len__(self) -> int:
        return len(self.begins) - 1

    @overload
    def __getitem__(self, place: int) -> Prepared: ...
    @overload
    def __getitem__(self, place: slice) -> Days: ...
    def __getitem__(self, place: int | slice) -> Prepared | Days:
        """One day; or days that follow each other."""
        if isinstance(place, slice):
            first, last, _ = place.indices(len(self))
            edges = slice(first, max(first, last) + 1)
            return Days(self.tables, self.payments, self.begins[edges], self.shocks, self.shocks_begin[edges])
        day = range(len(self))[place]
        payments = self.payments[self.begins[day] : self.begins[day + 1]]
        return Prepared(payments, self.shocks[self.shocks_begin[day] : self.shocks_begin[day + 1]])

    def play(self, blueprint: Blueprint, bank: int) -> list[Outcome]:
        """Each day from its beginning to its end. Raises OverflowError when a cost is beyond counting."""
        if not self._is_quick(blueprint):
            return [_alone(blueprint, day, bank) for day in self]
        columns = self._together(blueprint, bank, self.tables.empty(Payment, 0))
        return list(map(Outcome, *(column.tolist() for column in columns)))

    def played(self, blueprint: Blueprint) -> Iterator[tuple[np.ndarray, Columns]]:
        """The payments as they are in the end, of all days at once or of each: in which day each is, and the columns."""
        if self._is_quick(blueprint):
            table = self.tables.copy(self.payments)
            self._together(blueprint, 0, table)
            yield np.repeat(np.arange(len(self)), np.diff(self.begins)), lambda name: table[name]
            return
        for number, day in enumerate(self):
            system = System(blueprint, day, keeps_log=False)
            system.play_all()
            yield np.full(int(system.clock.known), number), system.column

    def _is_quick(self, blueprint: Blueprint) -> bool:
        """Where payments are split, tables must grow while they are played, which compiled rules do not do."""
        return bool(len(self)) and self.tables.is_compiled and blueprint.program.most_parts == 0

    def _together(self, blueprint: Blueprint, bank: int, played: Any) -> list[np.ndarray]:
        """A part of the days on each core: compiled rules hold no lock of Python's."""
        cores = max(1, min(os.cpu_count() or 1, len(self) // WORTH_A_THREAD))
        edges = [len(self) * part // cores for part in range(cores + 1)]
        results = [self.tables.zeros(len(self)) for _ in range(3)]
        parts = [slice(*edge) for edge in pairwise(edges)]
        with ThreadPoolExecutor(cores) as threads:
            others = [
                threads.submit(self._play_part, blueprint.apart(), bank, played, part, results) for part in parts[1:]
            ]
            self._play_part(blueprint, bank, played, parts[0], results)
            for other in others:
                other.result()
        refuse_overflow({blueprint.names[bank]: int(results[0].max())}, blueprint.market.ticks - 1)
        return results

    def _play_part(self, blueprint: Blueprint, bank: int, played: Any, part: slice, results: list[Any]) -> None:
        begins, shocks_begin = (edges[part.start : part.stop + 1] for edges in (self.begins, self.shocks_begin))
        longest = part.start + int(np.argmax(np.diff(begins)))
        world = blueprint.world(self[longest], keeps_log=False)
        start = [self.tables.copy(table) for table in (world.clock, world.accounts, world.pairs)]
        costs, arrived, settled = (column[part] for column in results)
        given = (self.payments, played, begins, self.shocks, shocks_begin)
        self.tables.days.play_days(world, *start, *given, bank, costs, settled, arrived)


def drawn_days(blueprint: Blueprint, seeds: Sequence[int]) -> Days:
    """What arrives in the blueprint's market, for each seed. Policies decide nothing of it."""
    tables, arrivals = blueprint.tables, [blueprint.arrivals(seed) for seed in seeds]
    payments, shocks = tables.empty(Payment, 0), tables.empty(Shock, 0)
    if tables.is_compiled:
        payments, shocks = (
            np.concatenate((payments, *arrivals)),
            np.concatenate((shocks, *[blueprint.shocks] * len(seeds))),
        )
    else:
        payments, shocks = [*chain(*arrivals)], [*chain(*[blueprint.shocks] * len(seeds))]
    edges = [0, *accumulate(map(len, arrivals))]
    return Days(tables, payments, edges, shocks, [len(blueprint.shocks) * day for day in range(len(edges))])


def _alone(blueprint: Blueprint, day: Prepared, bank: int) -> Outcome:
    system = System(blueprint, day, keeps_log=False)
    system.play_all()
    account = system.account(bank)
    return Outcome(int(account.total_cost), int(account.arrived_count), int(account.settled_count))
