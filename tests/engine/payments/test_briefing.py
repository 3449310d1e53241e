"""What a bank is told: the rules, its own day with every cent, the language of policies as far as it may use it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simweb.scenarios.optimization import Explained, PolicyConstraints
from simweb.scenarios.payments.market import LiquiditySaving
from simweb.scenarios.payments.optimizing import FRACTION, MarketSubject
from simweb.scenarios.payments.policies import named_policy
from simweb.scenarios.payments.policies.language import ACTIONS, fields_of
from simweb.scenarios.payments.tables import interpreted
from tests.engine.payments.castro import EXP1, EXP2, EXP3, RELEASE, A, B


def subject_of(market: Any) -> MarketSubject:
    return MarketSubject(market, tables=interpreted())


def policies(first: float, second: float) -> dict[str, Any]:
    return {A: {**RELEASE, "parameters": {FRACTION: first}}, B: {**RELEASE, "parameters": {FRACTION: second}}}


def account(market: Any, bank: str, said: dict[str, Any], seed: int = 42) -> dict[str, str]:
    return dict(subject_of(market).account_of(bank, said, seed))


def test_a_market_can_be_explained() -> None:
    assert isinstance(subject_of(EXP1), Explained)


def test_the_rules_are_those_of_the_market() -> None:
    told = subject_of(EXP1).domain()
    assert "over 1 day of 2 ticks" in told
    assert "What a bank receives it can use from the next tick on." in told
    assert "Liquidity put in from the pool costs 500 basis points of it, each tick." in told
    assert "The delay of each payment that is not settled costs 0.2 of its amount, each tick." in told
    assert "A payment that passes its deadline costs 50,000 cents, once." in told
    assert "overdraft costs" not in told
    assert "settled against each other" not in told
    other = replace(EXP1, deferred_crediting=False, saving=LiquiditySaving(bilateral=True, cycles=False))
    told = subject_of(other).domain()
    assert "it can use at once" in told
    assert "settled against each other: bilateral offsetting." in told


def test_a_bank_is_told_what_it_has() -> None:
    assert (
        account(EXP1, A, policies(0.5, 0.5))["What you have"]
        == "- Opening balance: 0 cents\n- Liquidity pool: 100,000 cents"
    )


def test_the_cost_holds_the_liquidity_that_was_put_in() -> None:
    told = account(EXP1, B, policies(0.5, 0.5))["What you were charged"]
    assert told.splitlines() == [
        "| tick | Liquidity | sum |",
        "|---|---|---|",
        "| 0 | 2,500 | 2,500 |",
        "| 1 | 2,500 | 2,500 |",
        "| all | 5,000 | 5,000 |",
    ]


def test_every_kind_of_cost_is_told_and_they_add_up() -> None:
    told = account(EXP3, A, policies(0.01, 0.3))["What you were charged"]
    assert told.splitlines()[0] == "| tick | Liquidity | Delay | sum |"
    assert told.splitlines()[-1] == "| all | 99 | 12,000 | 12,099 |"


def test_who_pays_nothing_is_told_so() -> None:
    assert account(EXP1, A, policies(0.0, 0.2))["What you were charged"] == "Nothing."


def test_a_bank_sees_its_own_day() -> None:
    lines = account(EXP1, B, policies(0.5, 0.0))["What you saw"].splitlines()
    assert lines[:4] == [
        f"tick 0: payment 1 of 15,000 cents to {A} arrived, priority 5, due by tick 1.",
        f"tick 0: payment 1 of 15,000 cents to {A}: released (release).",
        f"tick 0: payment 1 of 15,000 cents to {A} waits in Queue 2: liquidity was lacking.",
        "tick 0 ends: balance 0 cents; 15,000 cents of yours not settled.",
    ]
    assert f"tick 1: 15,000 cents received from {A}." in lines
    assert lines[-1].startswith("tick 1 ends: balance 15,000 cents")


def test_what_another_bank_does_for_itself_is_not_seen() -> None:
    lines = account(EXP1, A, policies(0.5, 0.0))["What you saw"].splitlines()
    assert [line for line in lines if B in line and "received" not in line and f"to {B}" not in line] == []
    assert not any("15,000 cents to BANK_A" in line for line in lines)


def test_its_payments_have_numbers_of_its_own() -> None:
    for bank in (A, B):
        lines = account(EXP2, bank, {}, 42)["What you saw"].splitlines()
        arrived = [line.split()[3] for line in lines if "arrived" in line]
        assert arrived == [str(number) for number in range(1, len(arrived) + 1)]


def test_a_long_day_is_cut_and_says_so() -> None:
    long = replace(EXP2, ticks_per_day=120)
    lines = account(long, A, {}, 1)["What you saw"].splitlines()
    assert len(lines) == 401
    assert lines[-1].startswith("… and ")


def test_a_day_is_played_once_for_all_banks_that_ask() -> None:
    subject = subject_of(EXP1)
    for bank in (A, B, A):
        subject.account_of(bank, policies(0.5, 0.5), 42)
    assert subject._diaries.cache_info().misses == 1


def test_a_policy_may_hold_everything_where_nothing_is_said() -> None:
    told = subject_of(EXP1).schema(None)
    for tree, actions in ACTIONS.items():
        assert tree in told
        assert all(f"- {action}" in told for action in actions)
        assert all(name in told for name in fields_of(tree))
    assert "- Split: num_splits" in told
    assert (
        "- SetReleaseBudget: max_value_to_release, optional max_per_counterparty, optional focus_counterparties" in told
    )


def test_only_what_is_allowed_is_told() -> None:
    actions = {
        "payment_tree": ("Release", "Hold"),
        "bank_tree": ("NoAction",),
        "strategic_collateral_tree": (),
        "end_of_tick_collateral_tree": (),
    }
    told = subject_of(EXP1).schema(PolicyConstraints((), ("balance", "ticks_to_deadline"), actions))
    assert "may use these actions:\n- Release: optional priority_flag\n- Hold: optional reason\n" in told
    assert "Split" not in told
    assert "collateral" not in told
    assert "every tree may read: balance, and registers" in told
    assert "only a payment_tree may read: ticks_to_deadline." in told
    assert "amount" not in told


def test_a_tree_of_a_bank_is_told_by_its_path() -> None:
    said = {**named_policy("Deadline", urgency_threshold=1), "parameters": {"urgency_threshold": 1, FRACTION: 0.5}}
    lines = account(EXP1, B, {**policies(0.5, 0.5), B: said})["What you saw"]
    assert ": held (" in lines or ": released (" in lines
