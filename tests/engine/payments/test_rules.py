"""The rules against the independent oracle, and compiled against interpreted, on random markets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from simweb.scenarios.payments.market import Market
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Happening
from simweb.scenarios.payments.system import KINDS, Blueprint, System
from simweb.scenarios.payments.tables import Tables, interpreted
from tests.engine.payments.compiling import machine_code
from tests.engine.payments.oracle import TickState, draw_xorshift, play
from tests.engine.payments.strategies import Game, as_listed, games, markets


def system_of(game: Game, tables: Tables) -> System:
    """The market of the game, with the payments that chance has brought as a list."""
    banks = tuple(replace(bank, arrivals=()) for bank in game.market.banks)
    brought = sorted([*game.market.listed, *map(as_listed, game.payments)], key=lambda payment: payment.tick)
    market = replace(game.market, banks=banks, listed=tuple(brought))
    blueprint = Blueprint(market, fractions=game.fractions, policies=game.policies, tables=tables)
    return System(blueprint, 1)


class Labels:
    """Numbers in the order in which payments and parts of payments appear, as the oracle gives them."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.known = int(system.clock.known)
        self.labels: dict[int, int] = {}

    def read(self, log: list[Happening]) -> None:
        for row in log:
            if row.kind == codes.ARRIVED:
                self.label(row.payment)
            elif row.kind == codes.SPLIT:
                for _ in range(row.amount):
                    self.label(self.known)
                    self.known += 1

    def label(self, number: int) -> None:
        self.labels[number] = len(self.labels)

    def state(self, log: list[Happening]) -> TickState:
        system, payments = self.system, self.system.payments
        waiting: dict[str, list[int]] = {name: [] for name in system.names}
        for number in system.queue1():
            waiting[system.names[payments[number].sender]].append(self.labels[number])
        paid = {row.payment for row in log if row.kind == codes.PAID}
        return TickState(
            system.tick - 1,
            system.figures("balance"),
            system.costs_of_tick(),
            waiting,
            [self.labels[number] for number in system.queue2()],
            sorted(self.labels[number] for number in paid if payments[number].status == codes.SETTLED),
            system.figures("posted"),
        )


def played(system: System) -> list[TickState]:
    labels, states = Labels(system), []
    while not system.is_over:
        log = system.play_tick()
        labels.read(log)
        states.append(labels.state(log))
    return states


def ordered(states: list[TickState]) -> list[TickState]:
    """The order in which the payments of a tick are settled is nobody's promise."""
    return [replace(state, settled=sorted(state.settled)) for state in states]


@settings(deadline=None, max_examples=60)
@given(games())
def test_the_rules_are_those_of_the_oracle(game: Game) -> None:
    expected = play(game.market, game.payments, game.fractions, game.policies)
    for mine, theirs in zip(played(system_of(game, interpreted())), ordered(expected), strict=True):
        assert mine == theirs


@settings(deadline=None, max_examples=60)
@given(games())
def test_compiled_rules_do_what_interpreted_ones_do(game: Game) -> None:
    plain, compiled = system_of(game, interpreted()), system_of(game, machine_code())
    of_plain, of_compiled = Labels(plain), Labels(compiled)
    while not plain.is_over:
        log = plain.play_tick()
        assert compiled.play_tick() == log
        of_plain.read(log)
        of_compiled.read(log)
        assert of_compiled.state(log) == of_plain.state(log)


@settings(deadline=None, max_examples=60)
@given(games())
def test_playing_all_at_once_gives_the_costs_of_playing_tick_by_tick(game: Game) -> None:
    at_once, by_tick = system_of(game, interpreted()), system_of(game, interpreted())
    at_once.play_all()
    total = dict.fromkeys(by_tick.names, 0)
    while not by_tick.is_over:
        by_tick.play_tick()
        for bank, kinds in by_tick.costs_of_tick().items():
            total[bank] += sum(kinds.values())
            assert all(kinds[kind] >= 0 for kind in KINDS)
    assert at_once.costs() == total


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@settings(deadline=None, max_examples=60)
@given(market=markets())
def test_xorshift_draws_what_the_description_says(compiled: bool, market: Market) -> None:
    blueprint = Blueprint(replace(market, events=changes(market), listed=()), tables=tables(compiled))
    drawn = blueprint.tables.readable(blueprint.arrivals(7))
    names = market.names
    mine = [
        (p.arrival, names[p.sender], names[p.receiver], p.amount, p.deadline, p.priority, bool(p.divisible))
        for p in drawn
    ]
    assert mine == [
        (a.tick, a.sender, a.receiver, a.amount, a.deadline, a.priority, a.divisible) for a in draw_xorshift(market, 7)
    ]


def changes(market: Market) -> tuple:
    """Without what brings payments of its own."""
    return tuple(event for event in market.events if event.kind != "CustomTransactionArrival")


def tables(compiled: bool) -> Tables:
    return machine_code() if compiled else interpreted()


@settings(deadline=None, max_examples=60)
@given(games())
def test_nothing_but_scenario_events_of_the_outside_changes_the_sum_of_all_balances(game: Game) -> None:
    """Money moves between banks only; what a day puts in from pools comes from outside, and goes back."""
    system = system_of(game, interpreted())
    pools = 0
    money = sum(bank.opening_balance for bank in game.market.banks)
    while not system.is_over:
        system.play_tick()
        pools = sum(system.figures("allocated").values())
        assert sum(system.figures("balance").values()) == money + pools


@settings(deadline=None, max_examples=60)
@given(games())
def test_every_payment_is_in_one_place_and_the_figures_of_the_queues_are_right(game: Game) -> None:
    system = system_of(game, interpreted())
    while not system.is_over:
        system.play_tick()
        payments, waiting = system.payments, (system.queue1(), system.queue2())
        assert len(set(waiting[0]) | set(waiting[1])) == len(waiting[0]) + len(waiting[1])
        for queue, status, name in zip(waiting, (codes.QUEUE_1, codes.QUEUE_2), ("queue1", "queue2"), strict=True):
            assert all(payments[number].status == status for number in queue)
            counts, values = dict.fromkeys(system.names, 0), dict.fromkeys(system.names, 0)
            for number in queue:
                counts[system.names[payments[number].sender]] += 1
                values[system.names[payments[number].sender]] += payments[number].remaining
            assert (system.figures(f"{name}_count"), system.figures(f"{name}_value")) == (counts, values)
        elsewhere = [n for n in range(system.clock.arrived) if n not in waiting[0] and n not in waiting[1]]
        over = (codes.SETTLED, codes.SPLIT_UP, codes.DROPPED)
        assert all(payments[number].status in over for number in elsewhere)


@settings(deadline=None, max_examples=60)
@given(games())
def test_a_payment_is_settled_as_a_whole_or_not_at_all(game: Game) -> None:
    system = system_of(game, interpreted())
    system.play_all()
    for payment in system.known_payments():
        if payment.status == codes.SETTLED and payment.open_parts == 0:
            assert payment.remaining == 0 or payment.parent == codes.NONE
        elif not game.market.divisible_payments:
            assert payment.remaining == payment.amount
