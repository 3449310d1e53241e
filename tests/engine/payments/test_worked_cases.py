"""Cases worked by hand: the arithmetic of each stands beside it. Amounts are cents."""

from __future__ import annotations

from typing import Any

import pytest

from simweb.scenarios.payments.market import (
    Amounts,
    Arrivals,
    Costs,
    Event,
    LiquiditySaving,
    Penalty,
)
from simweb.scenarios.payments.policies import read_policy
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.system import System
from tests.engine.payments.by_hand import act, bank, cost, owes, settled, system

# Liquidity saving


def test_two_banks_offset_what_they_owe_each_other_for_the_difference() -> None:
    """A owes B 500 and B owes A 450: neither can pay alone; A pays 500 − 450 = 50, all that it has."""
    owed = [owes("A", "B", 500), owes("B", "A", 450)]
    played = system([bank("A", 50), bank("B")], owed, saving=LiquiditySaving(bilateral=True, cycles=False))
    played.play_tick()
    assert settled(played) == [0, 1]
    assert played.figures("balance") == {"A": 0, "B": 50}


def test_an_offset_needs_the_whole_difference() -> None:
    """With 49 instead of 50 nothing of it settles."""
    owed = [owes("A", "B", 500), owes("B", "A", 450)]
    played = system([bank("A", 49), bank("B")], owed, saving=LiquiditySaving(bilateral=True, cycles=False))
    played.play_tick()
    assert settled(played) == []
    assert played.figures("balance") == {"A": 49, "B": 0}


def test_in_deferred_mode_the_difference_of_an_offset_is_usable_in_the_next_tick_only() -> None:
    """A's 50 go to B. B owes C 50: at once in the same tick, when credits are usable; else a tick later."""
    owed = [owes("A", "B", 500), owes("B", "A", 450), owes("B", "C", 50)]
    saving = LiquiditySaving(bilateral=True, cycles=False)
    for deferred, ticks in ((False, 1), (True, 2)):
        played = system([bank("A", 50), bank("B"), bank("C")], owed, saving=saving, deferred_crediting=deferred)
        for _ in range(ticks):
            assert settled(played) != [0, 1, 2]
            played.play_tick()
        assert settled(played) == [0, 1, 2]


def test_a_cycle_of_three_settles_at_full_unequal_values() -> None:
    """A→B 500, B→C 800, C→A 700: A gets 700 − 500 = 200, B pays 800 − 500 = 300, C gets 800 − 700 = 100. B has just 300."""
    owed = [owes("A", "B", 500), owes("B", "C", 800), owes("C", "A", 700)]
    played = system([bank("A"), bank("B", 300), bank("C")], owed, saving=LiquiditySaving(bilateral=False))
    played.play_tick()
    assert settled(played) == [0, 1, 2]
    assert played.figures("balance") == {"A": 200, "B": 0, "C": 100}


def test_a_cycle_of_which_one_bank_cannot_pay_its_net_settles_not_at_all() -> None:
    """B has 299 of the 300 that it needs."""
    owed = [owes("A", "B", 500), owes("B", "C", 800), owes("C", "A", 700)]
    played = system([bank("A"), bank("B", 299), bank("C")], owed, saving=LiquiditySaving(bilateral=False))
    played.play_tick()
    assert settled(played) == []


def test_longer_cycles_are_looked_for_up_to_the_length_of_the_file() -> None:
    """Four banks, each owing the next 100, none with money: a cycle of 4 settles if 4 are looked for, not if 3 are."""
    owed = [owes("A", "B", 100), owes("B", "C", 100), owes("C", "D", 100), owes("D", "A", 100)]
    for longest, expected in ((3, []), (4, [0, 1, 2, 3])):
        saving = LiquiditySaving(bilateral=False, longest_cycle=longest)
        played = system([bank(name) for name in "ABCD"], owed, saving=saving)
        played.play_tick()
        assert settled(played) == expected


# Credit, collateral, limits


def test_collateral_counts_without_its_haircut() -> None:
    """100 posted at a haircut of 2.5 % are worth floor(97.5) = 97; with a cap of 3 that is 100, and 101 is too much."""
    for amount, expected in ((100, [0]), (101, [])):
        pledged = bank("A", unsecured_cap=3, posted_collateral=100, haircut=0.025)
        played = system([pledged, bank("B")], [owes("A", "B", amount)])
        played.play_tick()
        assert settled(played) == expected
    assert played.figures("balance") == {"A": 0, "B": 0}


def test_a_bilateral_limit_bounds_what_goes_to_one_bank_in_a_day() -> None:
    """At most 100 a day to B: 60 go, 50 would make 110 and wait, 40 make just 100; the next day the 50 go."""
    limited = bank("A", 1_000, bilateral={"B": 100})
    owed = [owes("A", "B", 60), owes("A", "B", 50), owes("A", "B", 40), owes("A", "C", 500)]
    played = system([limited, bank("B"), bank("C")], owed, ticks=2, days=2)
    played.play_tick()
    played.play_tick()
    assert settled(played) == [0, 2, 3]
    played.play_tick()
    assert settled(played) == [0, 1, 2, 3]


def test_a_multilateral_limit_bounds_what_goes_to_all_in_a_day() -> None:
    """At most 100 a day: 60 to B and 40 to C go, 1 to B waits, though there is money for it."""
    owed = [owes("A", "B", 60), owes("A", "C", 40), owes("A", "B", 1)]
    played = system([bank("A", 1_000, multilateral=100), bank("B"), bank("C")], owed)
    played.play_tick()
    assert settled(played) == [0, 1]


def test_a_new_payment_is_settled_before_an_older_one_that_waits() -> None:
    """100 wait for money; in tick 1 the bank gets 60 and owes 50 more: the new 50 go first, and 10 are left."""
    gift = Event("DirectTransfer", 1, bank="B", other="A", amount=60)
    owed = [owes("A", "B", 100), owes("A", "B", 50, tick=1)]
    played = system([bank("A"), bank("B", 500)], owed, events=(gift,))
    played.play_tick()
    played.play_tick()
    assert settled(played) == [1]
    assert played.figures("balance") == {"A": 10, "B": 490}


# Splits


def test_a_split_makes_equal_parts_and_costs_its_friction() -> None:
    """100 in 3 parts: 33, 33, 34. With 66 two are paid at once, the last waits. Friction: 7 × (3 − 1) = 14."""
    splitting = read_policy({"payment_tree": act("Split", num_splits=3)})
    costs = Costs(0.0, 0.0, 5.0, 1.0, 1.0, 1.0, 0.0, 0.0, Penalty("fixed", 0), Penalty("fixed", 0), split_friction=7)
    owed = [owes("A", "B", 100, divisible=True)]
    played = system([bank("A", 66, policy=splitting), bank("B")], owed, costs=costs)
    played.play_tick()
    assert [int(played.payments[number].amount) for number in (1, 2, 3)] == [33, 33, 34]
    assert settled(played) == [1, 2]
    assert cost(played, "A", "split") == 14
    assert played.figures("settled_count") == {"A": 0, "B": 0}, "the whole payment is not settled yet"


def test_a_payment_that_is_not_divisible_is_held_instead_of_split() -> None:
    splitting = read_policy({"payment_tree": act("Split", num_splits=3)})
    played = system([bank("A", 66, policy=splitting), bank("B")], [owes("A", "B", 60)])
    played.play_tick()
    assert played.queue1() == [0]


# Scenario events


def test_a_direct_transfer_moves_money_past_settlement() -> None:
    """Also below zero: 30 of 10."""
    event = Event("DirectTransfer", 0, bank="A", other="B", amount=30)
    played = system([bank("A", 10), bank("B")], events=(event,))
    played.play_tick()
    assert played.figures("balance") == {"A": -20, "B": 30}


def test_a_scheduled_settlement_happens_only_if_it_can_be_paid() -> None:
    """30 of 40 go in tick 0; 30 of 10 do not in tick 1."""
    event = Event("ScheduledSettlement", 0, interval=1, bank="A", other="B", amount=30)
    played = system([bank("A", 40), bank("B")], events=(event,), deferred_crediting=True)
    played.play_tick()
    assert played.figures("balance") == {"A": 10, "B": 30}
    log = played.play_tick()
    assert [row.kind for row in log] == [codes.TRANSFER_FAILED]
    assert played.figures("balance") == {"A": 10, "B": 30}


def test_a_custom_arrival_is_a_payment_like_any_other() -> None:
    """Every 2 ticks from tick 1: in a day of 4 in ticks 1 and 3; due 5 ticks later, as nothing is said."""
    event = Event("CustomTransactionArrival", 1, interval=2, bank="A", other="B", amount=30, priority=9)
    played = system([bank("A", 100), bank("B")], events=(event,))
    played.play_all()
    told = [(int(p.arrival), int(p.deadline), int(p.priority), int(p.settled_tick)) for p in played.known_payments()]
    assert told == [(1, 6, 9, 1), (3, 8, 9, 3)]


def test_an_adjustment_of_collateral_changes_what_is_posted_and_never_below_nothing() -> None:
    """100 + 50 = 150; − 400 leaves 0."""
    events = (
        Event("CollateralAdjustment", 0, bank="A", amount=50),
        Event("CollateralAdjustment", 1, bank="A", amount=-400),
    )
    played = system([bank("A", posted_collateral=100), bank("B")], events=events)
    played.play_tick()
    assert played.figures("posted")["A"] == 150
    played.play_tick()
    assert played.figures("posted")["A"] == 0


def arriving(event: Event, **arrivals: Any) -> System:
    """1,000 payments a tick from A, to be counted."""
    one = Arrivals(**{"rate": 700.0, "amounts": Amounts("Uniform", 1, 1), "deadline": (4, 8), **arrivals})
    banks = [bank("A", 10**9, arrivals=(one,)), bank("B"), bank("C")]
    return system(banks, ticks=2, events=(event,))


def arrived(played: System, tick: int) -> list[Any]:
    return [payment for payment in played.known_payments() if payment.arrival == tick]


@pytest.mark.parametrize("kind", ["GlobalArrivalRateChange", "AgentArrivalRateChange"])
def test_a_change_of_rates_is_of_what_the_file_says(kind: Any) -> None:
    """700 a tick, halved from tick 1: 350, with a standard deviation of √350 ≈ 19."""
    played = arriving(Event(kind, 1, bank="" if kind.startswith("G") else "A", factor=0.5))
    assert abs(len(arrived(played, 0)) - 700) < 5 * 27
    assert abs(len(arrived(played, 1)) - 350) < 5 * 19


def test_a_change_of_rates_does_not_add_up() -> None:
    """Halved twice is half."""
    played = arriving(Event("GlobalArrivalRateChange", 0, interval=1, factor=0.5))
    assert abs(len(arrived(played, 1)) - 350) < 5 * 19


def test_a_change_of_a_weight_moves_payments_to_another_bank() -> None:
    """From tick 1 on nothing goes to C."""
    played = arriving(Event("CounterpartyWeightChange", 1, bank="A", other="C", factor=0.0))
    assert {int(p.receiver) for p in arrived(played, 0)} == {1, 2}
    assert {int(p.receiver) for p in arrived(played, 1)} == {1}


def test_a_change_of_deadlines_is_of_new_payments() -> None:
    """4 to 8 ticks; from tick 1 on half of each, 2 to 4; none later than the end of the run, tick 2."""
    one = Arrivals(700.0, Amounts("Uniform", 1, 1), (4, 8))
    event = Event("DeadlineWindowChange", 1, factor=0.5, second_factor=0.5)
    played = system([bank("A", 10**9, arrivals=(one,)), bank("B")], ticks=20, events=(event,))
    assert {int(p.deadline) for p in arrived(played, 0)} == {4, 5, 6, 7, 8}
    assert {int(p.deadline) - 1 for p in arrived(played, 1)} == {2, 3, 4}


# Policies


def test_a_budget_holds_back_what_goes_beyond_it() -> None:
    """A budget of 100 a tick: 60 go, 50 would make 110 and are held, 40 make just 100. In the next tick the 50 go."""
    budget = act("SetReleaseBudget", max_value_to_release=100)
    policy = read_policy({"payment_tree": act("Release"), "bank_tree": budget})
    owed = [owes("A", "B", 60), owes("A", "B", 50), owes("A", "B", 40)]
    played = system([bank("A", 1_000, policy=policy), bank("B")], owed)
    played.play_tick()
    assert (settled(played), played.queue1()) == ([0, 2], [1])
    played.play_tick()
    assert settled(played) == [0, 1, 2]


def test_a_tree_judges_all_payments_of_a_tick_by_one_snapshot() -> None:
    """With 100 both payments of 80 look affordable and are released; only one can be paid, and the other waits in Queue 2."""
    affordable = {"op": "<=", "left": {"field": "remaining_amount"}, "right": {"field": "available_liquidity"}}
    tree = {
        "type": "condition",
        "node_id": "can",
        "condition": affordable,
        "on_true": act("Release"),
        "on_false": act("Hold"),
    }
    owed = [owes("A", "B", 80), owes("A", "B", 80)]
    played = system([bank("A", 100, policy=read_policy({"payment_tree": tree})), bank("B")], owed)
    played.play_tick()
    assert (settled(played), played.queue1(), played.queue2()) == ([0], [], [1])


def test_registers_count_within_a_day_and_begin_anew() -> None:
    """Released from the third tick of each day on: ticks 2 and 3 of day one; a payment of tick 4 waits for tick 6."""
    counted = {"op": ">", "left": {"field": "bank_state_ticks"}, "right": {"value": 2}}
    tree = {
        "type": "condition",
        "node_id": "late",
        "condition": counted,
        "on_true": act("Release"),
        "on_false": act("Hold"),
    }
    add = {
        "type": "action",
        "node_id": "count",
        "action": "AddState",
        "parameters": {"key": {"value": "bank_state_ticks"}, "value": {"value": 1}},
    }
    policy = read_policy({"payment_tree": tree, "bank_tree": add})
    owed = [owes("A", "B", 10), owes("A", "B", 10, tick=4)]
    played = system([bank("A", 1_000, policy=policy), bank("B")], owed, days=2)
    played.play_all()
    assert [int(payment.settled_tick) for payment in played.known_payments()] == [2, 6]


def test_a_collateral_tree_posts_what_is_lacking_and_withdraws_what_is_not_needed() -> None:
    """A payment of 100 and nothing to pay it with: 100 are posted (haircut 0) and it is settled; the credit of 100 needs all
    of it. In tick 1 comes a gift of 40, so 60 are needed and 40 withdrawn."""
    post = {
        "type": "action",
        "node_id": "p",
        "action": "PostCollateral",
        "parameters": {"amount": {"field": "queue1_liquidity_gap"}},
    }
    take = {
        "type": "action",
        "node_id": "w",
        "action": "WithdrawCollateral",
        "parameters": {"amount": {"field": "excess_collateral"}},
    }
    policy = read_policy(
        {"payment_tree": act("Release"), "strategic_collateral_tree": post, "end_of_tick_collateral_tree": take}
    )
    gift = Event("DirectTransfer", 1, bank="B", other="A", amount=40)
    secured = bank("A", policy=policy, collateral_capacity=1_000)
    played = system([secured, bank("B")], [owes("A", "B", 100)], events=(gift,))
    played.play_tick()
    assert (settled(played), played.figures("posted")["A"]) == ([0], 100)
    played.play_tick()
    assert played.figures("posted")["A"] == 60


def test_a_payment_is_taken_back_from_queue_2_and_considered_again_in_the_next_tick() -> None:
    tree = {
        "type": "condition",
        "node_id": "waits",
        "condition": {"op": "==", "left": {"field": "is_in_queue2"}, "right": {"value": 1}},
        "on_true": act("WithdrawFromRtgs"),
        "on_false": act("Release"),
    }
    played = system([bank("A", policy=read_policy({"payment_tree": tree})), bank("B")], [owes("A", "B", 100)])
    seen = []
    for _ in range(3):
        played.play_tick()
        seen.append((played.queue1(), played.queue2()))
    assert seen == [([], [0]), ([0], []), ([], [0])]


def test_a_policy_that_divides_by_zero_holds_the_payment_and_says_so() -> None:
    """balance − 100,000 is not zero in the dry run, and zero here."""
    left = {"compute": {"op": "-", "left": {"field": "balance"}, "right": {"value": 77}}}
    ratio = {"compute": {"op": "/", "left": {"value": 1}, "right": left}}
    asked = {"op": ">", "left": ratio, "right": {"value": 0}}
    tree = {"type": "condition", "node_id": "n", "condition": asked, "on_true": act("Release"), "on_false": act("Hold")}
    policy = read_policy({"payment_tree": tree})
    played = system([bank("A", 77, policy=policy), bank("B")], [owes("A", "B", 10)])
    log = played.play_tick()
    assert [row.kind for row in log] == [codes.ARRIVED, codes.POLICY_FAULT, codes.HELD]
