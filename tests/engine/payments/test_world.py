"""The scenario as a run plays it: what is measured, decided, noticed and shown, whichever way the rules are played."""

from __future__ import annotations

from typing import Any

import pytest

from simweb.engine import Frame, Outcome, PlayedTurn, Spec, play
from simweb.scenarios.payments import compiled
from simweb.scenarios.payments.files.games import GAMES, game_text
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.noticing import MOST_DECISIONS
from simweb.scenarios.payments.system import KINDS
from tests.engine.payments.compiling import machine_code

KEYS = (
    "run.payments.cost",
    "run.payments.cost_by_kind",
    "run.payments.delay",
    "run.payments.liquidity_used",
    "run.payments.settled_by",
    "run.payments.settlement_rate",
    "run.payments.settlement_rates",
    "run.payments.total_cost",
    "run.payments.unsettled",
    "turn.payments.balance",
    "turn.payments.collateral",
    "turn.payments.cost",
    "turn.payments.cost_by_kind",
    "turn.payments.overdue",
    "turn.payments.queue1",
    "turn.payments.queue2",
    "turn.payments.queued",
    "turn.payments.settled",
    "turn.payments.settled_value",
    "turn.payments.throughput",
    "turn.payments.total_cost",
)
TWO = """
simulation: {ticks_per_day: 4, num_days: 1, rng_seed: 1}
agents:
  - {id: A, opening_balance: %(a)s, policy: %(policy)s}
  - {id: B, opening_balance: 0}
  - {id: C, opening_balance: 0}
lsm_config: {enable_bilateral: false, enable_cycles: false}
"""


def played(params: dict[str, Any], seed: int = 42, turns: int = 1_000) -> list[Any]:
    return list(play(Spec("payments", params, seed, turns, KEYS)))


def turns_of(messages: list[Any]) -> list[PlayedTurn]:
    return [message for message in messages if isinstance(message, PlayedTurn)]


def own(payments: str, a: int = 0, policy: str = "{type: Fifo}") -> dict[str, Any]:
    return {"game": "own", "scenario": TWO % {"a": a, "policy": policy}, "payments": payments}


def told(messages: list[Any]) -> list[tuple[str, str]]:
    return [(problem.severity, problem.description) for turn in turns_of(messages) for problem in turn.problems]


@pytest.mark.parametrize("stream", ["numpy", "xorshift64*"])
@pytest.mark.parametrize("game", [key for key in GAMES if key != "two-hundred-banks"])
def test_a_spec_has_one_fingerprint_compiled_or_interpreted(game: str, stream: str, monkeypatch: Any) -> None:
    machine_code()
    params = {"game": game, "stream": stream}
    interpreted = played(params)[-1]
    monkeypatch.setenv(compiled.SETTING, "1")
    assert compiled.is_ready()
    assert played(params)[-1] == interpreted


@pytest.mark.parametrize("game", GAMES)
def test_what_is_measured_adds_up(game: str) -> None:
    messages = played({"game": game})
    turns, outcome = turns_of(messages), messages[-1]
    assert isinstance(outcome, Outcome)
    whole = outcome.run_metrics
    costs = whole["run.payments.cost"]
    for bank, cents in costs.items():
        assert cents == sum(whole["run.payments.cost_by_kind"][f"{bank}.{kind}"] for kind in KINDS)
        assert cents == sum(turn.metrics["turn.payments.cost"][bank] for turn in turns)
    assert (
        sum(costs.values())
        == whole["run.payments.total_cost"]
        == sum(t.metrics["turn.payments.total_cost"] for t in turns)
    )
    for turn in turns:
        assert sum(turn.metrics["turn.payments.cost_by_kind"].values()) == turn.metrics["turn.payments.total_cost"]
    arrived = sum(turn.actions.get("arrive", 0) for turn in turns)
    assert whole["run.payments.settlement_rate"] == pytest.approx(1 - whole["run.payments.unsettled"] / arrived)
    assert sum(turn.metrics["turn.payments.settled"] for turn in turns) == sum(
        whole["run.payments.settled_by"].values()
    )
    assert outcome.problems == [], "no metric failed"


def test_a_run_ends_with_its_last_day() -> None:
    assert [turn.number for turn in turns_of(played({"game": "castro-3"}))] == [1, 2, 3]


def test_fractions_and_policies_replace_what_the_scenario_says() -> None:
    params = {"game": "castro-1", "fractions": {"BANK_A": 0, "BANK_B": 0.2}, "policies": {"BANK_A": "Fifo"}}
    assert played(params)[-1].run_metrics["run.payments.cost"] == {"BANK_A": 0, "BANK_B": 2000}


def test_xorshift_draws_from_the_seed_of_the_run() -> None:
    params = {"game": "castro-2", "stream": "xorshift64*", "fractions": {"BANK_A": 0.06, "BANK_B": 0.06}}
    assert played(params, seed=42)[-1].run_metrics["run.payments.cost"] == {"BANK_A": 5976, "BANK_B": 11201}


def test_a_payment_that_is_held_is_one_decision_settled_with_the_payment() -> None:
    """Due in 3 ticks, released when 1 is left: held in ticks 0 and 1, settled in tick 2."""
    messages = played(
        own("sender,receiver,amount,tick,deadline\nA,B,50,0,3", 100, "{type: Deadline, urgency_threshold: 1}")
    )
    entries = [turn.entry for turn in turns_of(messages)]
    assert [len(entry.decisions) if entry else 0 for entry in entries] == [1, 0, 0, 0]
    decision = entries[0].decisions[0]
    assert (decision["agent"], decision["chosen"], decision["outcome"]) == ("A", "hold", "pending")
    assert decision["reasoning"] == "is_expired (no) → is_urgent (no) → hold"
    assert decision["intent"] == "pay 50 cents to B (payment 0)"
    [fate] = entries[2].settled
    assert (fate["outcome"], fate["summary"]) == ("success", "Settled 2 ticks later, in time.")


def test_a_payment_that_is_held_too_long_is_a_failed_decision() -> None:
    """Due by tick 1; the policy waits for tick 2."""
    late = '{type: Inline, decision_trees: {payment_tree: {type: condition, node_id: late, condition: {op: ">", left: '
    late += "{field: current_tick}, right: {value: 1}}, on_true: {type: action, node_id: go, action: Release}, "
    late += "on_false: {type: action, node_id: wait, action: Hold}}}}"
    messages = played(own("sender,receiver,amount,tick,deadline\nA,B,50,0,1", 100, late))
    [fate] = turns_of(messages)[2].entry.settled
    assert (fate["outcome"], fate["error"]) == ("failure", "It was settled 2 ticks later, after its deadline.")


def test_a_split_names_its_parts_and_its_price() -> None:
    policy = "{type: LiquiditySplitting, max_splits: 2, min_split_amount: 10}"
    messages = played(own("sender,receiver,amount,tick,divisible\nA,B,60,0,true", 40, policy))
    [decision] = turns_of(messages)[0].entry.decisions
    assert (decision["chosen"], decision["outcome"]) == ("split", "success")
    assert decision["summary"] == "split into 2 parts, at 1,000 cents"


def test_decisions_of_a_tick_are_bounded() -> None:
    messages = played({"game": "two-hundred-banks", "policies": deadlines()})
    counts = [len(turn.entry.decisions) for turn in turns_of(messages) if turn.entry]
    assert max(counts) == MOST_DECISIONS


def deadlines() -> dict[str, Any]:
    """Many banks that hold nearly everything."""
    names = read_scenario(game_text("two-hundred-banks")).names
    return {name: {"type": "Deadline", "urgency_threshold": 1} for name in names}


def test_gridlock_is_told_when_all_could_settle_together_and_none_does() -> None:
    """A owes B, B owes C, C owes A 50 each; nobody has money."""
    ring = "sender,receiver,amount,tick\nA,B,50,0\nB,C,50,0\nC,A,50,0"
    [problem] = [description for severity, description in told(played(own(ring))) if severity == "critical"]
    assert problem.startswith(
        "Gridlock: 3 payments worth 150 cents wait in Queue 2 since tick 0, and none is settled, though all"
    )


def test_deadlock_is_told_when_liquidity_is_lacking() -> None:
    chain = "sender,receiver,amount,tick\nA,B,50,0\nB,C,50,0"
    severity, problem = told(played(own(chain)))[0]
    assert severity == "warning"
    assert problem.startswith(
        "Deadlock: 2 payments worth 100 cents wait in Queue 2 since tick 0, and none is settled; together"
    )


def test_overdue_and_unsettled_payments_are_told() -> None:
    problems = told(played(own("sender,receiver,amount,tick,deadline\nA,B,50,0,1")))
    assert problems == [
        ("warning", "A payment worth 50 cents became overdue in tick 2; the largest: payment 0, 50 cents from A to B."),
        (
            "warning",
            "A payment is not settled at the end of day 1, worth 50 cents; the largest: payment 0, 50 cents from A to B.",
        ),
    ]


def test_the_picture_has_balances_and_both_queues() -> None:
    frames = [
        message for message in played(own("sender,receiver,amount,tick\nA,B,5000,0", 300)) if isinstance(message, Frame)
    ]
    assert frames[0].view == {
        "kind": "columns",
        "legend": [],
        "labels": ["A", "B", "C"],
        "series": [
            {"name": "Balance", "heights": [300.0, 0.0, 0.0]},
            {"name": "Queue 1", "heights": [0.0, 0.0, 0.0]},
            {"name": "Queue 2", "heights": [5000.0, 0.0, 0.0]},
        ],
    }


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"game": "castro-1", "scenario": game_text("castro-1")}, 'a ready-made game is chosen: choose "own"'),
        ({"game": "castro-1", "fractions": {"BANK_X": 0.1}}, "There is no bank 'BANK_X'. Did you mean \"BANK_"),
        ({"game": "castro-1", "fractions": {"BANK_A": 1.1}}, "BANK_A: Must lie between 0 and 1."),
        (
            {"game": "own", "scenario": TWO % {"a": 0, "policy": "Fifo"}, "fractions": {"A": 0.1}},
            "A has no liquidity_pool",
        ),
        ({"game": "castro-1", "policies": {"BANK_A": "Fiffo"}}, "BANK_A.type: There is no policy"),
        ({"game": "castro-1", "payments": "sender,receiver,amount,tick\nBANK_A,BANK_B,x,0"}, "line 2, amount:"),
        ({"game": "castro-1", "payments_file": "none.csv"}, "there is no file 'none.csv'"),
    ],
)
def test_what_could_never_run_is_refused_before_it_runs(params: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match="validation error") as refused:
        played(params)
    assert expected in str(refused.value)


def test_a_cost_beyond_counting_ends_the_run_with_a_word() -> None:
    """10**12 cents × 10 a cent × 100 × 100 a tick: 10**17."""
    costs = "cost_rates: {delay_cost_per_tick_per_cent: 10, overdue_delay_multiplier: 100, deadline_penalty: 0,"
    costs += " priority_delay_multipliers: {urgent: 100, normal: 100, low: 100}}"
    params = own("sender,receiver,amount,tick,deadline\nA,B,1000000000000,0,1")
    params["scenario"] += costs
    with pytest.raises(OverflowError, match=r"The cost of A goes beyond .* lower the cost rates"):
        played(params)
