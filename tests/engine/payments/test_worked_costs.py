"""Costs worked by hand: the arithmetic of each stands beside it. Amounts are cents."""

from __future__ import annotations

import pytest

from simweb.scenarios.payments.market import (
    Costs,
    Event,
    Penalty,
)
from simweb.scenarios.payments.policies import read_policy
from simweb.scenarios.payments.system import System
from tests.engine.payments.by_hand import act, bank, cost, owes, settled, system

# Costs: each is a sum that is rounded once, half up


def charged(kind: str, played: System) -> int:
    played.play_tick()
    return cost(played, "A", kind)


def test_liquidity_is_charged_on_all_that_was_put_in() -> None:
    """floor(1,001 × 0.5) = 500 put in; 500 × 333 / 10,000 = 16.65 → 17, though nothing of it is used."""
    costs = Costs(0.0, 0.0, liquidity_bps=333.0, collateral_bps=0.0)
    assert charged("liquidity", system([bank("A", pool=1_001, fraction=0.5), bank("B")], costs=costs)) == 17


def test_an_overdraft_is_charged_by_the_thousandth_of_a_basis_point() -> None:
    """50,000 below zero × 0.7 / 10,000 = 3.5 → 4."""
    costs = Costs(overdraft_bps=0.7, delay_per_cent=0.0, collateral_bps=0.0)
    played = system([bank("A", unsecured_cap=50_000), bank("B")], [owes("A", "B", 50_000)], costs=costs)
    assert charged("overdraft", played) == 4


def test_posted_collateral_is_charged_whether_it_is_used_or_not() -> None:
    """20,000 × 1.25 / 10,000 = 2.5 → 3."""
    costs = Costs(0.0, 0.0, collateral_bps=1.25)
    assert charged("collateral", system([bank("A", posted_collateral=20_000), bank("B")], costs=costs)) == 3


def test_delay_is_charged_on_both_queues_by_priority_and_rounded_once() -> None:
    """Of priority 9 (× 1.5): 101; of 5 (× 1): 103; of 1 (× 0.5): 105; at 0.01 a cent:
    (101 × 1.5 + 103 + 105 × 0.5) × 0.01 = (151.5 + 103 + 52.5) × 0.01 = 3.07 → 3. Rounded each it would be 2 + 1 + 1 = 4."""
    costs = Costs(0.0, 0.01, urgent_multiplier=1.5, low_multiplier=0.5, collateral_bps=0.0)
    tree = act("Release")
    hold_low = {
        "type": "condition",
        "node_id": "low",
        "condition": {"op": "<", "left": {"field": "priority"}, "right": {"value": 4}},
        "on_true": act("Hold"),
        "on_false": tree,
    }
    owed = [owes("A", "B", 101, priority=9), owes("A", "B", 103), owes("A", "B", 105, priority=1)]
    played = system([bank("A", policy=read_policy({"payment_tree": hold_low})), bank("B")], owed, costs=costs)
    assert charged("delay", played) == 3
    assert (played.queue1(), played.queue2()) == ([2], [0, 1])


def test_half_a_cent_is_rounded_up() -> None:
    """50 × 0.01 = 0.5 → 1, and 49 × 0.01 = 0.49 → 0."""
    for amount, cents in ((50, 1), (49, 0)):
        costs = Costs(0.0, 0.01, collateral_bps=0.0)
        assert charged("delay", system([bank("A"), bank("B")], [owes("A", "B", amount)], costs=costs)) == cents


def test_an_overdue_payment_costs_a_penalty_once_and_then_more_each_tick() -> None:
    """100 due by tick 1, at 0.1 a cent: 10 in ticks 0 and 1; overdue in tick 2: 10 × 5 = 50 and the penalty of 200; then 50."""
    costs = Costs(0.0, 0.1, collateral_bps=0.0, deadline_penalty=Penalty("fixed", 200))
    played = system([bank("A"), bank("B")], [owes("A", "B", 100, deadline=1)], costs=costs)
    bills = []
    for _ in range(4):
        played.play_tick()
        bills.append((cost(played, "A", "delay"), cost(played, "A", "deadline")))
    assert bills == [(10, 0), (10, 0), (50, 200), (50, 0)]


def test_a_penalty_may_be_a_rate_of_the_amount_rounded_down() -> None:
    """999 × 55 / 10,000 = 5.4945 → 5."""
    costs = Costs(0.0, 0.0, collateral_bps=0.0, deadline_penalty=Penalty("rate", bps=55.0))
    played = system([bank("A"), bank("B")], [owes("A", "B", 999, deadline=1)], costs=costs)
    played.play_tick()
    played.play_tick()
    assert charged("deadline", played) == 5


def test_holding_a_payment_back_does_not_escape_the_penalty() -> None:
    costs = Costs(0.0, 0.0, collateral_bps=0.0, deadline_penalty=Penalty("fixed", 200))
    holding = read_policy({"payment_tree": act("Hold")})
    played = system([bank("A", 500, policy=holding), bank("B")], [owes("A", "B", 100, deadline=1)], costs=costs)
    played.play_tick()
    played.play_tick()
    assert charged("deadline", played) == 200


def test_what_becomes_overdue_and_is_settled_in_the_same_tick_escapes_the_penalty() -> None:
    """Due by tick 1, in tick 2 there is money: overdue, and settled in the same pass."""
    costs = Costs(0.0, 0.0, collateral_bps=0.0, deadline_penalty=Penalty("fixed", 200))
    gift = Event("DirectTransfer", 2, bank="B", other="A", amount=100)
    owed = [owes("A", "B", 100, deadline=1)]
    played = system([bank("A"), bank("B", 100)], owed, costs=costs, events=(gift,))
    played.play_tick()
    played.play_tick()
    assert charged("deadline", played) == 0
    assert int(played.payments[0].overdue) == 1
    assert settled(played) == [0]


@pytest.mark.parametrize(("deadline", "cents"), [(1, 300), (2, 300), (3, 0)])
def test_at_the_end_of_a_day_only_what_was_due_before_the_last_tick_is_penalised(deadline: int, cents: int) -> None:
    """A day of 4 ticks ends with tick 3: due by tick 2 is late, due by tick 3 is not."""
    costs = Costs(0.0, 0.0, collateral_bps=0.0, end_of_day_penalty=Penalty("fixed", 300))
    played = system([bank("A"), bank("B")], [owes("A", "B", 100, deadline=deadline)], costs=costs)
    for _ in range(3):
        assert charged("end_of_day", played) == 0
    assert charged("end_of_day", played) == cents


def test_a_penalty_at_the_end_of_a_day_may_be_a_rate() -> None:
    """1,234 × 25 / 10,000 = 3.085 → 3."""
    costs = Costs(0.0, 0.0, collateral_bps=0.0, end_of_day_penalty=Penalty("rate", bps=25.0))
    played = system([bank("A"), bank("B")], [owes("A", "B", 1_234, deadline=1)], ticks=3, costs=costs)
    played.play_tick()
    played.play_tick()
    assert charged("end_of_day", played) == 3


def test_the_costs_of_all_days_add_up() -> None:
    """Two days of 2 ticks, 1,000 put in each day, 100 bps a tick: 10 a tick, 40 in all; not 20, those of the last day."""
    costs = Costs(0.0, 0.0, collateral_bps=0.0, liquidity_bps=100.0)
    played = system([bank("A", pool=1_000), bank("B")], ticks=2, days=2, costs=costs)
    played.play_all()
    assert played.costs() == {"A": 40, "B": 0}


def test_a_dropped_payment_costs_its_penalty_and_no_more() -> None:
    costs = Costs(0.0, 0.1, collateral_bps=0.0, deadline_penalty=Penalty("fixed", 200))
    dropping = read_policy({"payment_tree": act("Drop")})
    played = system([bank("A", 500, policy=dropping), bank("B")], [owes("A", "B", 100)], costs=costs)
    assert charged("deadline", played) == 200
    assert played.costs() == {"A": 200, "B": 0}
    played.play_all()
    assert played.costs() == {"A": 200, "B": 0}


def test_what_is_borrowed_for_divisible_payments_is_charged_once_at_the_end_of_the_day() -> None:
    """60 of 100 are paid at once; 40 wait a tick at 0.2 a cent: 8; at the end of the day 40 are borrowed at 40 %: 16."""
    costs = Costs(0.0, 0.2, collateral_bps=0.0, borrowing_bps=4_000.0)
    played = system([bank("A", 60), bank("B")], [owes("A", "B", 100)], ticks=2, costs=costs, divisible_payments=True)
    assert charged("delay", played) == 8
    assert charged("end_of_day", played) == 16
    assert cost(played, "A", "delay") == 0
    assert played.figures("balance") == {"A": -40, "B": 100}
