"""Scenario files: what is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.market import Amounts, Arrivals, Costs, Event, LiquiditySaving, Penalty, Priorities
from tests.engine.payments.texts import ARRIVALS, SMALLEST, event, fault_of, with_arrivals


def test_a_file_that_says_little_has_the_described_defaults() -> None:
    market = read_scenario(SMALLEST)
    assert (market.ticks_per_day, market.days, market.seed) == (10, 2, 7)
    assert [(bank.name, bank.opening_balance) for bank in market.banks] == [("BANK_A", 100), ("BANK_B", 200)]
    bank = market.banks[0]
    assert (bank.unsecured_cap, bank.posted_collateral, bank.haircut, bank.pool, bank.fraction) == (
        0,
        0,
        0.02,
        None,
        None,
    )
    assert market.costs == Costs()
    assert market.saving == LiquiditySaving(bilateral=True, cycles=True, longest_cycle=4, most_cycles=10)
    assert (market.deferred_crediting, market.deadline_cap_at_eod, market.divisible_payments) == (False, False, False)
    assert market.daily_reallocation
    assert not market.priority_queue


def test_every_field_of_a_bank_reaches_the_market() -> None:
    [bank, _] = read_scenario("""
simulation: {ticks_per_day: 10, num_days: 1, rng_seed: 1}
agents:
  - id: BANK_A
    opening_balance: -5000
    unsecured_cap: 1e3
    posted_collateral: 40_000
    collateral_haircut: 0.1
    max_collateral_capacity: 90000
    limits: {bilateral_limits: {BANK_B: 700}, multilateral_limit: 900}
    liquidity_pool: 100000
    liquidity_allocation_fraction: 0.25
    policy: {type: Deadline, urgency_threshold: 5}
  - {id: BANK_B, opening_balance: 0}
""").banks
    assert (bank.opening_balance, bank.unsecured_cap, bank.posted_collateral) == (-5000, 1000, 40000)
    assert (bank.haircut, bank.collateral_capacity, bank.pool, bank.fraction) == (0.1, 90000, 100000, 0.25)
    assert (bank.bilateral, bank.multilateral) == ({"BANK_B": 700}, 900)


@pytest.mark.parametrize(
    ("said", "amounts"),
    [
        ("{type: Normal, mean: 100, std_dev: 5}", Amounts("Normal", 100, 5)),
        ("{type: LogNormal, mean: 100, std_dev: 5}", Amounts("LogNormal", 100, 5)),
        ("{type: Uniform, min: 3, max: 9}", Amounts("Uniform", 3, 9)),
        ("{type: Exponential, lambda: 1e-4}", Amounts("Exponential", 0.0001)),
    ],
)
def test_amounts_are_distributed_as_the_file_says(said: str, amounts: Amounts) -> None:
    text = with_arrivals(ARRIVALS.replace("{type: LogNormal, mean: 10000, std_dev: 5000}", said))
    assert read_scenario(text).banks[0].arrivals == (Arrivals(2.5, amounts, (3, 8)),)


@pytest.mark.parametrize(
    ("said", "priorities"),
    [
        ("priority: 9", Priorities("Fixed", (9,))),
        ("priority_distribution: {type: Fixed, value: 2}", Priorities("Fixed", (2,))),
        ("priority_distribution: {type: Uniform, min: 2, max: 6}", Priorities("Uniform", (2, 6))),
        (
            "priority_distribution: {type: Categorical, values: [3, 9], weights: [1, 0.5]}",
            Priorities("Categorical", (3, 9), (1.0, 0.5)),
        ),
    ],
)
def test_priorities_are_distributed_as_the_file_says(said: str, priorities: Priorities) -> None:
    text = with_arrivals(ARRIVALS + f"      {said}\n      divisible: true\n      counterparty_weights: {{BANK_B: 2}}")
    [arrivals] = read_scenario(text).banks[0].arrivals
    assert (arrivals.priorities, arrivals.divisible, arrivals.weights) == (priorities, True, {"BANK_B": 2})


def test_bands_stand_in_the_order_urgent_normal_low_whatever_the_file_has() -> None:
    amounts = "amount_distribution: {type: Uniform, min: 1, max: 2}"
    band = "{rate_per_tick: %s, " + amounts + ", deadline_offset_min: 2, deadline_offset_max: 4}"
    text = with_arrivals(f"    arrival_bands:\n      low: {band % 3}\n      urgent: {band % 1}\n")
    arrivals = read_scenario(text).banks[0].arrivals
    assert [(one.rate, one.priorities.values, one.deadline) for one in arrivals] == [
        (1, (8, 10), (2, 4)),
        (3, (0, 3), (2, 4)),
    ]


def test_costs_are_read_with_penalties_of_both_modes_and_both_spellings_of_multipliers() -> None:
    costs = read_scenario(
        SMALLEST
        + """
divisible_payments: true
cost_rates:
  overdraft_bps_per_tick: 1
  delay_cost_per_tick_per_cent: 0.2
  collateral_cost_per_tick_bps: 3
  liquidity_cost_per_tick_bps: 83
  overdue_delay_multiplier: 2
  deadline_penalty: {mode: rate, bps_per_event: 20}
  eod_penalty_per_transaction: {mode: fixed, amount: 7}
  split_friction_cost: 11
  end_of_day_borrowing_bps: 4000
  priority_delay_multipliers: {urgent: 2, normal_multiplier: 1.5}
"""
    ).costs
    assert costs == Costs(1, 0.2, 2, 2, 1.5, 1.0, 3, 83, Penalty("rate", bps=20), Penalty("fixed", 7), 11, 4000)


def test_the_penalty_at_the_end_of_a_day_has_two_names_of_which_one_is_given() -> None:
    both = "cost_rates: {eod_penalty_per_transaction: 5, eod_penalty: 5}"
    for name in ("eod_penalty_per_transaction", "eod_penalty"):
        costs = read_scenario(SMALLEST + f"cost_rates: {{{name}: 5}}").costs
        assert costs.end_of_day_penalty == Penalty("fixed", 5)
    assert "not both" in fault_of(SMALLEST + both).message


def test_a_penalty_may_be_a_number_of_cents() -> None:
    assert read_scenario(SMALLEST + "cost_rates: {deadline_penalty: 5}").costs.deadline_penalty == Penalty("fixed", 5)


EVENTS: list[tuple[str, Mapping[str, Any], Event]] = [
    (
        "DirectTransfer",
        {"from_agent": "BANK_A", "to_agent": "BANK_B", "amount": 5},
        Event("DirectTransfer", 3, None, "BANK_A", "BANK_B", 5),
    ),
    (
        "ScheduledSettlement",
        {"from_agent": "BANK_B", "to_agent": "BANK_A", "amount": 5},
        Event("ScheduledSettlement", 3, None, "BANK_B", "BANK_A", 5),
    ),
    (
        "CustomTransactionArrival",
        {
            "from_agent": "BANK_A",
            "to_agent": "BANK_B",
            "amount": 5,
            "priority": 9,
            "deadline": 2,
            "is_divisible": "true",
        },
        Event("CustomTransactionArrival", 3, None, "BANK_A", "BANK_B", 5, priority=9, deadline=2, divisible=True),
    ),
    (
        "CollateralAdjustment",
        {"agent": "BANK_A", "delta": -5},
        Event("CollateralAdjustment", 3, bank="BANK_A", amount=-5),
    ),
    ("GlobalArrivalRateChange", {"multiplier": 2}, Event("GlobalArrivalRateChange", 3, factor=2)),
    (
        "AgentArrivalRateChange",
        {"agent": "BANK_B", "multiplier": 0.5},
        Event("AgentArrivalRateChange", 3, bank="BANK_B", factor=0.5),
    ),
    (
        "CounterpartyWeightChange",
        {"agent": "BANK_A", "counterparty": "BANK_B", "new_weight": 0.3, "auto_balance_others": "false"},
        Event("CounterpartyWeightChange", 3, bank="BANK_A", other="BANK_B", factor=0.3),
    ),
    (
        "DeadlineWindowChange",
        {"max_ticks_multiplier": 0.5},
        Event("DeadlineWindowChange", 3, factor=1, second_factor=0.5),
    ),
]


@pytest.mark.parametrize(("kind", "fields", "expected"), EVENTS, ids=[kind for kind, _, _ in EVENTS])
def test_each_kind_of_event_is_read(kind: str, fields: Mapping[str, Any], expected: Event) -> None:
    assert read_scenario(event(kind, **fields)).events == (expected,)


def test_an_event_may_happen_again_and_again() -> None:
    text = event("GlobalArrivalRateChange", multiplier=2).replace(
        "OneTime, tick: 3", "Repeating, start_tick: 4, interval: 6"
    )
    assert [(e.tick, e.interval) for e in read_scenario(text).events] == [(4, 6)]


def test_fields_without_a_value_are_fields_that_are_not_given() -> None:
    text = SMALLEST + "scenario_events:\ncost_rates:\nlsm_config:\nqueue1_ordering: ~\n"
    assert read_scenario(text) == read_scenario(SMALLEST)


def test_settings_of_other_programs_are_read_where_they_change_nothing() -> None:
    text = """
priority_mode: false
entry_disposition_offsetting: false
algorithm_sequencing: false
eod_rush_threshold: 0.8
priority_escalation: {enabled: false, curve: linear, max_boost: 3}
queue1_ordering: Fifo
"""
    assert read_scenario(SMALLEST + text) == read_scenario(SMALLEST)


def test_switches_of_the_whole_market_are_read() -> None:
    text = """
deferred_crediting: true
deadline_cap_at_eod: true
daily_liquidity_reallocation: false
queue1_ordering: priority_deadline
lsm_config: {enable_bilateral: false, enable_cycles: false, max_cycle_length: 3, max_cycles_per_tick: 100}
"""
    market = read_scenario(SMALLEST + text)
    assert (market.deferred_crediting, market.deadline_cap_at_eod, market.daily_reallocation) == (True, True, False)
    assert market.priority_queue
    assert market.saving == LiquiditySaving(False, False, 3, 100)


def test_blocks_may_be_repeated_by_anchors_aliases_and_merges() -> None:
    market = read_scenario("""
simulation: {ticks_per_day: 10, num_days: 1, rng_seed: 1}
agents:
  - &first
    id: BANK_A
    opening_balance: 5
    liquidity_pool: 70
  - {<<: *first, id: BANK_B, opening_balance: 6}
""")
    assert [(bank.name, bank.opening_balance, bank.pool) for bank in market.banks] == [
        ("BANK_A", 5, 70),
        ("BANK_B", 6, 70),
    ]


def test_a_file_as_windows_writes_it_is_read_alike() -> None:
    assert read_scenario("\ufeff" + SMALLEST.replace("\n", "\r\n")) == read_scenario(SMALLEST)
