"""What every registered scenario owes its users."""

from __future__ import annotations

import math
from typing import Any

import pytest

from simweb.engine import Outcome, PlayedTurn, Spec, catalogue, play, registry

KEYS = sorted(registry.BUILT_IN)
TURNS = 10
WITH_CHANCE: dict[str, dict[str, Any]] = {"optimization": {"proposer": "random"}}  # where the defaults leave none


def play_all(key: str, seed: int = 5) -> tuple[list[PlayedTurn], Outcome]:
    *turns, outcome = play(Spec(key, WITH_CHANCE.get(key, {}), seed, TURNS, list(catalogue(registry.load(key)))))
    assert isinstance(outcome, Outcome)
    return [turn for turn in turns if isinstance(turn, PlayedTurn)], outcome


def numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers_in(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers_in(item)]
    return [value] if isinstance(value, int | float) else []


@pytest.mark.parametrize("key", KEYS)
def test_it_has_a_title_and_says_what_it_is(key: str) -> None:
    scenario = registry.load(key)
    assert scenario.key == key
    assert scenario.title
    assert scenario.description
    assert scenario.__doc__


@pytest.mark.parametrize("key", KEYS)
def test_its_parameters_have_titles_defaults_and_a_schema(key: str) -> None:
    scenario = registry.load(key)
    assert scenario.Params()
    assert all(field.title for field in scenario.Params.model_fields.values())
    assert scenario.Params.model_json_schema()["properties"]


@pytest.mark.parametrize("key", KEYS)
def test_it_plays_with_every_metric_ticked_and_none_of_them_has_a_problem(key: str) -> None:
    turns, outcome = play_all(key)
    assert turns
    problems = [problem for turn in turns for problem in turn.problems] + outcome.problems
    assert [problem for problem in problems if problem.source] == []
    found = set(turns[0].metrics) | set(outcome.run_metrics)
    assert found == set(catalogue(registry.load(key)))
    numbers = numbers_in([turn.metrics for turn in turns]) + numbers_in(outcome.run_metrics)
    assert numbers
    assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize("key", KEYS)
def test_it_names_the_same_types_of_action_every_turn(key: str) -> None:
    turns, _ = play_all(key)
    assert {tuple(sorted(turn.actions)) for turn in turns} == {tuple(sorted(turns[0].actions))}


@pytest.mark.parametrize("key", [key for key in KEYS if registry.load(key).deterministic])
def test_it_plays_the_same_for_the_same_seed_and_differently_for_another(key: str) -> None:
    first, second = play_all(key)[1].fingerprint, play_all(key)[1].fingerprint
    assert first == second
    assert play_all(key, seed=6)[1].fingerprint != first
