"""Payments as something to optimise: start policies, validation, one bank alone in its sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simweb.engine import Faulty
from simweb.scenarios.optimization.constraints import ParameterRule, PolicyConstraints
from simweb.scenarios.payments.optimizing import FRACTION, MarketSubject, market_subject
from simweb.scenarios.payments.policies import named_policy
from simweb.scenarios.payments.rules.records import Payment
from simweb.scenarios.payments.sandbox import History, Met, Rules
from simweb.scenarios.payments.system import Blueprint, Prepared
from simweb.scenarios.payments.tables import interpreted
from tests.engine.payments.castro import EXP1, EXP2, EXP3, RELEASE, A, B
from tests.engine.payments.texts import SMALLEST

NARROW = PolicyConstraints(
    allowed_parameters=(ParameterRule(FRACTION, "float", 0.0, 0.6),),
    allowed_fields=("balance",),
    allowed_actions={"payment_tree": ("Release",)},
)


def subject_of(market: Any = EXP1, **more: Any) -> MarketSubject:
    return MarketSubject(market, tables=interpreted(), **more)


def releasing(fraction: float) -> dict[str, Any]:
    return {**RELEASE, "parameters": {FRACTION: fraction}}


def with_pool(**bank: Any) -> MarketSubject:
    return subject_of(replace(EXP1, banks=tuple(replace(one, **bank) for one in EXP1.banks)))


def test_a_bank_starts_with_the_files_fraction_then_its_policys_then_a_half() -> None:
    assert with_pool(fraction=0.3).start_policy(A)["parameters"] == {FRACTION: 0.3}
    assert with_pool(policy=releasing(0.7)).start_policy(A)["parameters"] == {FRACTION: 0.7}
    assert with_pool(policy=named_policy("Fifo")).start_policy(A)["parameters"] == {FRACTION: 0.5}
    assert with_pool(policy=named_policy("Fifo"), pool=None).start_policy(A) == named_policy("Fifo")


def test_what_a_person_starts_with_has_a_fraction_of_its_own() -> None:
    assert subject_of().read_policy(A, "Fifo")["parameters"] == {FRACTION: 0.5}
    assert subject_of().read_policy(A, releasing(0.1))["parameters"] == {FRACTION: 0.1}
    with pytest.raises(Faulty, match="There is no policy"):
        subject_of().read_policy(A, "Fiffo")


def test_a_policys_fraction_is_what_is_put_in_whatever_the_file_says() -> None:
    market = replace(EXP1, banks=tuple(replace(bank, fraction=0.9) for bank in EXP1.banks))
    play = subject_of(market).evaluate({A: releasing(0), B: releasing(0.2)}, 42)
    assert play.costs == {A: 0, B: 2000}
    assert play.settlement_rates == {A: 1.0, B: 1.0}


def test_what_is_left_unsettled_is_seen_in_the_rate() -> None:
    play = subject_of().evaluate({A: releasing(0), B: releasing(0.15)}, 42)
    assert play.settlement_rates == {A: 1.0, B: 0.5}


def test_with_nothing_to_pay_there_is_no_rate() -> None:
    assert subject_of(replace(EXP1, events=())).evaluate({}, 42).settlement_rates == {A: None, B: None}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (releasing(0.7), "must be at most 0.6"),
        (releasing(-0.1), "between 0 and 1"),
        ({**releasing(0.2), "payment_tree": {"type": "action", "node_id": "a", "action": "Hold"}}, "may use Release"),
        ({**releasing(0.2), "parameters": {FRACTION: 0.2, "other": 1}}, "'other' is not allowed"),
        ({**RELEASE, "parameters": {}}, "needs the parameter 'initial_liquidity_fraction'"),
        ({"payment_tree": None}, "needs a payment_tree"),
        ("Release", "A policy is an object"),
    ],
)
def test_a_policy_beyond_its_constraints_is_refused(policy: Any, message: str) -> None:
    assert message in "\n".join(map(str, subject_of().validate(A, policy, NARROW)))


def test_a_policy_within_its_constraints_is_not() -> None:
    assert subject_of().validate(A, releasing(0.6), NARROW) == []
    assert subject_of().validate(A, releasing(0.9), None) == []


def test_other_numbers_leave_the_policy_they_are_taken_from() -> None:
    first = releasing(0.2)
    assert subject_of().with_parameters(first, {FRACTION: 0.3}) == releasing(0.3)
    assert first == releasing(0.2)


def test_ticks_of_another_length_are_refused() -> None:
    with pytest.raises(Faulty, match="the scenario has 20"):
        market_subject(SMALLEST, 10, False)


def alone(subject: MarketSubject, *payments: Payment) -> int:
    """What BANK_A is charged in its sandbox with nothing of its own; numbers: BANK_A 0, SINK 1, SOURCE 2."""
    sample = Prepared(subject.tables.rows(Payment, list(payments)), [])
    [trial] = subject.try_policy(A, releasing(0), [sample])
    return trial.cost


@pytest.mark.parametrize(("deferred", "cost"), [(True, 2000), (False, 0)])
def test_in_its_sandbox_a_bank_has_the_scenarios_rule_of_crediting(deferred: bool, cost: int) -> None:
    """What comes in a tick can be used in it, or not: then the payment waits for one tick."""
    received, owed = Payment(2, 0, 10_000, 10_000, 0, 2), Payment(0, 1, 10_000, 10_000, 0, 2)
    assert alone(subject_of(replace(EXP1, deferred_crediting=deferred)), owed, received) == cost


def test_the_published_sandbox_had_no_rule_of_crediting() -> None:
    received, owed = Payment(2, 0, 10_000, 10_000, 0, 2), Payment(0, 1, 10_000, 10_000, 0, 2)
    assert alone(subject_of(EXP1, repeats_published=True), owed, received) == 0


def test_a_history_holds_what_was_paid_and_what_was_received() -> None:
    history = subject_of().history({A: releasing(0), B: releasing(0.15)}, 42)
    assert history[A] == History((Met(15_000, 5, 0, 1, 0),), (Met(15_000, 5, 0, 1, 0),))
    assert history[B].outgoing == (Met(15_000, 5, 0, 1, 0), Met(5_000, 5, 0, 1, None))
    assert history[B].incoming == (Met(15_000, 5, 0, 1, 0),)


def test_the_published_history_took_a_deadline_for_an_offset() -> None:
    history = subject_of(repeats_published=True).history({}, 42)
    assert [met.deadline_offset for met in history[A].outgoing] == [2]  # it came in tick 1


def test_samples_draw_as_much_as_was_met_within_the_day_and_repeat_themselves() -> None:
    subject = subject_of(EXP2)
    history = subject.history({}, [7])
    met = {(one.amount, one.deadline_offset) for one in history[A].outgoing}
    for sample, again in zip(
        subject.samples(history, A, range(30)), subject.samples(history, A, range(30)), strict=True
    ):
        own = [payment for payment in sample.payments if payment.sender == 0]
        assert len(own) == len(history[A].outgoing)
        assert len(sample.payments) <= len(history[A].outgoing) + len(history[A].incoming)
        assert {payment.amount for payment in own} <= {amount for amount, _ in met}
        assert all(0 <= one.arrival < 12 and one.arrival < one.deadline <= 12 for one in sample.payments)
        assert sample == again


def test_with_the_rule_of_the_end_of_day_deadlines_lie_within_it() -> None:
    days = replace(EXP3, days=2, deadline_cap_at_eod=True)
    rules, history = Rules(days, repeats_published=False), History((Met(100, 5, 0, 5, 0),) * 20, ())
    payments = rules.sample(history, A, 1, interpreted()).payments
    assert all(one.deadline <= (one.arrival // 3 + 1) * 3 for one in payments)
    free = Rules(replace(days, deadline_cap_at_eod=False), repeats_published=False)
    assert any(one.deadline > (one.arrival // 3 + 1) * 3 for one in free.sample(history, A, 1, interpreted()).payments)


def test_a_bank_may_have_the_name_of_the_source() -> None:
    banks = tuple(replace(bank, name=name) for bank, name in zip(EXP2.banks, ("SINK", "SOURCE"), strict=True))
    subject = subject_of(replace(EXP2, banks=banks))
    history = subject.history({}, [7])
    for bank in ("SINK", "SOURCE"):
        [trial] = subject.try_policy(bank, releasing(0.5), subject.samples(history, bank, [1]))
        assert trial.cost == 49_800


def test_what_is_said_beforehand_is_played_as_if_it_had_been_drawn() -> None:
    blueprint = Blueprint(EXP2, tables=interpreted())
    said = Prepared(blueprint.arrivals(5), [])
    assert Blueprint(EXP2, tables=interpreted()).evaluate(said) == blueprint.evaluate(5)
    assert [payment.remaining for payment in said.payments] == [payment.amount for payment in said.payments]
