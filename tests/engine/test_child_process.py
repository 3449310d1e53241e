"""The child process, by its standard input and output alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from simweb.engine import Outcome, Spec, play

WORLDS = ("counter:Counter", "chatty:Chatty", "bomb:Bomb")


def talk(line: str) -> tuple[list[dict[str, Any]], str, int]:
    """(messages, standard error, exit code) of a child that was given this line."""
    worlds = ",".join(f"{key}=tests.engine.worlds:{name}" for key, _, name in (item.partition(":") for item in WORLDS))
    child = subprocess.run(
        [sys.executable, "-m", "simweb.engine"],
        input=line,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SIMWEB_SCENARIOS": worlds},
    )
    return [json.loads(answer) for answer in child.stdout.splitlines()], child.stderr, child.returncode


def spec(scenario: str, turns: int = 3, **params: Any) -> str:
    return Spec(scenario, params, 1, turns, ["turn.die.roll"]).to_json() + "\n"


def test_it_says_ready_then_every_turn_then_played() -> None:
    messages, _, code = talk(spec("counter"))
    assert [message["type"] for message in messages] == ["ready", "turn", "turn", "turn", "played"]
    assert [message["number"] for message in messages[1:4]] == [1, 2, 3]
    assert set(messages[1]["metrics"]) == {"turn.die.roll"}
    assert code == 0


def test_it_plays_what_is_played_here() -> None:
    *_, outcome = play(Spec("wealth", {}, 3, 4, []))
    assert isinstance(outcome, Outcome)
    messages, _, _ = talk(Spec("wealth", {}, 3, 4, []).to_json() + "\n")
    assert messages[-1]["fingerprint"] == outcome.fingerprint


def test_what_a_model_prints_goes_to_standard_error() -> None:
    messages, errors, code = talk(spec("chatty"))
    assert [message["type"] for message in messages] == ["ready", "turn", "turn", "turn", "played"]
    assert errors.count("hello from the model") == errors.count("hello from C") == 3
    assert code == 0


def test_a_model_that_raises_fails_with_its_turn_and_traceback() -> None:
    messages, _, code = talk(spec("bomb", turns=9))
    assert [message["type"] for message in messages] == ["ready", "turn", "turn", "failed"]
    error = messages[-1]["error"]
    assert (error["type"], error["message"], error["turn"]) == ("RuntimeError", "boom", 3)
    assert "worlds.py" in error["traceback"]
    assert code == 1


def test_parameters_that_are_refused_fail_in_the_first_turn() -> None:
    messages, _, code = talk(spec("counter", stop=0))
    assert [message["type"] for message in messages] == ["ready", "failed"]
    assert messages[-1]["error"]["turn"] == 1
    assert code == 1


def test_a_line_that_is_no_spec_ends_the_child_with_an_error() -> None:
    messages, errors, code = talk("this is no spec\n")
    assert [message["type"] for message in messages][:1] == ["ready"]
    assert not any(message["type"] == "played" for message in messages)
    assert code != 0
    assert "JSONDecodeError" in errors + json.dumps(messages)


def test_a_child_that_is_given_nothing_goes_quietly() -> None:
    assert talk("") == ([{"type": "ready"}], "", 0)
