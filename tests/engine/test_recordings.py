"""Recordings: what a model was asked and answered, kept and played again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simweb.engine import Answer, CallFailed, NotRecorded, Recording, current_recording, use_recording
from simweb.engine.redaction import known_secrets, redacted
from simweb.engine.secrets import MASK

KEY = "sk-planted-0123456789abcdef"


class Model:
    """Answers what it is told to; counts how often it was called."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls = 0

    async def __call__(self) -> Answer:
        self.calls += 1
        said = self.answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return Answer(said, 10, 3, 0.5, "list 1")


def request(text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {
        "model": "test:one",
        "messages": [{"role": "user", "text": text}],
        "tools": [],
        "settings": {"t": 0.0, **more},
    }


def call(recording: Recording, model: Model, asked: dict[str, Any] | None = None) -> Any:
    return asyncio.run(recording.call(asked or request(), model))


def again(recording: Recording) -> Recording:
    """What was recorded, written, read, and played."""
    return Recording.from_json(json.loads(json.dumps(recording.as_json())), "replay")


def test_a_replay_answers_as_the_model_did_and_never_calls_it() -> None:
    recording, silent = Recording(), Model()
    made = call(recording, Model({"text": "Hi"}))
    played = call(again(recording), silent)
    assert made.answer == played.answer == Answer({"text": "Hi"}, 10, 3, 0.5, "list 1")
    assert (made.is_replayed, played.is_replayed) == (False, True)
    assert played.latency_ms == made.latency_ms
    assert silent.calls == 0


def test_the_same_call_made_again_is_another_one() -> None:
    recording = Recording()
    model = Model("first", "second")
    assert [call(recording, model).answer.content for _ in range(2)] == ["first", "second"]
    replay = again(recording)
    assert [call(replay, Model()).answer.content for _ in range(2)] == ["first", "second"]
    with pytest.raises(NotRecorded, match=r"recorded 2 times, and is asked once more"):
        call(replay, Model())


def test_a_failure_is_kept_and_raised_again() -> None:
    recording = Recording()
    with pytest.raises(CallFailed, match="429"):
        call(recording, Model(CallFailed("429: too many")))
    with pytest.raises(CallFailed, match="429: too many") as failed:
        call(again(recording), Model())
    assert failed.value.is_replayed


def test_what_is_no_failure_of_the_model_is_not_kept() -> None:
    recording = Recording()
    with pytest.raises(KeyError):
        call(recording, Model(KeyError("a defect")))
    assert recording.entries == []


def test_the_order_of_fields_makes_no_other_call_and_a_setting_does() -> None:
    recording = Recording()
    call(recording, Model("x"), request(a=1, b=2))
    turned = dict(reversed(request(b=2, a=1).items()))
    assert call(again(recording), Model(), turned).answer.content == "x"
    with pytest.raises(NotRecorded, match=r'settings\.b: recorded "2", asked "3"'):
        call(again(recording), Model(), request(a=1, b=3))


def test_the_nearest_call_is_shown_with_its_first_difference() -> None:
    recording = Recording()
    for text in ("Something else", "x" * 100 + "cost 5000" + "y" * 100, "Nothing like it"):
        call(recording, Model("answer"), request(text))
    with pytest.raises(NotRecorded) as refused:
        call(again(recording), Model(), request("x" * 100 + "cost 4000" + "z" * 100))
    told = str(refused.value)
    assert "call 2 of 3, differs first at messages[0].text, character 106" in told
    assert "cost 5000y" in told
    assert "cost 4000z" in told
    assert len(told) < 400


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({**request(), "tools": [{"name": "t"}]}, 'tools[0]: recorded "nothing", asked'),
        ({**request(), "settings": {}}, 'settings.t: recorded "0.0", asked "nothing"'),
        ({**request(), "settings": {"t": 0}}, 'settings.t: recorded "0.0", asked "0"'),
    ],
)
def test_a_difference_may_be_what_is_there_at_all(asked: dict[str, Any], told: str) -> None:
    recording = Recording()
    call(recording, Model("x"))
    with pytest.raises(NotRecorded) as refused:
        call(again(recording), Model(), asked)
    assert told in str(refused.value)


def test_an_empty_recording_says_so() -> None:
    with pytest.raises(NotRecorded, match="The recording is empty"):
        call(Recording(mode="replay"), Model())


def test_new_entries_are_taken_once() -> None:
    recording = Recording()
    call(recording, Model("a"))
    [first] = recording.take_new()
    call(recording, Model("b"), request("other"))
    [second] = recording.take_new()
    assert (first.answer.content, second.answer.content) == ("a", "b")  # type: ignore[union-attr]
    assert recording.take_new() == []
    assert Recording.from_json(recording.as_json(), "record").take_new() == []


def test_a_recording_that_goes_on_does_not_pay_for_what_it_has() -> None:
    recording, model = Recording(), Model("a", "b")
    call(recording, model)
    goes_on = Recording(recording.entries)
    assert call(goes_on, model).is_replayed
    assert not call(goes_on, model, request("new")).is_replayed
    assert model.calls == 2


def test_a_secret_is_neither_kept_nor_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_API_KEY", KEY)
    recording = Recording()
    made = call(recording, Model({"text": f"Your key is {KEY}!", KEY: 1}), request(f"My key: {KEY}"))
    with pytest.raises(CallFailed) as failed:
        call(recording, Model(CallFailed(f"401 for {KEY}")), request("other"))
    assert made.answer.content["text"] == f"Your key is {MASK}!"
    assert KEY not in json.dumps([*recording.as_json(), str(failed.value)])
    monkeypatch.delenv("PLANTED_API_KEY")
    assert call(again(recording), Model(), request(f"My key: {MASK}")).answer == made.answer


def test_a_secret_that_only_the_scenario_knows_is_masked_when_it_says_so() -> None:
    recording = Recording()
    recording.keep_secret("correct horse battery")
    assert call(recording, Model("it is correct horse battery")).answer.content == f"it is {MASK}"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {KEY}",
        f'{{"Authorization": "Basic {KEY}"}}',
        f"authorization={KEY}",
        f"https://me:{KEY}@example.org/v1",
        f"use {KEY}",
    ],
)
def test_what_looks_like_a_secret_is_masked_without_being_known(text: str) -> None:
    assert KEY not in redacted(text)
    assert MASK in redacted(text)


def test_secrets_are_known_by_their_names_and_by_addresses() -> None:
    environment = {
        "OPENAI_API_KEY": "secret-one",
        "DATABASE_URL": "postgres://me:p%40ssw0rd1@host/db",
        "MONKEY": "not-a-secret",
        "SHORT_TOKEN": "1",
        "ODD": "http://[bad",
    }
    assert known_secrets(environment) == {"secret-one", "p%40ssw0rd1", "p@ssw0rd1"}


@given(st.text(), st.text())
def test_a_known_secret_never_stands_in_what_is_redacted(before: str, after: str) -> None:
    assert KEY[3:] not in json.dumps(redacted([{"a": before + KEY[3:] + after}], [KEY[3:]]))


def test_the_current_recording_is_one_for_the_process() -> None:
    before, mine = current_recording(), Recording(mode="replay")
    assert before.mode == "record"
    with use_recording(mine):
        assert current_recording() is mine
    assert current_recording() is before
