"""The scenario against every published figure that needs no optimiser, and against Castro's closed form; both ways of playing."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from simweb.scenarios.payments.files.games import game_text
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.market import Market
from simweb.scenarios.payments.policies import read_policy
from simweb.scenarios.payments.rules import draws
from simweb.scenarios.payments.rules.records import Draw
from simweb.scenarios.payments.system import Blueprint, System
from simweb.scenarios.payments.tables import Tables, interpreted
from tests.engine.payments.castro import DEMANDS, DIVISIBLE, GRID, A, B
from tests.engine.payments.compiling import machine_code
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

GAMES = {number: read_scenario(game_text(f"castro-{number}")) for number in (1, 2, 3)}


@pytest.fixture(scope="module", params=["interpreted", "compiled"])
def tables(request: pytest.FixtureRequest) -> Tables:
    return interpreted() if request.param == "interpreted" else machine_code()


def stream(tables: Tables, seed: int) -> Draw:
    return Draw(*[None] * 6, tables.numbers([seed >> 32, seed & 0xFFFFFFFF]))  # type: ignore[arg-type]


def bill(tables: Tables, market: Market, fa: float, fb: float, **more: Any) -> Bill:
    costs = Blueprint(market, fractions={A: fa, B: fb}, tables=tables, **more).evaluate(42)
    return costs[A], costs[B]


def test_the_stream_is_the_published_xorshift() -> None:
    source = stream(interpreted(), 42)
    words = [draws.advance(source) for _ in range(3)]
    assert [(high << 32) + low for high, low in words] == KNOWN["xorshift_seed_42"]
    source = stream(interpreted(), 42)
    assert [draws.draw_float(source) for _ in KNOWN["reals_seed_42"]] == KNOWN["reals_seed_42"]


def test_counts_and_ranges_are_the_published_ones() -> None:
    source = stream(interpreted(), 42)
    assert [draws.draw_poisson(source, 2.0) for _ in KNOWN["poisson_2_seed_42"]] == KNOWN["poisson_2_seed_42"]
    source = stream(interpreted(), 42)
    assert [draws.draw_below(source, 100) for _ in KNOWN["range_0_100_seed_42"]] == KNOWN["range_0_100_seed_42"]


def test_the_arrivals_of_twelve_periods_are_the_published_ones(tables: Tables) -> None:
    payments = tables.readable(Blueprint(GAMES[2], tables=tables).arrivals(42))
    names = (A, B)
    first = [
        {"s": names[p.sender], "r": names[p.receiver], "amount": p.amount, "arrival": p.arrival, "deadline": p.deadline}
        for p in payments
    ]
    assert first[:12] == KNOWN["exp2_arrivals_seed_42"]
    assert (len(first), sum(p["s"] == A for p in first), sum(p["amount"] for p in first)) == (53, 25, 502_650)


@pytest.mark.parametrize("row", KNOWN["exp2_plays_seed_42"], ids=lambda row: str(row["fa"]))
def test_plays_of_twelve_periods_cost_what_is_published(tables: Tables, row: dict[str, Any]) -> None:
    blueprint = Blueprint(GAMES[2], fractions={A: row["fa"], B: row["fb"]}, tables=tables)
    system = System(blueprint, 42)
    by_kind = {bank: dict.fromkeys(("liquidity", "delay", "pen"), 0) for bank in (A, B)}
    while not system.is_over:
        system.play_tick()
        for bank, kinds in system.costs_of_tick().items():
            by_kind[bank]["liquidity"] += kinds["liquidity"]
            by_kind[bank]["delay"] += kinds["delay"]
            by_kind[bank]["pen"] += kinds["deadline"] + kinds["end_of_day"]
    for bank in (A, B):
        parts = row["breakdown"][bank]
        assert by_kind[bank] == {"liquidity": parts["liq"], "delay": parts["delay"], "pen": parts["pen"]}
    assert system.costs() == row["cost"]
    assert system.figures("balance") == row["end_balance"]
    assert len(system.queue1()) + len(system.queue2()) == row["unsettled"]


@pytest.mark.parametrize(("fraction", "costs"), [(0.05, (7975, 15342)), (0.08, (7968, 7968)), (0.5, (49800, 49800))])
def test_more_plays_of_twelve_periods(tables: Tables, fraction: float, costs: Bill) -> None:
    assert bill(tables, GAMES[2], fraction, fraction) == costs


@pytest.mark.parametrize(
    ("game", "published", "described"),
    [(1, KNOWN["exp1_costs"], EXP1_COSTS), (3, KNOWN["exp3_costs"], EXP3_COSTS)],
    ids=["two periods", "three periods"],
)
def test_costs_are_the_published_ones(
    tables: Tables, game: int, published: list[dict[str, Any]], described: Costs
) -> None:
    known = {(row["fa"], row["fb"]): (row[A], row[B]) for row in published} | described
    assert {fractions: bill(tables, GAMES[game], *fractions) for fractions in known} == known


def test_holding_a_payment_makes_both_banks_wait(tables: Tables) -> None:
    is_first = {"op": "==", "left": {"field": "system_tick_in_day"}, "right": {"value": 0}}
    tree = {
        "type": "condition",
        "node_id": "first",
        "condition": is_first,
        "on_true": {"type": "action", "node_id": "hold", "action": "Hold"},
        "on_false": {"type": "action", "node_id": "release", "action": "Release"},
    }
    policy = read_policy({"payment_tree": tree})
    assert bill(tables, GAMES[1], 0, 0.165, policies={B: policy}) == (3000, 5650)


def costs_on_the_grid(tables: Tables, market: Market) -> Costs:
    return {fractions: bill(tables, market, *fractions) for fractions in product(GRID, GRID)}


@pytest.mark.parametrize(("game", "name"), [(1, "exp1"), (3, "exp3")])
def test_there_is_one_equilibrium_on_the_grid_and_it_is_the_published_one(tables: Tables, game: int, name: str) -> None:
    assert nash(costs_on_the_grid(tables, GAMES[game])) == [tuple(KNOWN["nash_21_grid"][name])]


def test_best_responses_are_those_that_were_computed_before(tables: Tables) -> None:
    two, three = costs_on_the_grid(tables, GAMES[1]), costs_on_the_grid(tables, GAMES[3])
    for other in GRID:
        assert best_of_a(two, other) == [0.15 if other < 0.15 else 0]
        assert best_of_b(two, other) == [0.2]
        assert best_of_a(three, other) == best_of_b(three, other) == [0.4 if other < 0.2 else 0.2]


@pytest.mark.parametrize("market", [DIVISIBLE, read_scenario(game_text("castro-1-divisible"))], ids=["list", "file"])
def test_divisible_payments_cost_what_the_closed_form_says(tables: Tables, market: Market) -> None:
    costs = costs_on_the_grid(tables, market)
    for (fa, fb), bills in costs.items():
        a, b = round(fa * 100_000), round(fb * 100_000)
        assert bills == (closed_form(A, B, a, b), closed_form(B, A, b, a))
    for other in GRID:
        others = round(other * 100_000)
        for own, counterparty, best in ((A, B, best_of_a(costs, other)), (B, A, best_of_b(costs, other))):
            first, second = DEMANDS[own]
            response = first + max(second - min(others, DEMANDS[counterparty][0]), 0)
            assert [round(fraction * 100_000) for fraction in best] == [response]
    assert nash(costs) == [(0, 0.2)]
    assert costs[0, 0.2] == (0, 2000)


@pytest.mark.parametrize(
    ("fraction", "cents", "error"),
    [(0.06, 55_700, 2_400), (0.1, 22_900, 1_000), (0.14, 17_060, 410), (0.18, 18_410, 120), (0.25, 24_900, 30)],
)
def test_the_mean_cost_of_many_days_is_the_one_computed_before(fraction: float, cents: int, error: int) -> None:
    """Of a bank, over 4,000 other seeds: the two means differ by less than three of their common standard errors."""
    blueprint = Blueprint(GAMES[2], fractions={A: fraction, B: fraction}, tables=machine_code())
    bills = [sum(blueprint.evaluate(seed).values()) / 2 for seed in range(10_000, 14_000)]
    assert abs(sum(bills) / len(bills) - cents) < 3 * 2**0.5 * error
