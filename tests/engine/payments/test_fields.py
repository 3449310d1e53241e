"""What each field holds that a policy can read, in one situation worked by hand."""

from __future__ import annotations

import pytest

from simweb.scenarios.payments.market import Bank, Costs, LiquiditySaving, Listed, Market, Penalty
from simweb.scenarios.payments.policies import (
    named_policy,
)
from simweb.scenarios.payments.rules.fields import CODES, FIELDS, field
from simweb.scenarios.payments.system import Blueprint, System
from simweb.scenarios.payments.tables import interpreted
from tests.engine.payments.test_policies import HOLD, RELEASE, asking, policy


@pytest.fixture(scope="module")
def situation() -> System:
    """Tick 6 of days of 5 (tick 1 of day 1), before it is played. A has paid C 30 and 25, so it is 55 below zero, of 20 +
    floor(50 × 0.9) = 65 that are allowed; 40 to B wait in Queue 2, 12 are held in Queue 1; B owes A 500, which waits, too."""
    held = asking({"op": "<=", "left": {"field": "priority"}, "right": {"value": 3}}, yes=HOLD, no=RELEASE)
    a = Bank("A", 0, policy(held), unsecured_cap=20, posted_collateral=50, haircut=0.1, collateral_capacity=200)
    release = named_policy("Fifo")
    payments = (
        Listed("A", "C", 30, 0, 20, 9),
        Listed("A", "B", 40, 5, 6, 9),
        Listed("A", "C", 25, 5, 5, 5),
        Listed("B", "A", 500, 5, 9),
        Listed("A", "B", 12, 5, 8, 2),
    )
    costs = Costs(
        0.7, 0.02, collateral_bps=0.3, deadline_penalty=Penalty("fixed", 77), end_of_day_penalty=Penalty("rate", bps=5)
    )
    saving = LiquiditySaving(bilateral=False, cycles=False)
    banks = (a, Bank("B", 0, release), Bank("C", 0, release))
    market = Market(5, 2, banks, costs, saving, listed=payments)
    played = System(Blueprint(market, tables=interpreted()), 1)
    for _ in range(6):
        played.play_tick()
    return played


OF_THE_BANK = {
    "balance": -55,
    "credit_limit": 20,
    "unsecured_cap": 20,
    "available_liquidity": 10,
    "effective_liquidity": 10,
    "credit_used": 55,
    "credit_headroom": -35,
    "is_using_credit": 1,
    "liquidity_buffer": 0,
    "liquidity_pressure": 55 / 65,
    "is_overdraft_capped": 1,
    "outgoing_queue_size": 1,
    "queue1_total_value": 12,
    "queue1_liquidity_gap": 2,
    "headroom": -2,
    "incoming_expected_count": 1,
    "rtgs_queue_size": 2,
    "queue2_size": 2,
    "rtgs_queue_value": 540,
    "queue2_count_for_agent": 1,
    "queue2_nearest_deadline": 6,
    "ticks_to_nearest_queue2_deadline": 0,
    "posted_collateral": 50,
    "max_collateral_capacity": 200,
    "remaining_collateral_capacity": 150,
    "collateral_utilization": 0.25,
    "collateral_haircut": 0.1,
    "allowed_overdraft_limit": 65,
    "overdraft_headroom": 10,
    "overdraft_utilization": 55 / 65,
    "required_collateral_for_usage": 35 / 0.9,
    "excess_collateral": 50 - 35 / 0.9,
    "cost_overdraft_bps_per_tick": 0.7,
    "cost_delay_per_tick_per_cent": 0.02,
    "cost_collateral_bps_per_tick": 0.3,
    "cost_split_friction": 1000,
    "cost_deadline_penalty": 77,
    "cost_eod_penalty": 0,
    "current_tick": 6,
    "system_ticks_per_day": 5,
    "system_current_day": 1,
    "system_tick_in_day": 1,
    "ticks_remaining_in_day": 3,
    "day_progress_fraction": 0.2,
    "is_eod_rush": 0,
    "total_agents": 3,
    "system_queue2_pressure_index": 540 / (540 + 10 + 0 + 55),
    "my_throughput_fraction_today": 25 / 77,
    "expected_throughput_fraction_by_now": 0.2,
    "throughput_gap": 25 / 77 - 0.2,
}
OF_THE_PAYMENT = {
    "amount": 40,
    "remaining_amount": 40,
    "settled_amount": 0,
    "arrival_tick": 5,
    "deadline_tick": 6,
    "priority": 9,
    "is_split": 0,
    "is_past_deadline": 0,
    "is_overdue": 0,
    "is_in_queue2": 1,
    "overdue_duration": 0,
    "ticks_to_deadline": 0,
    "queue_age": 1,
    "cost_delay_this_tx_one_tick": 0.8,
    "cost_overdraft_this_amount_one_tick": 0.0028,
    "tx_counterparty_id": 1,
    "my_q2_out_value_to_counterparty": 40,
    "my_q2_in_value_from_counterparty": 500,
    "my_bilateral_net_q2": -460,
    **{f"my_q2_out_value_top_{place}": 40 if place == 1 else 0 for place in range(1, 6)},
    **{f"my_q2_in_value_top_{place}": 500 if place == 1 else 0 for place in range(1, 6)},
    **{f"my_bilateral_net_q2_top_{place}": -460 if place == 1 else 0 for place in range(1, 6)},
    **{f"top_cpty_{place}_id_hash": 1 if place == 1 else -1 for place in range(1, 6)},
}


def test_every_field_is_tried() -> None:
    assert set(OF_THE_BANK) | set(OF_THE_PAYMENT) == set(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_has_the_value_that_was_worked_out(situation: System, name: str) -> None:
    expected = {**OF_THE_BANK, **OF_THE_PAYMENT}[name]
    assert field(situation.world, CODES[name], 0, 1) == pytest.approx(expected, rel=1e-12), name
