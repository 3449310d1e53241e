"""Payments as something to optimise: start policies, validation, one bank alone in its sandbox."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean, variance
from typing import Any

import numpy as np
import pytest

from simweb.engine import Faulty
from simweb.scenarios.optimization.constraints import ParameterRule, PolicyConstraints
from simweb.scenarios.payments.days import Days
from simweb.scenarios.payments.optimizing import FRACTION, MarketSubject, market_subject
from simweb.scenarios.payments.policies import named_policy
from simweb.scenarios.payments.rules.records import Payment, Shock
from simweb.scenarios.payments.sandbox import History, Met, Rules, uncut_offsets
from simweb.scenarios.payments.system import Blueprint, Prepared
from simweb.scenarios.payments.tables import interpreted
from tests.engine.payments.castro import EXP1, EXP2, EXP3, RELEASE, A, B
from tests.engine.payments.compiling import machine_code
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


READS_ITS_FRACTION = {
    **releasing(0.2),
    "payment_tree": {
        "type": "condition",
        "node_id": "small",
        "condition": {"op": "<", "left": {"param": FRACTION}, "right": {"value": 0.1}},
        "on_true": {"type": "action", "node_id": "hold", "action": "Hold"},
        "on_false": RELEASE["payment_tree"],
    },
}


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
    rows = subject.tables.rows
    day = Days(subject.tables, rows(Payment, list(payments)), [0, len(payments)], rows(Shock, []), [0, 0])
    [trial] = subject.try_policy(A, releasing(0), day)
    return trial.cost


@pytest.mark.parametrize(("deferred", "cost"), [(True, 2000), (False, 0)])
def test_in_its_sandbox_a_bank_has_the_scenarios_rule_of_crediting(deferred: bool, cost: int) -> None:
    """What comes in a tick can be used in it, or not: then the payment waits for one tick."""
    received, owed = Payment(2, 0, 10_000, 10_000, 0, 2), Payment(0, 1, 10_000, 10_000, 0, 2)
    assert alone(subject_of(replace(EXP1, deferred_crediting=deferred)), owed, received) == cost


def test_the_published_sandbox_had_no_rule_of_crediting() -> None:
    received, owed = Payment(2, 0, 10_000, 10_000, 0, 2), Payment(0, 1, 10_000, 10_000, 0, 2)
    assert alone(subject_of(EXP1, repeats_published=True), owed, received) == 0


def met_by(subject: MarketSubject, policies: Any, bank: str) -> History:
    return subject.rules.history(subject.history(policies, [42]), bank)


def rows_of(met: Met) -> list[tuple[int, ...]]:
    """Amount, deadline offset, settlement offset; NONE is −1."""
    return list(zip(*(column.tolist() for column in (met.amount, *met[-2:])), strict=True))


def test_a_history_holds_what_was_paid_and_what_was_received() -> None:
    policies = {A: releasing(0), B: releasing(0.15)}
    of_a, of_b = (met_by(subject_of(), policies, bank) for bank in (A, B))
    assert (rows_of(of_a.outgoing), rows_of(of_a.incoming)) == ([(15_000, 1, 0)], [(15_000, 1, 0)])
    assert (rows_of(of_b.outgoing), rows_of(of_b.incoming)) == ([(15_000, 1, 0), (5_000, 1, -1)], [(15_000, 1, 0)])
    assert of_b.counts == [[2, 1]]


def test_the_published_history_took_a_deadline_for_an_offset() -> None:
    assert met_by(subject_of(repeats_published=True), {}, A).outgoing.deadline_offset == [2]  # it came in tick 1


def test_samples_draw_as_much_as_was_met_within_the_day_and_repeat_themselves() -> None:
    subject = subject_of(EXP2)
    past = subject.history({}, [7, 8])
    history = subject.rules.history(past, A)
    amounts = set(history.outgoing.amount.tolist())
    first, again = (subject.samples(past, A, range(30)) for _ in range(2))
    for number, (sample, same) in enumerate(zip(first, again, strict=True)):
        leaving, coming = history.counts[number % 2]
        own = [payment for payment in sample.payments if payment.sender == 0]
        assert len(own) == leaving
        assert len(sample.payments) <= leaving + coming
        assert {payment.amount for payment in own} <= amounts
        assert all(0 <= one.arrival < 12 and one.arrival < one.deadline <= 12 for one in sample.payments)
        assert sample == same


def test_days_may_be_taken_in_parts() -> None:
    subject = subject_of(EXP2)
    days = subject.samples(subject.history({}, [7, 8]), A, range(6))
    assert [*days[:2], *days[2:]] == list(days)
    costs = [trial.cost for part in (days, days[:2], days[2:]) for trial in subject.try_policy(A, releasing(0.1), part)]
    assert costs[:6] == costs[6:]


def test_with_the_rule_of_the_end_of_day_deadlines_lie_within_it() -> None:
    days = replace(EXP3, days=2, deadline_cap_at_eod=True)
    columns = [np.full(20, value) for value in (0, 0, 1, 100, 5, 0, 0, 5, 0)]
    met, nothing = Met(*columns), Met(*(column[:0] for column in columns))
    history = History(met, nothing, [(20, 0)])
    payments = Rules(days, repeats_published=False).days(history, A, [1], interpreted())[0].payments
    assert all(one.deadline <= (one.arrival // 3 + 1) * 3 for one in payments)
    free = Rules(replace(days, deadline_cap_at_eod=False), repeats_published=False)
    drawn = free.days(history, A, [1], interpreted())[0].payments
    assert any(one.deadline > (one.arrival // 3 + 1) * 3 for one in drawn)


def test_deadlines_that_the_end_of_the_day_cut_off_are_as_long_as_the_others() -> None:
    """Payers have three to eight ticks, all alike; half of them less, as the day ends."""
    subject = subject_of(EXP2)
    offsets = subject.rules.history(subject.history({}, range(40)), A).outgoing.deadline_offset
    share = np.bincount(offsets, minlength=9)[3:9] / len(offsets)
    assert len(offsets) > 800
    assert share.sum() == pytest.approx(1)
    assert all(abs(share - 1 / 6) < 0.04)


def test_an_offset_that_nothing_longer_is_known_of_stays() -> None:
    assert uncut_offsets(np.array([2, 2, 3]), np.array([True, False, True])).tolist() == [2, 2, 3]
    assert uncut_offsets(np.array([], dtype=int), np.array([], dtype=bool)).tolist() == []
    assert uncut_offsets(np.array([4, 2]), np.array([True, True])).tolist() == [4, 4]


def test_a_sandbox_costs_what_the_market_costs() -> None:
    """One bank alone in days drawn from what it met, and the same bank among all, on other days: within the noise of both."""
    subject = MarketSubject(EXP2, tables=machine_code())
    policies = {A: releasing(0.1), B: releasing(0.1)}
    samples = subject.samples(subject.history(policies, range(2_000)), A, range(2_000))
    alone = [trial.cost for trial in subject.try_policy(A, policies[A], samples)]
    among_all = [subject.evaluate(policies, seed).costs[A] for seed in range(2_000, 4_000)]
    noise = math.sqrt(variance(alone) / len(alone) + variance(among_all) / len(among_all))
    assert abs(fmean(alone) - fmean(among_all)) < 2.5 * noise < 6_000


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("policy", [releasing(0.08), READS_ITS_FRACTION], ids=["releases", "reads its fraction"])
def test_days_played_in_one_call_cost_what_each_costs_alone(policy: Any, published: bool) -> None:
    compiled, plain = (
        MarketSubject(EXP2, tables=tables, repeats_published=published) for tables in (machine_code(), interpreted())
    )
    seen = set()
    for fraction in (0.03, 0.12):
        tried = compiled.with_parameters(policy, {FRACTION: fraction})
        samples = [one.samples(one.history({}, [5, 6]), B, range(12)) for one in (compiled, plain)]
        together, alone = compiled.try_policy(B, tried, samples[0]), plain.try_policy(B, tried, samples[1])
        assert together == alone
        blueprint = Blueprint(compiled.rules.sandbox_of(compiled.banks[B]), policies={B: tried}, tables=machine_code())
        fresh = [blueprint.with_fractions({B: fraction}).evaluate(day)[B] for day in samples[0]]
        assert [trial.cost for trial in together] == fresh
        seen |= set(fresh)
    assert len(seen) > 3


def test_where_payments_are_split_each_day_is_played_alone() -> None:
    market = replace(
        EXP2,
        banks=tuple(
            replace(one, arrivals=tuple(replace(a, divisible=True) for a in one.arrivals)) for one in EXP2.banks
        ),
    )
    halves = {"type": "action", "node_id": "s", "action": "Split", "parameters": {"num_splits": {"value": 2}}}
    policy = {**releasing(0.1), "payment_tree": halves}
    tried = []
    for tables in (machine_code(), interpreted()):
        subject = MarketSubject(market, tables=tables)
        past = subject.history({A: policy, B: policy}, [3])
        tried.append(subject.try_policy(A, policy, subject.samples(past, A, range(4))))
    assert tried[0] == tried[1]


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
