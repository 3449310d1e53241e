"""API of questions: what can be asked of a run, and the answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from runs import answers
from runs.api.answers import answer, find_run

router = Router(tags=["insight"])
ASKED = {
    "name": "asked",
    "in": "query",
    "style": "form",
    "explode": True,
    "description": "The question's parameters, each under its own name, such as `bank=BANK_A&tick=3`.",
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}


class QuestionOut(Schema):
    """`params` is the JSON Schema of what has to be named."""

    key: str
    title: str
    description: str
    params: dict[str, Any]


class AnswerOut(Schema):
    """Each block is {kind: text | table | bars | tree, …}, as `simweb.engine.blocks` describes it."""

    question: str
    blocks: list[dict[str, Any]]


@router.get("/runs/{int:run_id}/questions", response=list[QuestionOut], summary="What can be asked of the run")
def list_questions(request: HttpRequest, run_id: int) -> HttpResponse:
    found = answers.questions_of(find_run(request, run_id))
    return answer([answers.described(question) for question in found])


@router.get(
    "/runs/{int:run_id}/answers/{question}",
    response=AnswerOut,
    summary="Ask the run: it is played again, as far as it has come, to find the answer",
    openapi_extra={"parameters": [ASKED]},
)
def get_answer(request: HttpRequest, run_id: int, question: str) -> HttpResponse:
    run = find_run(request, run_id)
    asked = answers.asked_in(answers.question_named(run, question), request.GET.dict())
    return answer({"question": question, "blocks": answers.ask(run, question, asked)})
