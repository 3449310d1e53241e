"""Questions that cost too much: what is said of processes that do not come back, or that are too many."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from runs import answers, services
from runs.executors import answering
from runs.models import Run
from runs.simulations import create_simulation
from runs.states import Trigger
from tests.conftest import Api
from tests.scenarios import Toy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What other tests were answered is not known here."""
    cache.clear()
    yield
    cache.clear()


def play(scenario: str, turns: int = 1, **params: Any) -> Run:
    """A completed run."""
    simulation = create_simulation(name=scenario, scenario=scenario, turns=turns, params=params)
    [run] = services.create_runs(simulation, trigger=Trigger.MANUAL, seed=3)
    return Run.objects.get(pk=run.pk)


def test_what_takes_too_long_is_ended_and_told(played: None, api: Api, settings: Any) -> None:
    run = play("endless", stubborn=True)
    settings.ANSWER_SECONDS = 2
    refused = api.get(f"/runs/{run.pk}/answers/walk?turns=2")
    assert refused.status_code == 504
    assert "could not be played again within 2 s" in refused.json()["detail"]
    assert "SIMWEB_ANSWER_SECONDS" in refused.json()["detail"]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # nobody is left


def test_what_raises_is_told_with_its_last_words(played: None, api: Api) -> None:
    refused = api.get(f"/runs/{play('crashing').pk}/answers/walk?turns=3")
    assert refused.status_code == 502
    assert refused.json()["detail"].endswith("Its last words: RuntimeError: the bank is empty")


def test_when_all_places_are_taken_one_is_asked_to_come_again(
    played: None, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = play("toy")
    monkeypatch.setattr(answering, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(answering, "PATIENCE_SECONDS", 0)
    with answering._places:
        refused = api.get(f"/runs/{run.pk}/answers/walk")
        assert (refused.status_code, refused["Retry-After"]) == (503, "5")
        assert "Ask again in 5 seconds." in refused.json()["detail"]
    assert api.get(f"/runs/{run.pk}/answers/walk").status_code == 200


def test_the_same_question_is_answered_without_playing_again(
    played: None, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = play("toy", 3)
    first = api.get(f"/runs/{run.pk}/answers/walk").json()
    monkeypatch.setattr(answers, "answered", lambda *_: pytest.fail("it was played again"))
    assert api.get(f"/runs/{run.pk}/answers/walk").json() == first
    assert len(first["blocks"][1]["rows"]) == 3


def test_a_run_without_turns_is_not_asked(api: Api) -> None:
    simulation = create_simulation(name="Toy", scenario="toy", turns=2, params={})
    [run] = services.create_runs(simulation, trigger=Trigger.MANUAL)
    refused = api.get(f"/runs/{run.pk}/answers/walk")
    assert (refused.status_code, refused.json()["detail"]) == (409, "The run has not played any turn yet.")


def test_a_run_of_another_version_is_not_asked(played: None, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    run = play("toy", 2)
    monkeypatch.setattr(Toy, "version", "8")
    refused = api.get(f"/runs/{run.pk}/answers/walk")
    assert refused.status_code == 409
    assert "is now version 8; the run was played with version 7" in refused.json()["detail"]
