"""Optimisation as a scenario: what a run of it tells, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simweb.engine import Outcome, PlayedTurn, Spec, play
from simweb.engine.journal import Journal
from simweb.engine.messages import messages_of
from simweb.scenarios.optimization.llm.fake import FakeServer, fake_llm
from simweb.scenarios.optimization.measures import DEFAULT_KEYS
from simweb.scenarios.optimization.subjects import templates

A, B = "BANK_A", "BANK_B"


def spec(text: str, turns: int = 15, **params: Any) -> Spec:
    return Spec("optimization", {"experiment": text, **params}, 42, turns, DEFAULT_KEYS)


def played(asked: Spec) -> tuple[list[PlayedTurn], Outcome]:
    *turns, outcome = play(asked)
    assert isinstance(outcome, Outcome)
    return [turn for turn in turns if isinstance(turn, PlayedTurn)], outcome


def decisions(turn: PlayedTurn) -> list[dict[str, Any]]:
    assert turn.entry is not None
    return turn.entry.decisions


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with fake_llm() as server:
        yield server


def by_model(server: FakeServer, **replaced: str) -> str:
    text = templates()["castro-1-llm"].text.replace("http://127.0.0.1:8089/v1", server.base_url)
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text


def test_a_turn_is_an_iteration_and_a_decision_a_proposal() -> None:
    turns, outcome = played(spec(templates()["castro-1"].text))
    assert [turn.number for turn in turns] == [1, 2, 3, 4, 5, 6, 7]
    first, last = turns[0], turns[-1]
    assert first.metrics["turn.optimization.cost"] == {A: 5000, B: 5000}
    assert first.metrics["turn.optimization.parameters"] == {A: 0.5, B: 0.5}
    assert first.actions == {"accept": 2, "reject": 0, "fail": 0, "pass": 0}
    ann = decisions(first)[0]
    assert (ann["agent"], ann["chosen"], ann["outcome"]) == (A, "new", "success")
    assert [option["id"] for option in ann["options"]] == ["old", "new"]
    assert ann["summary"] == "Accepted. Saves 5,000 cents on average."
    assert turns[1].actions == {"accept": 0, "reject": 0, "fail": 0, "pass": 2}
    assert decisions(turns[1])[0]["summary"] == "Nothing was proposed."
    assert last.actions == {"accept": 0, "reject": 0, "fail": 0, "pass": 0}
    assert last.metrics["turn.optimization.total_cost"] == 2000
    assert outcome.run_metrics["run.optimization.final_cost"] == 2000
    assert outcome.output_data is not None
    assert outcome.output_data["per_agent_costs"] == {A: 0, B: 2000}


def test_the_seed_of_the_run_is_the_master_seed() -> None:
    by_chance = spec(templates()["castro-1"].text, proposer="random", max_iterations=3)
    turns, _ = played(by_chance)
    same, _ = played(spec(templates()["castro-1"].text.replace("42", "7"), proposer="random", max_iterations=3))
    assert [turn.metrics for turn in turns] == [turn.metrics for turn in same], (
        "the file's own counts for the page only"
    )
    other, _ = played(Spec(by_chance.scenario, by_chance.params, 43, 15, DEFAULT_KEYS))
    assert [turn.metrics for turn in other] != [turn.metrics for turn in turns]


def test_a_proposer_that_fails_three_times_ends_the_run_and_its_last_turn_tells_of_it(server: FakeServer) -> None:
    server.misbehaviour += ["500"] * 100
    messages = list(messages_of(spec(by_model(server, **{"max_retries: 3": "max_retries: 1"})), 100))
    *turns, failed = [message for message in messages if message["type"] in {"turn", "failed"}]
    assert failed["error"]["type"] == "ProposerFailed"
    assert [turn["number"] for turn in turns] == [1, 2]
    assert turns[-1]["actions"] == {"accept": 0, "reject": 0, "fail": 1, "pass": 0}
    assert failed["error"]["turn"] == 2
    assert "no valid proposal came for BANK_A" in turns[-1]["problems"][0]["description"]
    assert [kind for turn in turns for kind, _ in turn["journal"]] == ["checkpoint", "unfinished"]


def test_calls_of_a_model_are_told_as_they_are_made_and_a_replay_needs_no_server(server: FakeServer) -> None:
    calls: list[dict[str, Any]] = []
    asked = spec(by_model(server))
    told = list(messages_of(asked, 100, say_call=calls.append))
    assert told[-1]["type"] == "played"
    assert len(calls) == len(server.requests) > 10
    assert {call["number"] for call in calls} == {
        turn["number"] for turn in told if turn["type"] == "turn" and turn["tokens"]
    }
    server.requests.clear()
    server.misbehaviour += ["500"] * 100
    again = list(messages_of(asked, 100, Journal(calls=[call["data"] for call in calls], is_replay=True)))
    assert again[-1]["fingerprint"] == told[-1]["fingerprint"]
    assert {turn["tokens"] for turn in again if turn["type"] == "turn"} == {None}, "a replay costs nothing"
    assert server.requests == []


def test_a_replay_to_which_a_call_is_new_fails_and_shows_the_nearest(server: FakeServer) -> None:
    calls: list[dict[str, Any]] = []
    asked = spec(by_model(server))
    list(messages_of(asked, 100, say_call=calls.append))
    other = spec(by_model(server, **{"temperature: 0.5": "temperature: 0.6"}))
    *_, failed = messages_of(other, 100, Journal(calls=[call["data"] for call in calls], is_replay=True))
    assert failed["error"]["type"] == "NotRecorded"
    assert "settings.temperature: recorded" in failed["error"]["message"]


def test_gone_on_with_it_makes_only_the_calls_that_are_missing_and_pays_only_for_those(server: FakeServer) -> None:
    calls: list[dict[str, Any]] = []
    asked = spec(by_model(server))
    whole = list(messages_of(asked, 100, say_call=calls.append))
    turns = [message for message in whole if message["type"] == "turn"]
    checkpoints = [entry[1] for turn in turns[:3] for entry in turn["journal"]]
    half_done = [call for call in calls if call["number"] == 4][
        :1
    ]  # it was killed after the first call of its fourth turn
    journal = Journal(
        checkpoints,
        told_calls=[call["data"] for call in calls if call["number"] <= 3],
        calls=[call["data"] for call in half_done],
    )
    server.requests.clear()
    rest = list(messages_of(asked, 100, journal))
    assert rest[-1]["fingerprint"] == whole[-1]["fingerprint"]
    assert rest[-1]["output_data"] == whole[-1]["output_data"]
    assert len(server.requests) == len([call for call in calls if call["number"] >= 4]) - 1
    paid = [turn["tokens"] for turn in rest if turn["type"] == "turn"]
    assert paid[:3] == [None] * 3
    assert paid[3] < turns[3]["tokens"]
    assert paid[4:] == [turn["tokens"] for turn in turns[4:]]


def test_a_budget_ends_the_run_before_it_is_passed(server: FakeServer) -> None:
    text = by_model(server, **{"budget: {tokens: 2000000}": "budget: {tokens: 60000}"})
    messages = list(messages_of(spec(text), 100))
    assert messages[-1]["error"]["type"] == "BudgetExceeded"
    assert sum(turn["tokens"] or 0 for turn in messages if turn["type"] == "turn") <= 60_000
