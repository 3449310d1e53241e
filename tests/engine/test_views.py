"""What worlds look like: bounded, plain, and without any influence on what is measured."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from simweb.engine import Frame, Outcome, Scenario, Spec, View, bars, grid, play, points, registry
from simweb.engine.view import MOST_CHARACTERS, MOST_FRAMES, frame_turns
from simweb.scenarios.inequality import lorenz
from tests.engine.worlds import Counter

WORLDS = {"schelling": "grid", "wealth": "bars", "social-feed": "network"}


def frames(spec: Spec) -> list[Frame]:
    return [played for played in play(spec) if isinstance(played, Frame)]


@pytest.mark.parametrize(("key", "kind"), WORLDS.items())
def test_each_built_in_world_shows_itself_within_bounds(key: str, kind: str) -> None:
    shown = frames(Spec(key, {}, 1, 6, []))
    assert shown
    for frame in shown:
        assert frame.error == ""
        assert frame.view is not None
        assert frame.view["kind"] == kind
        assert len(json.dumps(frame.view)) <= MOST_CHARACTERS


@pytest.mark.parametrize("key", WORLDS)
def test_looking_changes_nothing(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fingerprint() -> str:
        *_, outcome = play(Spec(key, {}, 7, 6, []))
        assert isinstance(outcome, Outcome)
        return outcome.fingerprint

    seen = fingerprint()
    monkeypatch.setattr(registry.load(key), "view", Scenario.view)
    assert fingerprint() == seen


@pytest.mark.parametrize("turns", [1, 199, 200, 201, 1000, 99_999])
def test_a_run_has_at_most_two_hundred_frames_and_its_last_turn_is_one(turns: int) -> None:
    every = frame_turns(turns)
    kept = [number for number in range(1, turns + 1) if number % every == 0 or number == turns]
    assert len(kept) <= MOST_FRAMES
    assert kept[-1] == turns


def test_a_large_grid_is_sampled() -> None:
    view = grid(np.ones((1000, 400), dtype=int), ("none", "some")).to_dict()
    assert (view["width"], view["height"], len(view["cells"])) == (80, 200, 16_000)


def test_what_is_too_large_or_no_number_cannot_be_shown() -> None:
    with pytest.raises(ValueError, match="show a sample"):
        points(np.zeros(50_000), np.zeros(50_000)).to_dict()
    with pytest.raises(ValueError, match="not JSON compliant"):
        bars(np.array([float("nan")]), ["a"]).to_dict()


class Shy(Counter):
    """Cannot be looked at."""

    key = "shy"

    def view(self) -> View:
        raise RuntimeError("not now")


def test_a_view_that_fails_is_told_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMWEB_SCENARIOS", "shy=tests.engine.test_views:Shy")
    *played, outcome = play(Spec("shy", {}, 1, 3, []))
    assert isinstance(outcome, Outcome)
    assert [frame.error for frame in played if isinstance(frame, Frame)] == ["RuntimeError: not now"] * 3


@pytest.mark.parametrize(("amounts", "middle"), [([1, 1, 1, 1], 0.5), ([0, 0, 0, 4], 0.0), ([0, 0, 2, 2], 0.0)])
def test_a_lorenz_curve_begins_and_ends_in_the_corners(amounts: list[int], middle: Any) -> None:
    curve = lorenz(np.array(amounts))
    assert (curve[0], curve[25], curve[-1]) == ((0.0, 0.0), (0.5, middle), (1.0, 1.0))
