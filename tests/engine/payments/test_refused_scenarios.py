"""Scenario files that are wrong: refused with everything that is wrong with them at once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from simweb.engine import Fault, Faulty
from simweb.scenarios.payments.files import bank_sections
from simweb.scenarios.payments.files.foreseen import expected_payments
from simweb.scenarios.payments.files.scenario_file import read_scenario
from tests.engine.payments.texts import ARRIVALS, EVENT, SMALLEST, event, fault_of, faults_of, with_arrivals


def test_all_that_is_wrong_is_told_at_once_with_path_and_line() -> None:
    faults = faults_of("""\
simulation: {ticks_per_day: 0, num_days: 010, rng_seed: 1}
deferred_crediting: yes
agents:
  - id: BANK_A
    opening_balance: 1.5
    limits: {bilateral_limits: {BANK_C: 3}}
  - id: BANK_B
scenario_events:
  - type: DirectTransfer
    sender: BANK_A
    to_agent: BANKB
    amount: -1
    schedule: {type: OneTime, tick: 1}
""")
    assert [(fault.line, fault.path) for fault in faults] == [
        (1, ("simulation", "num_days")),
        (1, ("simulation", "ticks_per_day")),
        (2, ("deferred_crediting",)),
        (5, ("agents", 0, "opening_balance")),
        (6, ("agents", 0, "limits", "bilateral_limits", "BANK_C")),
        (7, ("agents", 1, "opening_balance")),
        (9, ("scenario_events", 0, "from_agent")),
        (10, ("scenario_events", 0, "sender")),
        (11, ("scenario_events", 0, "to_agent")),
        (12, ("scenario_events", 0, "amount")),
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("cost_rate: {}", "cost_rates"),
        ("cost_rates: {delay_cost_per_tick: 1}", "delay_cost_per_tick_per_cent"),
        ("cost_rates: {end_of_day_penalty: 1}", "eod_penalty"),
        ("lsm_config: {enable_cycle: true}", "enable_cycles"),
        ("events: []", "scenario_events"),
    ],
)
def test_a_field_that_is_not_known_is_refused_with_the_one_that_was_meant(text: str, hint: str) -> None:
    assert f'Did you mean "{hint}"?' in fault_of(SMALLEST + text).message


def test_a_field_like_no_other_is_refused_with_those_that_are_known() -> None:
    message = fault_of(SMALLEST + "lsm_config: {zzz: 1}").message
    assert "enable_bilateral, enable_cycles, max_cycle_length, max_cycles_per_tick" in message


@pytest.mark.parametrize(
    ("word", "kind", "meant"),
    [
        ("agent_id", "CollateralAdjustment", "agent"),
        ("agent_id", "DirectTransfer", "from_agent"),
        ("receiver", "DirectTransfer", "to_agent"),
    ],
)
def test_words_of_other_programs_are_recognised(word: str, kind: str, meant: str) -> None:
    messages = [fault.message for fault in faults_of(event(kind, **{word: "BANK_A"}))]
    assert f'"{word}" is not a field that is known here. Did you mean "{meant}"?' in messages


@pytest.mark.parametrize(
    "text",
    [
        event("DirectTransfer", from_agent="BANK_A", to_agent="BANK_X", amount=1),
        event("CollateralAdjustment", agent="BANK_X", delta=1),
        event("CounterpartyWeightChange", agent="BANK_A", counterparty="BANK_X", new_weight=1),
        with_arrivals(ARRIVALS + "      counterparty_weights: {BANK_X: 1}"),
        with_arrivals("    limits: {bilateral_limits: {BANK_X: 1}}"),
    ],
)
def test_a_bank_that_does_not_exist_is_refused_with_the_likeliest(text: str) -> None:
    assert fault_of(text).message.startswith('There is no bank "BANK_X". Did you mean "BANK_')


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("priority_mode: true", "priority_mode"),
        ("priority_escalation: {enabled: true}", "priority_escalation"),
        ("entry_disposition_offsetting: true", "entry_disposition_offsetting"),
        ("algorithm_sequencing: true", "algorithm_sequencing"),
        ("eod_rush_threshold: 0.9", "eod_rush_threshold"),
        ("policy_feature_toggles: {include: [x]}", "policy_feature_toggles"),
        ("cost_feature_toggles: {exclude: [x]}", "cost_feature_toggles"),
    ],
)
def test_what_is_not_supported_is_named(text: str, key: str) -> None:
    fault = fault_of(SMALLEST + text)
    assert fault.path == (key,)
    assert f"Remove {key}." in fault.message


def test_balancing_other_weights_is_not_supported_and_named() -> None:
    text = event(
        "CounterpartyWeightChange", agent="BANK_A", counterparty="BANK_B", new_weight=1, auto_balance_others="true"
    )
    assert fault_of(text).path == ("scenario_events", 0, "auto_balance_others")


@pytest.mark.parametrize("policy", ["FromJson", "{type: FromJson, json_path: /home/me/policy.json}"])
def test_a_policy_on_somebodys_machine_is_refused(policy: str) -> None:
    fault = fault_of(with_arrivals(f"    policy: {policy}"))
    assert "Inline" in fault.message
    assert fault.path == ("agents", 0, "policy")


def test_faults_of_a_policy_have_their_line_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(said: Any) -> dict:
        if said["type"] == "Inline":
            raise Faulty([Fault("No such action.", ("decision_trees", "payment_tree", "action"))])
        return {}

    monkeypatch.setattr(bank_sections, "read_policy", refuse)
    tree = "        payment_tree:\n          type: action\n          action: Relese"
    policy = f"    policy:\n      type: Inline\n      decision_trees:\n{tree}"
    fault = fault_of(with_arrivals(policy))
    assert fault.path == ("agents", 0, "policy", "decision_trees", "payment_tree", "action")
    assert fault.line == 10


@pytest.mark.parametrize(
    ("arrivals", "part"),
    [
        (ARRIVALS.replace("2.5", "-1"), "from 0 to 700"),
        (ARRIVALS.replace("2.5", "701"), "from 0 to 700"),
        (ARRIVALS.replace("[3, 8]", "[8, 3]"), "least first"),
        (ARRIVALS.replace("[3, 8]", "[0, 3]"), "least first"),
        (ARRIVALS.replace("[3, 8]", "5"), "least and the greatest"),
        (ARRIVALS.replace("LogNormal", "Lognormal"), 'Did you mean "LogNormal"?'),
        (ARRIVALS.replace("mean: 10000, ", ""), '"mean" is missing'),
        (ARRIVALS + "      counterparty_weights: {BANK_B: 0}", "All weights are 0"),
        (ARRIVALS + "      counterparty_weights: {BANK_A: 1}", "its own counterparties"),
        (ARRIVALS + "      priority: 11", "from 0 to 10"),
        (ARRIVALS + "      priority: 1\n      priority_distribution: {type: Fixed, value: 1}", "not both"),
        (
            ARRIVALS + "      priority_distribution: {type: Categorical, values: [1, 2], weights: [1]}",
            "2 values and 1 weights",
        ),
        (ARRIVALS + "      priority_distribution: {type: Uniform, min: 5, max: 4}", "at least min"),
        (ARRIVALS + "    arrival_bands: {}", "not both"),
        ("    arrival_bands: {}", "at least one of urgent, normal and low"),
        ("    liquidity_allocation_fraction: 0.5", "A fraction of what?"),
        ("    liquidity_pool: 5\n    liquidity_allocation_fraction: 1.5", "from 0 to 1"),
        ("    limits: {bilateral_limits: {BANK_A: 1}}", "its own counterparties"),
        ("    collateral_haircut: 2", "from 0 to 1"),
    ],
)
def test_what_a_bank_cannot_be_is_refused(arrivals: str, part: str) -> None:
    assert any(part in fault.message for fault in faults_of(with_arrivals(arrivals)))


def test_a_bank_that_could_pay_nobody_is_refused() -> None:
    text = (
        "simulation: {ticks_per_day: 10, num_days: 2, rng_seed: 7}\nagents:\n  - id: ALONE\n    opening_balance: 1"
        + ARRIVALS
    )
    assert "no other bank to pay" in fault_of(text).message


def test_a_bank_that_an_event_leaves_with_nobody_to_pay_is_refused() -> None:
    events = EVENT.format("CounterpartyWeightChange")
    events += "    agent: BANK_A\n    counterparty: BANK_B\n    new_weight: 0"
    fault = fault_of(with_arrivals(ARRIVALS, more=events))
    assert "could pay nobody" in fault.message
    assert fault.path == ("scenario_events", 0)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (event("DirectTransfer", from_agent="BANK_A", to_agent="BANK_A", amount=1), "cannot pay itself"),
        (
            event("CounterpartyWeightChange", agent="BANK_A", counterparty="BANK_A", new_weight=1),
            "its own counterparty",
        ),
        (event("DeadlineWindowChange"), "min_ticks_multiplier, max_ticks_multiplier or both"),
        (event("DirectTransfr"), 'Did you mean "DirectTransfer"?'),
        (event("GlobalArrivalRateChange", multiplier=1).replace("tick: 3", "tick: 20"), "never happens"),
        (event("GlobalArrivalRateChange", multiplier=1).replace("OneTime", "Repeating"), "start_tick"),
        (event("CustomTransactionArrival", from_agent="BANK_A", to_agent="BANK_B", amount=1, deadline=0), "from 1 to"),
    ],
)
def test_an_event_that_cannot_be_is_refused(text: str, part: str) -> None:
    assert any(part in fault.message for fault in faults_of(text))


def test_two_banks_of_one_name_are_refused_with_both_lines() -> None:
    fault = fault_of(SMALLEST.replace("BANK_B", "BANK_A"))
    assert "line 3 already" in fault.message
    assert fault.line == 4


@pytest.mark.parametrize("name", ["5", '" A"', '""', '"A\\u0007"', "[A]", "x" * 101])
def test_a_name_that_cannot_be_shown_or_referred_to_is_refused(name: str) -> None:
    assert ("agents", 0, "id") in [fault.path for fault in faults_of(SMALLEST.replace("BANK_A", name))]


def test_borrowing_at_the_end_of_a_day_belongs_to_divisible_payments() -> None:
    fault = fault_of(SMALLEST + "cost_rates: {end_of_day_borrowing_bps: 4000}")
    assert "divisible_payments: true" in fault.message


@pytest.mark.parametrize("rate", [".inf", ".nan", "-1", "1e999", "-.INF", "nan"])
def test_a_rate_that_is_no_finite_number_from_zero_up_is_refused(rate: str) -> None:
    assert (
        fault_of(SMALLEST + f"cost_rates: {{delay_cost_per_tick_per_cent: {rate}}}").path[-1]
        == "delay_cost_per_tick_per_cent"
    )


# Limits.


def test_a_run_that_is_too_long_is_refused() -> None:
    fault = fault_of(SMALLEST.replace("num_days: 2", "num_days: 10001"))
    assert "100,010 ticks; at most 100,000" in fault.message


def test_a_run_with_too_many_payments_to_be_expected_is_refused() -> None:
    text = with_arrivals(ARRIVALS.replace("2.5", "600")).replace("num_days: 2", "num_days: 1000")
    assert "About 6,000,000 payments" in fault_of(text).message


def test_expected_payments_follow_the_changes_of_rates() -> None:
    events = "scenario_events:\n"
    for tick, multiplier in ((0, 0), (19_990, 1)):
        events += f"  - {{type: GlobalArrivalRateChange, multiplier: {multiplier}, schedule: {{type: OneTime, tick: {tick}}}}}\n"
    text = with_arrivals(ARRIVALS.replace("2.5", "600"), more=events).replace("num_days: 2", "num_days: 2000")
    assert len(read_scenario(text).events) == 2  # 10 ticks of 600


def test_a_rate_that_an_event_makes_too_great_is_refused() -> None:
    text = with_arrivals(
        ARRIVALS, more=event("AgentArrivalRateChange", agent="BANK_A", multiplier=500).removeprefix(SMALLEST)
    )
    assert "1,250 payments a tick" in fault_of(text).message


def test_events_that_happen_too_often_are_refused() -> None:
    one = (
        "  - {type: GlobalArrivalRateChange, multiplier: 1, schedule: {type: Repeating, start_tick: 0, interval: 1}}\n"
    )
    text = SMALLEST.replace("num_days: 2", "num_days: 10000") + "scenario_events:\n" + one * 6
    assert "happen 600,000 times" in fault_of(text).message


def test_payments_of_events_are_expected_too() -> None:
    text = event("CustomTransactionArrival", from_agent="BANK_A", to_agent="BANK_B", amount=1)
    text = text.replace("OneTime, tick: 3", "Repeating, start_tick: 3, interval: 2")
    assert expected_payments(read_scenario(text)) == 9


def test_too_many_banks_are_refused() -> None:
    text = "simulation: {ticks_per_day: 1, num_days: 1, rng_seed: 1}\nagents:\n" + "".join(
        f"  - {{id: B{n}, opening_balance: 0}}\n" for n in range(1001)
    )
    assert "1,001 banks; at most 1,000" in fault_of(text).message


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, here in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (BOMB, "more than 100,000 values"),
        ("x" * 500_001, "500,001 characters"),
        ("[" * 400_000, "nested"),
        ("- " * 200_000, "more than 50 levels"),
        ("a: " * 2000, "colon"),
        ("a: &a [*a]", "never end"),
        ("{a: &b {c: &d {e: *b}}}", "never end"),
    ],
    ids=["bomb", "long", "brackets", "dashes", "colons", "loop", "long loop"],
)
def test_a_file_that_is_made_to_hurt_is_refused_before_it_does(text: str, part: str) -> None:
    began = time.process_time()
    assert part in fault_of(text).message
    assert time.process_time() - began < 10  # far below what the bomb would take, far above what refusing it does


# YAML.
