"""The oracle against every published figure that needs no optimiser, and against Castro's closed form."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest

from simweb.scenarios.payments.market import Bank, Listed, Market
from tests.engine.payments.castro import DEMANDS, DIVISIBLE, EXP1, EXP2, EXP3, GRID, RELEASE, A, B
from tests.engine.payments.known import (
    EXP1_COSTS,
    EXP3_COSTS,
    KNOWN,
    Bill,
    Costs,
    best_of_a,
    best_of_b,
    closed_form,
    nash,
)
from tests.engine.payments.oracle import TickState, draw_xorshift, play
from tests.engine.payments.oracle_draws import Xorshift


def added_up(states: list[TickState], bank: str, *kinds: str) -> int:
    return sum(cents for state in states for kind, cents in state.costs[bank].items() if not kinds or kind in kinds)


def bill(market: Market, fa: float, fb: float, **more: Any) -> Bill:
    states = play(market, [], {A: fa, B: fb}, **more)
    return added_up(states, A), added_up(states, B)


def test_the_stream_is_the_described_xorshift() -> None:
    source = Xorshift(42)
    assert [source.next() for _ in range(3)] == KNOWN["xorshift_seed_42"]
    source = Xorshift(42)
    assert [source.real() for _ in KNOWN["reals_seed_42"]] == KNOWN["reals_seed_42"]
    assert Xorshift(0).next() == Xorshift(1).next()


def test_counts_and_ranges_are_drawn_as_described() -> None:
    source = Xorshift(42)
    assert [source.poisson(2.0) for _ in KNOWN["poisson_2_seed_42"]] == KNOWN["poisson_2_seed_42"]
    source = Xorshift(42)
    assert [source.whole(0, 99) for _ in KNOWN["range_0_100_seed_42"]] == KNOWN["range_0_100_seed_42"]


def test_the_arrivals_of_twelve_periods_are_the_published_ones() -> None:
    drawn = draw_xorshift(EXP2, 42)
    first = [
        {"s": p.sender, "r": p.receiver, "amount": p.amount, "arrival": p.tick, "deadline": p.deadline} for p in drawn
    ]
    assert first[:12] == KNOWN["exp2_arrivals_seed_42"]
    assert (len(drawn), sum(p.sender == A for p in drawn), sum(p.amount for p in drawn)) == (53, 25, 502_650)


@pytest.mark.parametrize("row", KNOWN["exp2_plays_seed_42"], ids=lambda row: str(row["fa"]))
def test_plays_of_twelve_periods_cost_what_is_published(row: dict[str, Any]) -> None:
    states = play(EXP2, draw_xorshift(EXP2, 42), {A: row["fa"], B: row["fb"]})
    for bank in (A, B):
        parts = row["breakdown"][bank]
        assert added_up(states, bank) == row["cost"][bank]
        assert added_up(states, bank, "liquidity") == parts["liq"]
        assert added_up(states, bank, "delay") == parts["delay"]
        assert added_up(states, bank, "deadline", "end_of_day") == parts["pen"]
    assert states[-1].balances == row["end_balance"]
    assert 53 - sum(len(state.settled) for state in states) == row["unsettled"]


@pytest.mark.parametrize(
    ("fraction", "costs", "unsettled"), [(0.05, (7975, 15342), 2), (0.08, (7968, 7968), 0), (0.5, (49800, 49800), 0)]
)
def test_more_plays_of_twelve_periods(fraction: float, costs: Bill, unsettled: int) -> None:
    states = play(EXP2, draw_xorshift(EXP2, 42), {A: fraction, B: fraction})
    assert (added_up(states, A), added_up(states, B)) == costs
    assert len(states[-1].queue2) == unsettled


@pytest.mark.parametrize(
    ("market", "published", "described"),
    [(EXP1, KNOWN["exp1_costs"], EXP1_COSTS), (EXP3, KNOWN["exp3_costs"], EXP3_COSTS)],
    ids=["two periods", "three periods"],
)
def test_costs_are_the_published_ones(market: Market, published: list[dict[str, Any]], described: Costs) -> None:
    known = {(row["fa"], row["fb"]): (row[A], row[B]) for row in published} | described
    assert {fractions: bill(market, *fractions) for fractions in known} == known


def test_holding_a_payment_makes_both_banks_wait() -> None:
    first = {"op": "==", "left": {"field": "system_tick_in_day"}, "right": {"value": 0}}
    hold = {"type": "action", "node_id": "hold", "action": "Hold"}
    later = {
        "type": "condition",
        "node_id": "first",
        "condition": first,
        "on_true": hold,
        "on_false": RELEASE["payment_tree"],
    }
    assert bill(EXP1, 0, 0.165, policies={B: {**RELEASE, "payment_tree": later}}) == (3000, 5650)


@cache
def costs_on_the_grid(name: str) -> Costs:
    market = {"exp1": EXP1, "exp3": EXP3, "divisible": DIVISIBLE}[name]
    return {fractions: bill(market, *fractions) for fractions in product(GRID, GRID)}


@pytest.mark.parametrize("name", ["exp1", "exp3"])
def test_there_is_one_equilibrium_and_it_is_the_published_one(name: str) -> None:
    assert nash(costs_on_the_grid(name)) == [tuple(KNOWN["nash_21_grid"][name])]


def test_best_responses_of_the_indivisible_games() -> None:
    two, three = costs_on_the_grid("exp1"), costs_on_the_grid("exp3")
    for other in GRID:
        assert best_of_a(two, other) == [0.15 if other < 0.15 else 0]
        assert best_of_b(two, other) == [0.2]
        assert best_of_a(three, other) == best_of_b(three, other) == [0.4 if other < 0.2 else 0.2]


def test_divisible_payments_cost_what_the_closed_form_says_on_the_whole_grid() -> None:
    for (fa, fb), costs in costs_on_the_grid("divisible").items():
        a, b = round(fa * 100_000), round(fb * 100_000)
        assert costs == (closed_form(A, B, a, b), closed_form(B, A, b, a))


def test_best_responses_to_divisible_payments_are_those_of_the_closed_form() -> None:
    costs = costs_on_the_grid("divisible")
    for other in GRID:
        others = round(other * 100_000)
        for own, counterparty, best in ((A, B, best_of_a(costs, other)), (B, A, best_of_b(costs, other))):
            first, second = DEMANDS[own]
            response = first + max(second - min(others, DEMANDS[counterparty][0]), 0)
            assert [round(fraction * 100_000) for fraction in best] == [response]


def test_the_equilibrium_of_divisible_payments_is_castros() -> None:
    assert nash(costs_on_the_grid("divisible")) == [(0, 0.2)]
    costs = costs_on_the_grid("divisible")
    points = {(0, 0.2): (0, 2000), (0.5, 0.5): (5000, 5000), (0, 0): (6000, 11000), (0, 0.15): (0, 3500)}
    assert {point: costs[point] for point in points} == points


def ring(ready: int) -> Market:
    """The example of 1.8: A owes B 500, B owes C 800, C owes A 700; only B has money."""
    banks = tuple(Bank(name, ready if name == "B" else 0, RELEASE) for name in "ABC")
    owed = (("A", "B", 500), ("B", "C", 800), ("C", "A", 700))
    return Market(2, 1, banks, listed=tuple(Listed(*payment, 0, 1) for payment in owed))


def test_a_cycle_of_unequal_values_needs_the_greatest_net() -> None:
    settled = play(ring(300), [], {})[0]
    assert (settled.settled, settled.balances) == ([0, 1, 2], {"A": 200, "B": 0, "C": 100})
    stuck = play(ring(299), [], {})[0]
    assert (stuck.queue2, stuck.balances) == ([0, 1, 2], {"A": 0, "B": 299, "C": 0})


def test_a_net_receiver_of_a_cycle_is_credited_at_the_end_of_a_deferred_tick() -> None:
    market = ring(300)
    one_more = Listed("A", "B", 200, 0, 1)
    at_once = play(replace(market, listed=(*market.listed, one_more)), [], {})
    later = play(replace(market, listed=(*market.listed, one_more), deferred_crediting=True), [], {})
    assert (at_once[0].settled, at_once[1].settled) == ([0, 1, 2, 3], [])
    assert (later[0].settled, later[1].settled) == ([0, 1, 2], [3])


def pair_of_debts(**limits: Any) -> Market:
    """A owes B 500 and B owes A 450; A has 50 and these limits."""
    banks = (Bank("A", 50, RELEASE, **limits), Bank("B", 0, RELEASE))
    return Market(2, 1, banks, listed=(Listed("A", "B", 500, 0, 1), Listed("B", "A", 450, 0, 1)))


@pytest.mark.parametrize("limits", [{}, {"bilateral": {"B": 500}}, {"multilateral": 500}])
def test_an_offset_needs_only_the_net(limits: dict[str, Any]) -> None:
    settled = play(pair_of_debts(**limits), [], {})[0]
    assert (settled.settled, settled.balances) == ([0, 1], {"A": 0, "B": 50})


@pytest.mark.parametrize("limits", [{"bilateral": {"B": 499}}, {"multilateral": 499}])
def test_limits_count_the_gross_sums_of_an_offset(limits: dict[str, Any]) -> None:
    assert play(pair_of_debts(**limits), [], {})[0].queue2 == [0, 1]


def test_collateral_that_covers_an_overdraft_stays_posted() -> None:
    """100 posted at a haircut of 10 % are worth 90; 45 are owed beyond the cap of 10, and 50 × 0.9 = 45 cover them."""
    amount = {"amount": {"value": 1_000}}
    withdraw = {"type": "action", "node_id": "all", "action": "WithdrawCollateral", "parameters": amount}
    tree = {**RELEASE, "end_of_tick_collateral_tree": withdraw}
    debtor = Bank("A", 0, tree, unsecured_cap=10, posted_collateral=100, haircut=0.1)
    market = Market(2, 1, (debtor, Bank("B", 0, RELEASE)), listed=(Listed("A", "B", 55, 0, 1),))
    first = play(market, [], {})[0]
    assert (first.balances["A"], first.posted["A"]) == (-55, 50)
