"""How a request proves who is asking: pages by session, API by session or bearer token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja.security import APIKeyCookie, HttpBearer

from simweb.access.models import Token
from simweb.access.roles import Forbidden, Role, role_of
from simweb.access.services import find_token


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and with which role: a token may have less than its owner, never more."""

    user: User
    role: Role

    def need(self, role: Role) -> None:
        """Raise Forbidden unless the caller's role covers `role`."""
        if not self.role.covers(role):
            raise Forbidden(role, self.role)


def caller_of_session(user: Any) -> Caller:
    """The caller behind a signed-in user."""
    return Caller(user, role_of(user))


def caller_of_token(secret: str) -> Caller | None:
    """The caller behind a token's text; None when it is unknown."""
    token = find_token(secret)
    return None if token is None else caller_with_token(token)


def caller_with_token(token: Token) -> Caller:
    """The caller who has shown this token."""
    own, granted = role_of(token.owner), Role(token.role)
    return Caller(token.owner, granted if own.covers(granted) else own)


class BearerToken(HttpBearer):
    """`Authorization: Bearer simweb_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        return caller_of_token(token)


class Session(APIKeyCookie):
    """The browser's session; requests that change something must carry the CSRF token."""

    param_name = "sessionid"

    def __call__(self, request: HttpRequest) -> Caller | None:
        """Who is not signed in is told that, and not that a CSRF token is missing."""
        caller: Caller | None = super().__call__(request) if request.user.is_authenticated else None
        return caller

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return caller_of_session(request.user)


def page(role: Role = Role.VIEWER) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page for signed-in people with at least this role; others are asked to sign in, or told what is missing."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            caller_of_session(request.user).need(role)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
