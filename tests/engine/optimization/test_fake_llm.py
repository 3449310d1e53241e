"""The fake server: OpenAI's protocol, and a simple rule instead of a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from simweb.scenarios.optimization.llm.fake import FakeServer, fake_llm, propose
from tests.engine.optimization.models import LLM, Answering, client_of, fresh

PROMPT = """\
## Parameters

- depth: a number from 0 to 2. How deep.
- count: a whole number from 1 to 11.
- colour: one of 1, 2.
- free: a number.

## Your history

{history}

## Your policy now

```json
{policy}
```

## Now
"""


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with fake_llm() as serving:
        yield serving


def prompt(policy: Any, history: str = "This is the first iteration.") -> str:
    return PROMPT.format(policy=json.dumps(policy, indent=1), history=history)


def test_lowers_what_has_bounds_by_a_tenth_of_the_range() -> None:
    said = propose(prompt({"depth": 1.0, "count": 5, "colour": 1, "free": 3.0, "name": "kept"}))
    assert said["policy"] == {"depth": 0.8, "count": 4, "colour": 1, "free": 3.0, "name": "kept"}
    assert said["reasoning"] == "A little less of each: depth 0.8, count 4."


def test_makes_smaller_steps_after_rejections_and_never_passes_the_least() -> None:
    twice = "| 1 | 5 | depth 1 | depth 0.8 | rejected | -1 | no |\n| 2 | 5 | depth 1 | depth 0.9 | rejected | -1 | no |"
    assert propose(prompt({"depth": 1.0}, twice))["policy"] == {"depth": 0.95}
    assert propose(prompt({"depth": 0.1, "count": 1}))["policy"] == {"depth": 0.0, "count": 1}


def test_finds_parameters_of_a_policy_that_keeps_them_apart() -> None:
    assert propose(prompt({"parameters": {"depth": 2.0}}))["policy"] == {"parameters": {"depth": 1.8}}


def test_a_prompt_of_something_else_gets_an_empty_policy() -> None:
    assert propose("Good morning!") == {"reasoning": "A little less of each: nothing.", "policy": {}}


def test_understands_the_prompts_that_are_written() -> None:
    model = Answering({"x": 0.5})
    with fresh():
        import asyncio

        asyncio.run(client_of(model).generate_policy("ANN", {"Your policy now": {"x": 0.9}}))
    assert propose("\n\n".join(model.prompts[0]))["policy"] == {"x": 0.8}
    assert LLM.model == "openai:gpt-5.2"


def ask(server: FakeServer, **body: Any) -> httpx.Response:
    messages = [{"role": "user", "content": [{"type": "text", "text": prompt({"depth": 1.0})}]}]
    return httpx.post(f"{server.base_url}/chat/completions", json={"model": "m", "messages": messages, **body})


def test_answers_with_a_call_of_the_tool_and_counts_tokens(server: FakeServer) -> None:
    said = ask(server, tools=[{"type": "function"}]).json()
    [choice] = said["choices"]
    [called] = choice["message"]["tool_calls"]
    assert called["function"]["name"] == "propose_policy"
    assert json.loads(called["function"]["arguments"])["policy"] == {"depth": 0.8}
    assert choice["finish_reason"] == "tool_calls"
    usage = said["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 50


def test_without_tools_it_answers_with_text(server: FakeServer) -> None:
    message = ask(server).json()["choices"][0]["message"]
    assert json.loads(message["content"])["policy"] == {"depth": 0.8}


def test_the_same_prompt_has_the_same_answer(server: FakeServer) -> None:
    assert ask(server).text == ask(server).text


def test_lists_its_model(server: FakeServer) -> None:
    assert [one["id"] for one in httpx.get(f"{server.base_url}/models").json()["data"]] == ["fake"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"messages": [{}]}', b'{"messages": [{"content": [{}]}]}'])
def test_what_is_no_request_is_refused(server: FakeServer, body: bytes) -> None:
    answer = httpx.post(f"{server.base_url}/chat/completions", content=body)
    assert answer.status_code == 400
    assert "not a request" in answer.json()["error"]["message"]


def test_there_is_nothing_else(server: FakeServer) -> None:
    assert httpx.get(f"{server.base_url}/files").status_code == 404
    assert httpx.post(f"{server.base_url}/files", json={}).status_code == 404
