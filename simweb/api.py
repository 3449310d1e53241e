"""The API: its routers, and what each error means in HTTP (RFC 9457, problem+json)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from experiments.api import router as experiments_router
from experiments.services import CannotAct
from metrics.api import router as metrics_router
from metrics.services import BadName, DuplicateName, UnknownSelection
from performance.api import router as performance_router
from runs.answers import CannotBeAsked, NoAnswer
from runs.api.answers import NotFound
from runs.api.comparison import router as comparison_router
from runs.api.insight import router as insight_router
from runs.api.notifiers import router as notifiers_router
from runs.api.questions import router as questions_router
from runs.api.quick import router as quick_router
from runs.api.runs import router as runs_router
from runs.api.simulations import router as simulations_router
from runs.api.transfer import router as transfer_router
from runs.api.views import router as views_router
from runs.executors.answering import Busy, Crashed, TooSlow
from runs.services import TransitionRefused
from runs.simulations import DuplicateSlug
from runs.specs import BadSpec, FieldError
from simweb.access.doors import BearerToken, Session
from simweb.access.idempotency import BadIdempotencyKey
from simweb.access.roles import Forbidden
from simweb.document import ApiWithDocument
from simweb.engine import UnknownMetric
from simweb.engine.answers import UnknownQuestion
from simweb.engine.registry import BrokenScenario, UnknownScenario
from simweb.texts import JsonParser

MOST_TOLD = 200  # errors of one request

api = ApiWithDocument(
    title="simweb",
    version="1",
    description="Run agent simulations, watch them, keep their measurements. Errors are RFC 9457 problem details.",
    auth=[BearerToken(), Session()],
    urls_namespace="api",
    parser=JsonParser(),
)
# The fixed addresses under /simulations/ come before /simulations/{slug}.
api.add_router("", quick_router)
api.add_router("", metrics_router)
api.add_router("", simulations_router)
api.add_router("", runs_router)
api.add_router("", insight_router)
api.add_router("", questions_router)
api.add_router("", transfer_router)
api.add_router("", comparison_router)
api.add_router("", notifiers_router)
api.add_router("", views_router)
api.add_router("", performance_router)
api.add_router("", experiments_router)


def problem(status: int, detail: str, **more: Any) -> HttpResponse:
    """The one shape of every error."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")


def _fields(errors: list[FieldError]) -> HttpResponse:
    told, more = errors[:MOST_TOLD], len(errors) - MOST_TOLD
    detail = "; ".join(f"{'.'.join(error.loc)}: {error.msg}" for error in told)
    return problem(
        422, f"{detail}; … and {more:,} more" if more > 0 else detail, errors=[_told(error) for error in told]
    )


def _told(error: FieldError) -> dict[str, Any]:
    told: dict[str, Any] = {"loc": list(error.loc), "msg": error.msg}
    return told if error.line is None else {**told, "line": error.line}


@api.exception_handler(BadSpec)
def bad_spec(request: HttpRequest, error: BadSpec) -> HttpResponse:
    return _fields(error.errors)


@api.exception_handler(UnknownMetric)
def unknown_metric(request: HttpRequest, error: UnknownMetric) -> HttpResponse:
    return _fields([FieldError(("metric_keys",), f"{str(error)[0].upper()}{str(error)[1:]}.")])


@api.exception_handler(BadName)
def bad_name(request: HttpRequest, error: BadName) -> HttpResponse:
    return _fields([FieldError(("name",), f"{str(error)[0].upper()}{str(error)[1:]}.")])


@api.exception_handler(BadIdempotencyKey)
def bad_key(request: HttpRequest, error: BadIdempotencyKey) -> HttpResponse:
    return _fields([FieldError(("Idempotency-Key",), f"{str(error)[0].upper()}{str(error)[1:]}.")])


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    # Ninja's places begin with where it looked ("body", the argument's name); a caller knows only the fields.
    return _fields([FieldError(_place(item["loc"]), f"{item['msg']}.") for item in error.errors])


@api.exception_handler(NotFound)
@api.exception_handler(UnknownSelection)
@api.exception_handler(UnknownScenario)
@api.exception_handler(BrokenScenario)
@api.exception_handler(UnknownQuestion)
def not_found(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(404, str(error))


@api.exception_handler(TransitionRefused)
def refused(request: HttpRequest, error: TransitionRefused) -> HttpResponse:
    return problem(409, str(error), run_status=error.status)


@api.exception_handler(CannotBeAsked)
@api.exception_handler(CannotAct)
def not_askable(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(409, str(error))


@api.exception_handler(NoAnswer)
def no_answer(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(422, str(error))


@api.exception_handler(Busy)
def busy(request: HttpRequest, error: Busy) -> HttpResponse:
    response = problem(503, str(error))
    response["Retry-After"] = str(error.retry_after)
    return response


@api.exception_handler(TooSlow)
@api.exception_handler(Crashed)
def not_answered(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(504 if isinstance(error, TooSlow) else 502, str(error))


@api.exception_handler(DuplicateSlug)
@api.exception_handler(DuplicateName)
def duplicate(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(409, str(error))


@api.exception_handler(Forbidden)
def forbidden(request: HttpRequest, error: Forbidden) -> HttpResponse:
    return problem(403, str(error))


@api.exception_handler(AuthenticationError)
def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem(401, "sign in, or send a token: Authorization: Bearer simweb_…")
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    malformed = error.status_code == 400 and request.content_type == "application/json"
    return problem(
        error.status_code, f"the body cannot be read as JSON: {error.__cause__}" if malformed else str(error)
    )


def _place(loc: tuple[Any, ...]) -> tuple[str, ...]:
    names = [str(part) for part in loc]
    if names[:1] == ["body"]:
        names = names[2:] if names[1:2] == ["data"] else names[1:]
    elif names[:1] in (["query"], ["path"]):
        names = names[1:]
    return tuple(names) or ("body",)


@api.get("/health", auth=None, tags=["server"], summary="The process answers")
def health(request: HttpRequest) -> dict[str, str]:
    return {"status": "ok"}
