"""The client: a model is asked for a policy; what it says is read, kept, and told back where it cannot be used."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.test import TestModel

from simweb.engine import Amount, Budget, BudgetExceeded, Fault, Faulty, NotRecorded, Recording, use_recording
from simweb.scenarios.optimization import ExperimentLLMClient, PolicyGenerationResult
from simweb.scenarios.optimization import llm as room
from simweb.scenarios.optimization.llm.answers import TOOL
from tests.engine.optimization.models import CONSTRAINTS, LLM, Answering, called, client_of, fresh

POLICY = {"x": 0.5}
CONTEXT = {"Your policy now": {"x": 0.9}, "Your cost": "6,000 cents"}


@pytest.fixture(autouse=True)
def recording() -> Iterator[Recording]:
    mine = Recording()
    with use_recording(mine):
        yield mine


def generate(client: ExperimentLLMClient, **more: Any) -> PolicyGenerationResult:
    return asyncio.run(client.generate_policy("ANN", CONTEXT, **more))


def test_uses_the_system_prompt_of_the_config() -> None:
    model = Answering(POLICY)
    generate(client_of(model, replace(LLM, system_prompt="You are a toy with {braces}.")))
    [(system, _)] = model.prompts
    assert system.startswith("## Your task\n\nYou are a toy with {braces}.")
    assert "You choose the policy of" not in system
    assert "- x: a number from 0 to 1. How far." in system


def test_without_a_system_prompt_it_has_one_of_its_own_that_names_no_experiment() -> None:
    model = Answering(POLICY)
    generate(client_of(model))
    [(system, user)] = model.prompts
    assert "You choose the policy of ANN" in system
    assert "call propose_policy" in user
    assert "bank" not in (system + user).lower()


def test_generate_policy_asks_the_model_and_returns_its_policy() -> None:
    model = Answering(POLICY)
    result = generate(client_of(model))
    assert (result.policy, result.reasoning, result.failure) == (POLICY, "Because.", "")
    [(_, user)] = model.prompts
    assert '"x": 0.9' in user
    assert "6,000 cents" in user


def test_pydantic_ais_own_test_model_can_be_asked() -> None:
    client = ExperimentLLMClient(LLM, CONSTRAINTS)
    asked = client.with_model(TestModel(custom_output_args={"reasoning": "R", "policy": POLICY}))
    assert generate(asked).policy == POLICY


def test_keeps_every_interaction_for_the_audit() -> None:
    client = client_of(Answering("Hm.", POLICY))
    result = generate(client, iteration=3)
    first, second = client.interactions
    assert result.interactions == (first, second)
    assert (first.agent, first.iteration, first.attempt, second.attempt) == ("ANN", 3, 1, 2)
    assert first.raw_answer == "Hm."
    assert first.error.startswith("The answer is not JSON")
    assert first.policy is None
    assert json.loads(second.raw_answer)["policy"] == second.policy == POLICY
    assert second.error == ""
    assert (second.model, second.prompt_tokens, second.completion_tokens, second.tokens) == (
        "openai:gpt-5.2",
        100,
        20,
        120,
    )
    assert "Your cost" in second.user_prompt
    assert "Parameters" in second.system_prompt
    assert second.cost_usd == pytest.approx(100 * 1.75e-6 + 20 * 14e-6)  # 1.75 and 14 USD a million
    assert second.price_list.startswith("genai-prices ")
    assert second.latency_ms >= 0
    assert not second.is_replayed


def test_tries_as_often_as_the_config_says() -> None:
    model = Answering("never JSON")
    result = generate(client_of(model, replace(LLM, max_retries=4)))
    assert len(model.prompts) == len(result.interactions) == 4
    assert result.policy is None
    assert result.failure.startswith("The answer is not JSON")


def test_what_was_wrong_is_told_in_the_next_attempt() -> None:
    model = Answering("oh", {"x": 7}, POLICY)
    result = generate(
        client_of(model), validate=lambda policy: [Fault("x is too much.", ("x",))] if policy["x"] > 1 else []
    )
    first, second, third = (user for _, user in model.prompts)
    assert "could not be used" not in first
    assert "This is attempt 2. The one before could not be used:\n- The answer is not JSON" in second
    assert "- x: x is too much." in third
    assert result.policy == POLICY


def test_a_policy_that_stays_invalid_is_a_failure() -> None:
    result = generate(client_of(Answering(POLICY)), validate=lambda policy: [Fault("No."), Fault("Not that either.")])
    assert (result.policy, result.failure) == (None, "No.; Not that either.")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "The answer is empty"),
        ("I would rather not.", "The answer is not JSON"),
        ("[1, 2]", "The answer is not an object"),
        (called('{"policy": '), "The answer is not JSON"),
        (called({"reasoning": "none"}), "The answer has no policy"),
        (called({"policy": [1]}), "The answer has no policy"),
        (called({"policy": {}}), "The answer has no policy"),
        (called({"policy": "x = 3"}), "policy is a text that is not JSON"),
        (called('{"policy": {"x": NaN}}'), "NaN is not a number of JSON"),
        (ConnectionError("no route"), "ConnectionError: no route"),
        (ModelHTTPError(429, "m", {"error": "slow down"}), "429"),
        (ModelHTTPError(500, "m", "oops"), "500"),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_failure_and_told(said: Any, told: str) -> None:
    model = Answering(said, POLICY)
    result = generate(client_of(model))
    assert told in result.interactions[0].error
    assert told in model.prompts[1][1]
    assert result.policy == POLICY


@pytest.mark.parametrize(
    "said",
    [
        'Here it is:\n```json\n{"reasoning": "R", "policy": {"x": 0.5}}\n```\nDone.',
        '{"x": 0.5}',
        called({"policy": '{"x": 0.5}'}),
    ],
    ids=["fenced", "the policy alone", "a text in the tool"],
)
def test_what_is_meant_is_read_where_it_is_plain(said: Any) -> None:
    assert generate(client_of(Answering(said))).policy == POLICY


def test_a_model_that_takes_too_long_is_a_failure() -> None:
    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    from pydantic_ai.models.function import FunctionModel

    client = ExperimentLLMClient(replace(LLM, timeout_seconds=0.01, max_retries=1), CONSTRAINTS)  # type: ignore[arg-type]
    result = generate(client.with_model(FunctionModel(never)))
    assert "ModelRequestTimeout" in result.failure


def test_waits_before_it_tries_again_where_the_provider_wants_to_be_left_alone() -> None:
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    errors = [ModelHTTPError(429, "m", retry_after=7.0), ModelHTTPError(503, "m"), ModelHTTPError(400, "m")]
    client = ExperimentLLMClient(replace(LLM, max_retries=4), CONSTRAINTS, pause=pause)
    assert generate(client.with_model(Answering(*errors, POLICY).model)).policy == POLICY
    assert waited == [7.0, 2.0]


def test_a_call_is_made_once_and_with_the_settings_of_the_config() -> None:
    model = Answering(POLICY)
    config = replace(LLM, temperature=0.5, reasoning_effort="high", thinking_budget=2048, reasoning_summary="detailed")
    generate(client_of(model, config))
    [said] = model.settings
    assert (said["temperature"], said["max_tokens"], said["max_retries"]) == (0.5, 1_000, 0)
    assert said["timeout"] == said["request_timeout"] == 120
    assert said["anthropic_thinking"]["budget_tokens"] == 2048
    assert said["openai_reasoning_summary"] == "detailed"


def test_instructions_for_all_and_for_an_agent_are_told_to_whom_they_are_for() -> None:
    model = Answering(POLICY)
    said = {"all": "Be brief.", "ANN": "Be bold.", "BOB": "Be shy."}
    generate(client_of(model, customization=said))
    [(system, user)] = model.prompts
    assert "Be brief." in system
    assert "Be bold." in user
    assert "Be shy." not in system + user


def test_without_constraints_nothing_is_asked() -> None:
    model = Answering(POLICY)
    result = generate(client_of(model, constraints=None))
    assert model.prompts == []
    assert (result.policy, result.interactions) == (None, ())
    assert "no policy_constraints" in result.reasoning


def test_a_replay_asks_nobody_and_says_the_same(recording: Recording) -> None:
    errors = ("Hm.", ModelHTTPError(429, "m", "slow"), POLICY)
    made = generate(client_of(Answering(*errors)))
    silent = Answering(AssertionError("asked"))
    with use_recording(Recording.from_json(json.loads(json.dumps(recording.as_json())), "replay")):
        played = generate(client_of(silent))
    assert played == made
    assert [one.as_json() for one in played.interactions] == [one.as_json() for one in made.interactions]
    assert all(one.is_replayed for one in played.interactions)
    assert silent.prompts == []


def test_a_replay_needs_no_library_and_no_key(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    made = generate(client_of(Answering(POLICY)))
    _without_library(monkeypatch)
    with use_recording(Recording(recording.entries, "replay")):
        assert generate(ExperimentLLMClient(LLM, CONSTRAINTS)) == made


def test_a_replay_with_another_prompt_is_refused_and_shows_where_it_differs(recording: Recording) -> None:
    generate(client_of(Answering(POLICY)))
    with use_recording(Recording(recording.entries, "replay")), pytest.raises(NotRecorded) as refused:
        asyncio.run(client_of(Answering(POLICY)).generate_policy("ANN", {**CONTEXT, "Your cost": "7,000 cents"}))
    assert "messages[1].text, character" in str(refused.value)
    assert "6,000 cents" in str(refused.value)


def test_a_recorded_request_has_no_address(recording: Recording) -> None:
    generate(client_of(Answering(POLICY), replace(LLM, base_url="http://secret-host:1/v1")))
    [entry] = recording.as_json()
    assert set(entry["request"]) == {"model", "messages", "tools", "settings"}
    assert entry["request"]["tools"] == [TOOL]
    assert "secret-host" not in json.dumps(entry)


def test_tokens_are_reserved_before_a_call_and_counted_after_it() -> None:
    budget = Budget(tokens=100_000)
    generate(client_of(Answering(POLICY), budget=budget))
    assert (budget.spent.tokens, budget.reserved.tokens) == (120, 0)
    assert budget.spent.cost_usd == pytest.approx(0.000455)


@pytest.mark.parametrize("budget", [Budget(tokens=1_000), Budget(cost_usd=0.01)], ids=["tokens", "money"])
def test_a_call_that_might_pass_the_budget_is_not_made(budget: Budget, recording: Recording) -> None:
    model = Answering(POLICY)
    with pytest.raises(BudgetExceeded, match="Raise the budget"):
        generate(client_of(model, budget=budget))
    assert model.prompts == []
    assert recording.entries == []


@pytest.mark.parametrize(
    ("said", "spends"), [(ModelHTTPError(429, "m"), False), (ModelHTTPError(401, "m"), False), (OSError(), True)]
)
def test_of_a_call_without_an_answer_the_worst_is_taken_to_be_spent_unless_it_was_refused(
    said: Any, spends: bool
) -> None:
    budget = Budget(tokens=100_000)
    generate(client_of(Answering(said), replace(LLM, max_retries=1), budget=budget))
    assert (budget.spent.tokens > 1_000) == spends
    assert budget.reserved.tokens == 0


def test_a_replay_uses_no_budget(recording: Recording) -> None:
    generate(client_of(Answering(POLICY)))
    budget = Budget(tokens=1)
    with use_recording(Recording(recording.entries, "replay")):
        generate(client_of(Answering(POLICY), budget=budget))
    assert budget.spent == Amount()


def test_a_budget_of_money_needs_a_price() -> None:
    client = ExperimentLLMClient(replace(LLM, model="openai:nobody-knows"), CONSTRAINTS, budget=Budget(cost_usd=1.0))
    with pytest.raises(Faulty, match=r"budget\.cost_usd: genai-prices .* has no price for openai:nobody-knows"):
        client.with_model(Answering(POLICY).model).prepare()


@pytest.mark.parametrize(
    ("model", "told"),
    [("gpt-5", "Unknown model: gpt-5"), ("openai:gpt-5", "OPENAI_API_KEY"), ("openia:gpt-5", "Unknown model")],
)
def test_a_model_that_cannot_be_asked_is_told(model: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(Faulty, match=rf"llm\.model: The model {model} cannot be asked.*{told}"):
        ExperimentLLMClient(replace(LLM, model=model), CONSTRAINTS).prepare()


@pytest.mark.parametrize(
    ("address", "home", "gets_it"),
    [
        ("http://127.0.0.1:8089/v1", "", True),
        ("https://api.openai.com/v1", "", True),
        ("https://elsewhere.example/v1", "", False),
        ("https://elsewhere.example/v1", "https://elsewhere.example/v1", True),
        ("https://api.openai.com.elsewhere.example/v1", "", False),
    ],
)
def test_a_key_goes_only_where_its_owner_said_it_may_go(
    address: str, home: str, gets_it: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file could name any server, and so be given the key of whoever runs it."""
    from simweb.scenarios.optimization.llm.provider import model_of

    monkeypatch.setenv("OPENAI_API_KEY", "planted-0123456789")
    monkeypatch.setenv("OPENAI_BASE_URL", home)
    model = model_of(replace(LLM, base_url=address))
    assert (model.client.api_key == "planted-0123456789") == gets_it  # type: ignore[attr-defined]


def test_a_missing_library_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_library(monkeypatch)
    with pytest.raises(Faulty, match=r'pip install "simweb\[llm\]"'):
        ExperimentLLMClient(LLM, CONSTRAINTS).prepare()


def _without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai.direct", None)
    monkeypatch.delitem(sys.modules, "simweb.scenarios.optimization.llm.provider", raising=False)
    monkeypatch.delattr(room, "provider", raising=False)


def test_several_agents_can_be_asked_at_once() -> None:
    client = client_of(Answering(lambda system, user: {"x": 0.1 if "of ANN" in user else 0.2}))

    async def both() -> list[Any]:
        with fresh():
            return await asyncio.gather(*(client.generate_policy(agent, CONTEXT) for agent in ("ANN", "BOB")))

    assert [result.policy for result in asyncio.run(both())] == [{"x": 0.1}, {"x": 0.2}]


def test_whoever_asks_no_model_does_not_load_the_library() -> None:
    said = "import sys, simweb.scenarios.optimization as o; print('pydantic_ai' in sys.modules or 'genai_prices' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
