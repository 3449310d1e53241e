"""Answers: what was asked of a run is found by playing its spec again, not by keeping everything that happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from simweb.engine import registry
from simweb.engine.blocks import Question, told
from simweb.engine.params import read_params
from simweb.engine.play import Spec, world_of
from simweb.engine.scenario import Scenario
from simweb.engine.texts import text_of


class UnknownQuestion(LookupError):
    """The scenario has no such question."""


def questions_of(key: str) -> tuple[Question, ...]:
    """What runs of the scenario of this key can be asked; nothing when its code is gone or broken."""
    try:
        return registry.load(key).questions
    except (registry.UnknownScenario, registry.BrokenScenario):
        return ()


def question_of(scenario: type[Scenario], key: str) -> Question:
    """Raises UnknownQuestion."""
    for question in scenario.questions:
        if question.key == key:
            return question
    known = ", ".join(question.key for question in scenario.questions) or "none"
    raise UnknownQuestion(f"{scenario.key} has no question {key!r}; it has {known}")


def answer(spec: Spec, key: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """`{"blocks": […]}`, or `{"error": …}` for what cannot be answered, worded for a person."""
    world, _ = world_of(spec)
    question = question_of(type(world), key)
    try:
        checked = read_params(question.Params, asked)
        return {"blocks": told(world.answer(key, checked, spec.turns))}
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False))
        return {"error": "; ".join(wrong)}
    except ValueError as error:
        return {"error": text_of(error)}
