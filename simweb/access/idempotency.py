"""Idempotency-Key: the repetition of a request that created something gets the first answer and creates nothing new."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from simweb.access.models import IdempotentRequest

HEADER = "Idempotency-Key"
MAX_KEY = 200


class BadIdempotencyKey(ValueError):
    """The key is too long, or was used for another request."""


def idempotent(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For an API view that creates: answer a repeated key as before. Raises BadIdempotencyKey.

    The row is written in the transaction of the creation: of two requests at once, one creates, the other waits for it and
    is given its answer. An answer that is an exception is not kept: what was refused may be sent again, corrected.
    """

    @wraps(view)
    def answer_once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if not key:
            return view(request, *args, **kwargs)
        if len(key) > MAX_KEY:
            raise BadIdempotencyKey(f"{HEADER} may have {MAX_KEY} characters at most")
        person, digest = request.auth.user, _digest(request)  # type: ignore[attr-defined]
        known = _known(person, key, digest)
        if known is not None:
            return known
        try:
            with transaction.atomic():
                kept = IdempotentRequest.objects.create(person=person, key=key, digest=digest, status=0, body="")
                response = view(request, *args, **kwargs)
                kept.status, kept.body = response.status_code, response.content.decode()
                kept.location = response.get("Location", "")
                kept.save(update_fields=["status", "body", "location"])
                return response
        except IntegrityError:
            first = _known(person, key, digest)
            if first is None:
                raise
            return first

    # Resolved here: the API reads the wrapper's annotations, and would look up their names in this module.
    answer_once.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return answer_once


def _known(person: Any, key: str, digest: str) -> HttpResponse | None:
    kept = IdempotentRequest.objects.filter(person=person, key=key).first()
    if kept is None:
        return None
    if kept.digest != digest:
        raise BadIdempotencyKey(f"this {HEADER} was used before, for another request")
    response = HttpResponse(kept.body, status=kept.status, content_type="application/json")
    if kept.location:
        response["Location"] = kept.location
    response["Idempotency-Replayed"] = "true"
    return response


def _digest(request: HttpRequest) -> str:
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + request.body).hexdigest()
