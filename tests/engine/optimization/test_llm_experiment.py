"""Experiments in which a model proposes: from the file to the result, over HTTP, and from recordings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.exceptions import ModelHTTPError

from simweb.engine import Amount, Budget, BudgetExceeded, Faulty, NotRecorded, Recording, use_recording
from simweb.engine.secrets import MASK
from simweb.scenarios.optimization import (
    ExperimentConfig,
    ExperimentResult,
    GenericExperimentRunner,
    LiveStateProvider,
    OptimizationLoop,
    ProposerFailed,
    proposer_of,
)
from simweb.scenarios.optimization.checkpoint import read_checkpoint, write_checkpoint
from simweb.scenarios.optimization.llm.fake import FakeServer, fake_llm
from simweb.scenarios.payments.files.games import game_text
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.optimizing import FRACTION, MarketSubject
from simweb.scenarios.payments.tables import interpreted
from tests.engine.optimization.models import Answering
from tests.engine.optimization.models import proposer_of as asking
from tests.engine.optimization.toy import Toy, experiment, policy

LLM = '{model: "openai:gpt-5.2", max_tokens: 1000}'
SUBJECT = MarketSubject(read_scenario(game_text("castro-1")), tables=interpreted())


@pytest.fixture(autouse=True)
def recording() -> Iterator[Recording]:
    mine = Recording()
    with use_recording(mine):
        yield mine


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_llm() as serving:
        yield serving


def exp1(server: FakeServer, **more: Any) -> ExperimentConfig:
    text = f"""\
name: exp1
scenario: game.yaml
evaluation: {{mode: deterministic, ticks: 2}}
convergence: {{max_iterations: {more.get("iterations", 25)}}}
llm: {{model: "openai:fake", base_url: "{server.base_url}", max_retries: 2}}
policy_constraints:
  allowed_parameters: [{{name: {FRACTION}, param_type: float, min_value: 0.0, max_value: 1.0}}]
  allowed_fields: [system_tick_in_day, balance, ticks_to_deadline]
  allowed_actions: {{payment_tree: [Release, Hold], bank_tree: [NoAction]}}
optimized_agents: [BANK_A, BANK_B]
"""
    return ExperimentConfig.from_text(text, {"game.yaml": game_text("castro-1")})


def run(config: ExperimentConfig, **more: Any) -> ExperimentResult:
    return asyncio.run(GenericExperimentRunner(config, subject=SUBJECT, **more).run())


def told(result: ExperimentResult) -> str:
    """All that came of it, as bytes would have it."""
    return json.dumps([result.as_json(), [record.as_json() for record in result.iterations]])


def replay(recording: Recording) -> Any:
    written = json.dumps(recording.as_json())
    return use_recording(Recording.from_json(json.loads(written), "replay"))


def test_an_experiment_asks_a_server_and_finds_the_equilibrium(server: FakeServer) -> None:
    result = run(exp1(server))
    assert result.converged
    assert result.per_agent_costs == {"BANK_A": 0, "BANK_B": 2000}
    assert [said["parameters"][FRACTION] for said in result.final_policies.values()] == [0, 0.2]
    [made] = result.iterations[0].proposals[0].interactions
    assert (made.agent, made.iteration, made.attempt, made.model) == ("BANK_A", 1, 1, "openai:fake")
    assert made.tokens == result.iterations[0].proposals[0].tokens > 500  # type: ignore[operator]
    assert (made.cost_usd, made.error) == (None, "")  # nobody has a price for it
    assert made.latency_ms > 0


def test_a_run_is_played_again_from_its_recording_without_a_server(recording: Recording) -> None:
    with fake_llm() as server:
        config = exp1(server, iterations=3)
        made = run(config)
    with replay(recording):
        assert told(run(config)) == told(made)


def test_killed_at_any_iteration_and_gone_on_it_is_the_same(recording: Recording, tmp_path: Path) -> None:
    with fake_llm() as server:
        config = exp1(server, iterations=4)
        whole = tmp_path / "whole.json"
        made = run(config, checkpoint=whole)
    for stop in range(len(made.iterations)):
        path = tmp_path / f"{stop}.json"
        path.write_text(write_checkpoint(config, made.iterations[:stop]))
        with replay(recording):
            assert told(run(config, checkpoint=path)) == told(made), f"stopped after {stop}"
        assert path.read_bytes() == whole.read_bytes()


def test_a_run_that_goes_on_live_does_not_ask_again_what_is_recorded(recording: Recording, tmp_path: Path) -> None:
    """Killed within an iteration: its calls are recorded, though its checkpoint is not."""
    path = tmp_path / "checkpoint.json"
    with fake_llm() as server:
        config = exp1(server, iterations=4)
        whole = run(config)
        of_third = [entry for entry in recording.entries if "Iteration 3 of" in str(entry.request)]
        path.write_text(write_checkpoint(config, whole.iterations[:1]))
        server.requests.clear()
        with use_recording(Recording(of_third)):
            gone_on = run(config, checkpoint=path)
        assert len(server.requests) == 2
    assert gone_on.as_json() == whole.as_json()


def test_a_key_that_a_server_echoes_is_in_no_result_and_no_recording(
    server: FakeServer, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "planted-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    server.misbehaviour.append("echo")
    result = run(exp1(server, iterations=2))
    assert result.iterations[0].proposals[0].reasoning == f"You came with {MASK}"
    assert key not in json.dumps(recording.as_json()) + told(result)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ("429", "429"),
        ("500", "500"),
        ("not-json", "Error|Behavior|html"),
        ("wrong-shape", "The answer has no policy"),
        ("empty", "The answer is empty"),
    ],
)
def test_what_a_server_does_wrong_is_told_and_tried_again(server: FakeServer, wrong: Any, error: str) -> None:
    server.misbehaviour.append(wrong)
    config = exp1(server, iterations=2)
    loop = OptimizationLoop(config, SUBJECT, _hasty(config))
    first, second = loop.run().iterations[0].proposals[0].interactions
    assert first.policy is None
    assert any(part in first.error for part in error.split("|"))
    assert first.error[:40] in second.user_prompt
    assert second.policy is not None


def _hasty(config: ExperimentConfig) -> Any:
    """The proposer of the experiment, that does not wait before it tries again."""
    proposer = proposer_of(config)

    async def pause(seconds: float) -> None:
        return None

    proposer.client._pause = pause  # type: ignore[attr-defined]
    return proposer


def test_a_server_that_takes_too_long_is_not_waited_for(server: FakeServer) -> None:
    server.misbehaviour.append("slow")
    config = exp1(server, iterations=2)
    assert config.llm is not None
    hasty = replace(config, llm=replace(config.llm, timeout_seconds=1))
    first, second = run(hasty).iterations[0].proposals[0].interactions
    assert "Timeout" in first.error
    assert 900 < first.latency_ms < 20_000
    assert second.policy is not None


def test_nobody_answers() -> None:
    with fake_llm() as server:
        config = exp1(server)
    with pytest.raises(ProposerFailed, match="onnect"):
        run(config)


def toy_loop(answering: Answering, **more: Any) -> OptimizationLoop:
    config = experiment(llm=LLM, proposer="{kind: llm}", **more)
    return OptimizationLoop(config, Toy(), asking(answering, config))


def test_all_attempts_of_a_turn_are_in_its_record_and_in_the_checkpoint() -> None:
    loop = toy_loop(Answering("Hm.", ModelHTTPError(400, "m"), policy(0.5)))
    record = next(loop.iterations())
    asked = record.proposals[0]
    assert [one.attempt for one in asked.interactions] == [1, 2, 3]
    assert [bool(one.error) for one in asked.interactions] == [True, True, False]
    assert (asked.attempts, asked.accepted, asked.tokens) == (3, True, 240)
    assert asked.cost_usd == pytest.approx(2 * 0.000455)
    assert asked.latency_ms == sum(one.latency_ms for one in asked.interactions)
    [again] = read_checkpoint(loop.config, write_checkpoint(loop.config, loop.records))
    assert again == record
    assert again.as_json() == record.as_json()


def test_a_proposal_that_the_subject_refuses_is_told_to_the_model() -> None:
    model = Answering(policy(3.0), policy(0.5))
    record = next(toy_loop(model).iterations())
    assert "- x: x must be from 0 to 1." in model.prompts[1][1]
    first, second = record.proposals[0].interactions
    assert (first.policy, first.error, second.policy) == (policy(3.0), "", policy(0.5))
    assert record.proposals[0].faults == ("x: x must be from 0 to 1.",)


def test_a_turn_without_a_usable_answer_fails_with_all_it_was_told() -> None:
    loop = toy_loop(Answering("never"))
    record = next(loop.iterations())
    for proposal in record.proposals:
        assert proposal.failure.startswith("The answer is not JSON")
        assert len(proposal.interactions) == proposal.attempts == 3
    with pytest.raises(ProposerFailed):
        loop.run()


def test_interactions_are_events() -> None:
    loop = toy_loop(Answering("Hm.", policy(0.5)))
    next(loop.iterations())
    provider = loop.provider
    assert isinstance(provider, LiveStateProvider)
    assert [event.event_type for event in provider.events_of(1)] == [
        "iteration_start",
        "evaluation",
        "llm_error",
        "llm_interaction",
        "policy_change",
        "llm_interaction",
        "policy_change",
        "iteration_metrics",
    ]
    assert provider.events_of(1)[2].data["raw_answer"] == "Hm."
    assert "interactions" not in provider.events_of(1)[4].data


def test_the_model_is_told_what_came_of_its_proposals() -> None:
    model = Answering(policy(0.5), policy(0.6), policy(0.4))
    loop = toy_loop(model, optimized_agents="[ANN]")
    loop.run()
    assert "This is the first iteration." in model.prompts[0][1]
    last = model.prompts[-1][1]
    assert "| 1 | 6,000 | x 0.9 | x 0.5 | accepted | 4,000 | Saves 4,000 cents on average. |" in last
    assert "| 2 | 2,000 (best) | x 0.5 | x 0.6 | rejected | -1,000 | Costs 1,000 cents more on average. |" in last
    assert "Iteration 3 of at most 4.\nYour cost: 2,000 cents (one play).\nYour parameters: x 0.5." in last


def test_without_constraints_no_call_is_made(recording: Recording) -> None:
    text = experiment(llm=LLM, proposer="{kind: llm}", convergence="{max_iterations: 2}")
    config = replace(text, policy_constraints=None)
    record = next(OptimizationLoop(config, Toy(), proposer_of(config)).iterations())
    assert [one.policy for one in record.proposals] == [None, None]
    assert "no policy_constraints" in record.proposals[0].reasoning
    assert record.proposals[0].tokens is None
    assert not record.has_failed
    assert recording.entries == []


class Counting(Budget):
    """A budget that lets so many calls be made."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    def reserve(self, most: Amount) -> Amount:
        if not self.calls:
            self.tokens = self.spent.tokens
        self.calls -= 1
        return super().reserve(most)


@pytest.mark.parametrize("calls", [0, 1, 2, 3, 4, 5])
def test_a_run_stops_before_it_passes_its_budget_with_all_that_was_said(calls: int) -> None:
    config, model = experiment(llm=LLM, proposer="{kind: llm}"), Answering("Hm.", "Hm.", policy(0.5))
    provider = LiveStateProvider()
    loop = OptimizationLoop(config, Toy(), asking(model, config, budget=Counting(calls)), provider)
    with pytest.raises(BudgetExceeded, match="tokens, and of the budget"):
        loop.run()
    assert provider.records[-1].ended == "stopped"
    assert "of the budget" in provider.records[-1].proposals[-1].failure
    made = [one for record in provider.records for asked in record.proposals for one in asked.interactions]
    assert len(made) == len(model.prompts) == calls


def test_the_budget_of_the_file_is_that_of_all_calls(server: FakeServer) -> None:
    config = replace(exp1(server), budget=experiment(budget="{tokens: 44000}").budget)
    with pytest.raises(BudgetExceeded, match="of the budget of 44,000 only"):
        run(config)
    assert 1 <= len(server.requests) <= 5


def test_what_was_spent_before_a_stop_counts_after_it(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    with fake_llm() as server:
        config = exp1(server)
        begun = OptimizationLoop(config, SUBJECT, proposer_of(config))
        first = next(begun.iterations())
        path.write_text(write_checkpoint(config, begun.records))
        runner = GenericExperimentRunner(config, subject=SUBJECT, checkpoint=path)
        client = runner.loop._desk.proposer.client  # type: ignore[attr-defined]
        assert client.budget.spent.tokens == first.spent.tokens > 1_000


def test_a_replay_that_goes_another_way_ends_and_is_no_failed_proposer(recording: Recording) -> None:
    with fake_llm() as server:
        config = exp1(server, iterations=3)
        run(config)
    with replay(recording), pytest.raises(NotRecorded, match=r"differs first at messages\[1\]\.text"):
        run(replace(config, prompt_customization={"BANK_A": "Be bold."}))


def test_what_cannot_be_asked_is_refused_before_anything_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    toy, config = Toy(), experiment(llm=LLM, proposer="{kind: llm}")
    with pytest.raises(Faulty, match=r"line 9, llm\.model: The model openai:gpt-5.2 cannot be asked"):
        GenericExperimentRunner(config, subject=toy)
    assert toy.played == []
    with use_recording(Recording(mode="replay")):
        GenericExperimentRunner(config, subject=toy)  # a replay asks nobody
    without = experiment().with_overrides(proposer="llm")
    with pytest.raises(Faulty, match="needs an llm block"):
        GenericExperimentRunner(without, subject=toy)


def test_a_budget_of_money_without_a_price_is_refused_with_its_line(server: FakeServer) -> None:
    config = replace(exp1(server), budget=experiment(budget="{cost_usd: 1}").budget)
    with pytest.raises(Faulty, match=r"budget\.cost_usd: genai-prices .* has no price for openai:fake"):
        GenericExperimentRunner(config, subject=SUBJECT)


def test_a_script_in_a_running_event_loop_may_iterate(server: FakeServer) -> None:
    """As a notebook does."""

    async def first() -> Any:
        config = exp1(server)
        return next(OptimizationLoop(config, SUBJECT, proposer_of(config)).iterations())

    assert asyncio.run(first()).accepted_changes == {"BANK_A": True, "BANK_B": True}
