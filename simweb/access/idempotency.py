"""Idempotency-Key: the repetition of a request that created something gets the first answer and creates nothing new."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from simweb.access.doors import Caller
from simweb.access.models import IdempotentRequest
from simweb.access.roles import Forbidden, Role

HEADER = "Idempotency-Key"
MAX_KEY = 200
KEPT_FOR = timedelta(days=1)
View = Callable[..., HttpResponse]


class BadIdempotencyKey(ValueError):
    """The key is too long, or was used for another request."""


def idempotent(view: View, *, secret: Collection[str] = ()) -> View:
    """For an API view that creates: answer a repeated key as before, for a day. Raises BadIdempotencyKey, and Forbidden when
    the role that repeats is less than the role that asked first.

    The row is written in the transaction of the creation: of two requests at once, one creates, the other waits for it and
    is given its answer. An answer that is an exception is not kept: what was refused may be sent again, corrected. Nor are
    the fields of the answer that are named `secret`: they are null in a repetition.
    """

    @wraps(view)
    def answer_once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if not key:
            return view(request, *args, **kwargs)
        if len(key) > MAX_KEY:
            raise BadIdempotencyKey(f"{HEADER} may have {MAX_KEY} characters at most")
        caller: Caller = request.auth  # type: ignore[attr-defined]
        person, digest = caller.user, _digest(request)
        known = _known(caller, key, digest)
        if known is not None:
            return known
        try:
            with transaction.atomic():
                IdempotentRequest.objects.filter(person=person, key=key, created_at__lt=forgotten_before()).delete()
                kept = IdempotentRequest(person=person, key=key, digest=digest, role=caller.role, status=0)
                kept.save(force_insert=True)
                response = view(request, *args, **kwargs)
                kept.status, kept.body = response.status_code, _without(secret, response.content.decode())
                kept.location = response.get("Location", "")
                kept.save(update_fields=["status", "body", "location"])
                return response
        except IntegrityError:
            first = _known(caller, key, digest)
            if first is None:
                raise
            return first

    # Resolved here: the API reads the wrapper's annotations, and would look up their names in this module.
    answer_once.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return answer_once


def idempotent_but_for(*secret: str) -> Callable[[View], View]:
    """`idempotent`, for a view whose answer has secrets in these fields."""
    return partial(idempotent, secret=secret)


def forgotten_before() -> datetime:
    """What was answered before is not remembered any more."""
    return timezone.now() - KEPT_FOR


def _known(caller: Caller, key: str, digest: str) -> HttpResponse | None:
    remembered = IdempotentRequest.objects.filter(created_at__gte=forgotten_before())
    kept = remembered.filter(person=caller.user, key=key).first()
    if kept is None:
        return None
    if not caller.role.covers(Role(kept.role)):
        raise Forbidden(Role(kept.role), caller.role)
    if kept.digest != digest:
        raise BadIdempotencyKey(f"this {HEADER} was used before, for another request")
    response = HttpResponse(kept.body, status=kept.status, content_type="application/json")
    if kept.location:
        response["Location"] = kept.location
    response["Idempotency-Replayed"] = "true"
    return response


def _without(secret: Collection[str], body: str) -> str:
    return json.dumps({**json.loads(body), **dict.fromkeys(secret)}) if secret else body


def _digest(request: HttpRequest) -> str:
    """Of what may hold a password: from the digest nobody who has not our key can find it by trying."""
    said = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    return salted_hmac("simweb.access.idempotency", said, algorithm="sha256").hexdigest()
