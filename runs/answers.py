"""Answers: what may be asked of a run, and the answer, found by playing its spec again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from django.core.cache import cache
from pydantic import BaseModel, ValidationError

from runs import typed
from runs.executors.answering import answered
from runs.models import Run
from runs.specs import BadSpec, FieldError, field_errors, spec_of
from runs.verification import obstacle_to_playing
from simweb.engine import Question, registry
from simweb.engine import answers as engine
from simweb.engine.answers import UnknownQuestion, question_of
from simweb.engine.params import by_names, read_params, schema_of
from simweb.engine.play import canonical_json

KEPT_SECONDS = 600
Blocks = list[dict[str, Any]]


class CannotBeAsked(Exception):
    """Played again, it would not be the same run; or it has not been played at all."""


class NoAnswer(ValueError):
    """The scenario has no answer to what was asked, and says why."""


def questions_of(run: Run) -> tuple[Question, ...]:
    """What its scenario can be asked; nothing when its code is gone."""
    return engine.questions_of(run.scenario)


def question_named(run: Run, key: str) -> Question:
    """Raises UnknownQuestion."""
    if not questions_of(run):
        raise UnknownQuestion(f"{run.scenario} answers no questions")
    return question_of(registry.load(run.scenario), key)


def described(question: Question) -> dict[str, Any]:
    """The question as the API tells it."""
    model: type[BaseModel] = question.Params
    told = {"key": question.key, "title": question.title, "description": question.description}
    return {**told, "params": schema_of(model)}


def asked_in(question: Question, texts: Mapping[str, str]) -> dict[str, Any]:
    """What was typed as the values that it stands for; Unreadable where it stands for none."""
    fields = {field.name: field for field in typed.fields_of(question.Params)}
    read = {name: typed.read(fields[name], text) if name in fields else text for name, text in texts.items()}
    return {name: value for name, value in read.items() if value is not typed.LEFT_OUT}


def ask(run: Run, key: str, asked: Mapping[str, Any]) -> Blocks:
    """The answer, about the turns that the run has done.

    Raises UnknownQuestion, BadSpec for parameters that are wrong, CannotBeAsked, NoAnswer, and what `answered` raises.
    """
    question = question_named(run, key)
    _check(question, asked)
    if not run.turns_done:
        raise CannotBeAsked("The run has not played any turn yet.")
    if reason := obstacle_to_playing(run):
        raise CannotBeAsked(f"The run cannot be played again as it was. {reason}")
    spec = asdict(replace(spec_of(run), turns=run.turns_done))
    wanted = {"spec": spec, "question": key, "asked": by_names(question.Params, asked)}
    place = f"answer-{hashlib.sha256(canonical_json([wanted, run.scenario_version]).encode()).hexdigest()}"
    found = cache.get(place)
    if found is None:
        found = answered(wanted, run.memory_limit_mb)
        cache.set(place, found, KEPT_SECONDS)  # an answer is a function of the spec
    if "error" in found:
        raise NoAnswer(found["error"])
    blocks: Blocks = found["blocks"]
    return blocks


def _check(question: Question, asked: Mapping[str, Any]) -> None:
    unreadable = {name: value for name, value in asked.items() if isinstance(value, typed.Unreadable)}
    errors = [FieldError((name,), value.why) for name, value in unreadable.items()]
    try:
        read_params(question.Params, {name: value for name, value in asked.items() if name not in unreadable})
    except ValidationError as error:
        errors += [item for item in field_errors(error) if item.loc[:1] not in {(name,) for name in unreadable}]
    if errors:
        raise BadSpec(errors)
