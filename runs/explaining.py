"""What the tab Explain shows: the questions, the form of the one that is chosen, and its answer when it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

from runs import answers, forms, queries, typed
from runs.executors.answering import Busy, Crashed, TooSlow
from runs.models import Run
from runs.specs import BadSpec
from simweb.engine import Question
from simweb.engine.answers import UnknownQuestion

TOLD = (UnknownQuestion, answers.CannotBeAsked, answers.NoAnswer, Busy, TooSlow, Crashed)
MOST_NAMES = 500


def explained(query: QueryDict, run: Run) -> dict[str, Any]:
    """A question is asked when the address names one of its parameters, or when it has none."""
    questions = answers.questions_of(run)
    chosen = next((one for one in questions if one.key == query.get("question")), questions[0])
    fields = typed.fields_of(chosen.Params)
    key = str(query.get("question", ""))
    texts = {field.name: str(query[field.name]) for field in fields if field.name in query}
    answer = _answer(run, key, texts) if key and (texts or not fields or key != chosen.key) else {}
    errors = answer.pop("errors", {})
    names = {field.name: _names(run, field.schema.get("keys_of", ())) for field in fields}
    return {
        "questions": [_told(question) for question in questions],
        "question": _told(chosen),
        "question_fields": forms.question_fields(chosen.Params, query, errors, names),
        "general_errors": [message for place, message in errors.items() if place not in names],
        "paged": True,  # the tab does not follow the run: an answer is not asked for again with every turn
        **answer,
    }


def _answer(run: Run, key: str, texts: dict[str, str]) -> dict[str, Any]:
    try:
        return {"blocks": answers.ask(run, key, answers.asked_in(answers.question_named(run, key), texts))}
    except BadSpec as error:
        return {"errors": forms.errors_of(error)}
    except TOLD as error:
        return {"refusal": str(error)}


def _told(question: Question) -> dict[str, str]:
    """What a template may know of it: given the class of its parameters, it would call it."""
    return {name: getattr(question, name) for name in ("key", "title", "description")}


def _names(run: Run, metrics: Iterable[str]) -> list[str]:
    """The names in the first of these metrics, which are mappings, that the run has measured."""
    newest = queries.turns_before(run, None, 1)
    values = {**(newest[0].metrics if newest else {}), **(run.run_metrics or {})}
    found: dict[str, Any] = next((values[key] for key in metrics if isinstance(values.get(key), dict)), {})
    return sorted(found)[:MOST_NAMES]
