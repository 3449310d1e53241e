"""Decisions as authors report them: counted exactly, kept within bounds, failures first, settled once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simweb.engine import Decision, Option, Problem, Settled
from simweb.engine.ledger import CONTEXT_CHARACTERS, Ledger


def decided(outcome: Any = "success", **more: Any) -> Decision:
    return Decision(agent=more.pop("agent", "ada"), intent="choose", outcome=outcome, **more)


def test_a_decision_becomes_plain_json() -> None:
    options = [Option("a", "go left", 0.25), Option("b")]
    entry = Ledger().enter([decided(options=options, chosen="a", context={"seen": {1, 2}}, tokens=7, quality=0.5)], [])
    [row] = entry.decisions
    assert json.loads(json.dumps(row)) == row
    assert row["options"][0] == {"id": "a", "description": "go left", "confidence": 0.25}
    assert (row["number"], row["chosen"], row["tokens"], row["quality"]) == (1, "a", 7, 0.5)
    assert row["context"] == {"seen": "{1, 2}"}


def test_all_are_counted_and_at_most_so_many_are_kept() -> None:
    ledger = Ledger(most=5)
    kept = [row["number"] for _ in range(3) for row in ledger.enter([decided(tokens=2)] * 4, []).decisions]
    assert kept == [1, 2, 3, 4, 5]
    counts = ledger.counts
    assert (counts.total, counts.successful, counts.dropped, counts.tokens, counts.agents) == (12, 12, 7, 24, 1)


def test_failures_take_the_place_of_the_newest_that_did_not_fail() -> None:
    ledger = Ledger(most=3)
    ledger.enter([decided(), decided("pending"), decided()], [])
    entry = ledger.enter([decided("failure"), decided("failure"), decided()], [])
    assert ([row["number"] for row in entry.decisions], entry.given_up) == ([4, 5], [3, 2])
    assert (ledger.counts.total, ledger.counts.failed, ledger.counts.dropped) == (6, 2, 3)


def test_an_outcome_counts_once_and_pending_is_no_failure() -> None:
    ledger = Ledger()
    ledger.enter([decided("pending", key="x"), decided("pending")], [])
    assert (ledger.counts.successful, ledger.counts.failed) == (0, 0)
    entry = ledger.enter(
        [], [Settled("x", "failure", error="no", tokens=5), Settled("x", "success"), Settled("y", "success")]
    )
    assert [(row["number"], row["outcome"], row["error"]) for row in entry.settled] == [(1, "failure", "no")]
    assert (ledger.counts.successful, ledger.counts.failed, ledger.counts.tokens) == (0, 1, 5)
    assert len(entry.doubts) == 2


def test_what_no_database_keeps_is_replaced_and_what_is_long_is_cut() -> None:
    context = {"text": "x" * 2 * CONTEXT_CHARACTERS}
    [row] = Ledger().enter([decided(agent="a\0b\ud800", context=context, reasoning="\0")], []).decisions
    assert row["agent"] == "a\ufffdb\ufffd"
    assert len(json.dumps(row["context"])) < CONTEXT_CHARACTERS + 100
    assert row["context"]["cut"].startswith('{"text": "xxx')


@pytest.mark.parametrize("context", [{"a": float("nan")}, {("a", "b"): 1}, {1: {2: 3}}])
def test_any_context_can_be_recorded(context: dict[Any, Any]) -> None:
    [row] = Ledger().enter([decided(context=context)], []).decisions
    assert json.loads(json.dumps(row["context"], allow_nan=False))


def test_a_context_that_contains_itself_can_be_recorded() -> None:
    context: dict[str, Any] = {}
    context["self"] = context
    [row] = Ledger().enter([decided(context=context)], []).decisions
    assert "self" in row["context"]["text"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: decided("perhaps"),
        lambda: decided(quality=1.5),
        lambda: Option("a", confidence=-0.1),
        lambda: Settled("a", "perhaps"),  # type: ignore[arg-type]
        lambda: Problem("bad", "It is."),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_outcome_share_or_severity_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="must"):
        wrong()


FATES = st.sampled_from(["pending", "success", "failure"])


@given(st.lists(st.lists(st.tuples(FATES, st.booleans()), max_size=6), max_size=12), st.integers(0, 8))
def test_whatever_is_decided_the_record_is_bounded_and_holds_failures_first(turns: list[Any], most: int) -> None:
    ledger, kept, fates = Ledger(most), set(), {}
    for turn in turns:
        pending = [number for number, fate in fates.items() if fate == "pending"]
        decisions = [decided(fate, key=str(len(fates) + place + 1)) for place, (fate, _) in enumerate(turn)]
        settled = [number for number, (_, settle) in zip(pending, turn, strict=False) if settle]
        entry = ledger.enter(decisions, [Settled(str(number), "failure") for number in settled])
        for decision in decisions:
            fates[len(fates) + 1] = decision.outcome
        fates.update(dict.fromkeys(settled, "failure"))
        kept = (kept | {row["number"] for row in entry.decisions}) - set(entry.given_up)
    counts = ledger.counts
    assert len(kept) == min(most, len(fates))
    assert (counts.total, counts.dropped) == (len(fates), len(fates) - len(kept))
    assert counts.failed == sum(fate == "failure" for fate in fates.values())
    assert counts.successful == sum(fate == "success" for fate in fates.values())
