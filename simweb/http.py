"""HttpDoor: Django's HTTP over ASGI with one hop to a thread for each request.

Django's own handler enters a thread for every synchronous middleware, signal and view, and makes that thread, and with
it the database connection, anew for each request. Everything here is synchronous, so the whole request, from first
middleware to last byte of the body, goes to one thread of a pool whose connections stay open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core import signals
from django.core.handlers import base
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpResponseBadRequest, HttpResponseBase, HttpResponseServerError
from django.urls import set_script_prefix

from simweb.access.doors import BearerToken, Caller, caller_of_session
from simweb.access.roles import Role
from simweb.gone import ClientGone

logger = logging.getLogger("django.request")
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
SPOOL = PART = 1 << 16
# Twisted leaves away the first part of what must not come, and no more.
BODILESS = frozenset({204, 304})
TOO_LARGE = b'{"type": "about:blank", "title": "Request body too large", "status": 413, "detail": "At most %d bytes."}'


class HttpDoor(base.BaseHandler):
    """An ASGI application for the `http` protocol."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(settings.HTTP_THREADS, thread_name_prefix="http")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        arrived = scope.get("simweb.body")  # of our own server, which has bounded it
        with arrived or SpooledTemporaryFile(max_size=SPOOL) as body:
            most = settings.LARGER_BODIES.get(scope["path"], settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
            if arrived is None and not await _read_body(receive, body, most):
                await _refuse_body(send, most)
                return
            loop = asyncio.get_running_loop()
            start, content, response = await loop.run_in_executor(self._threads, self._answer, scope, body)
            with suppress(ClientGone):
                await send(start)
                has_body = scope["method"] != "HEAD" and start["status"] not in BODILESS
                await self._send_body(content, response, send, has_body)

    async def _send_body(
        self, content: bytes, response: HttpResponseBase | None, send: Send, has_body: bool = True
    ) -> None:
        """In parts, each of which waits until the client has room for it. Raises ClientGone, and what a stream raises."""
        loop = asyncio.get_running_loop()
        try:
            if has_body:
                await _send_parts(content, send)
            while has_body and response is not None:
                chunk = await loop.run_in_executor(self._threads, _next, response)
                if chunk is None:
                    break
                await _send_parts(chunk, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            if response is not None:
                await loop.run_in_executor(self._threads, response.close)

    def _answer(self, scope: dict[str, Any], body: Any) -> tuple[dict[str, Any], bytes, HttpResponseBase | None]:
        """Head, body, and, when the body is a stream, the response that still yields it."""
        set_script_prefix(scope.get("root_path", ""))
        signals.request_started.send(sender=type(self), scope=scope)
        try:
            response: HttpResponseBase = self.get_response(ASGIRequest(scope, body))
        except UnicodeDecodeError:  # the address is not UTF-8
            response = HttpResponseBadRequest()
        except (SystemExit, KeyboardInterrupt):  # of a plug-in's code: the event loop would take it for its own end
            logger.exception("a request was ended by code that asked Python to exit")
            response = HttpResponseServerError()
        head = {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": _headers(response),
        }
        if response.streaming:
            response.stream = iter(response)  # type: ignore[attr-defined]
            return head, b"", response
        content = response.content  # type: ignore[attr-defined]
        response.close()
        return head, content, None


class Doorman:
    """Tells, by the headers of a request whose body is still on its way, whether an operator sends it."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="doorman")

    async def judge(self, headers: list[tuple[bytes, bytes]]) -> HTTPStatus:
        """OK for an operator; else what a token, or a session, that is nobody's or a viewer's is answered."""
        caller = await asyncio.get_running_loop().run_in_executor(self._threads, _caller, headers)
        if caller is None:
            return HTTPStatus.UNAUTHORIZED
        return HTTPStatus.OK if caller.role.covers(Role.OPERATOR) else HTTPStatus.FORBIDDEN


def _caller(headers: list[tuple[bytes, bytes]]) -> Caller | None:
    request = ASGIRequest({"method": "POST", "path": "/", "headers": headers}, BytesIO())
    close_old_connections()
    try:
        caller: Caller | None = BearerToken()(request)
        if caller is not None:
            return caller
        request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        user = get_user(request)
        return caller_of_session(user) if user.is_authenticated else None
    finally:
        close_old_connections()


async def _send_parts(content: bytes, send: Send) -> None:
    for start in range(0, len(content), PART):
        await send({"type": "http.response.body", "body": content[start : start + PART], "more_body": True})


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    cookies = [
        (b"Set-Cookie", cookie.output(header="").strip().encode("ascii")) for cookie in response.cookies.values()
    ]
    return headers + cookies


def _next(response: Any) -> bytes | None:
    """The next part of the stream; None at its end. An empty part is a part, and not the end."""
    try:
        return next(response.stream, None)
    finally:
        close_old_connections()


async def _read_body(receive: Receive, body: Any, most: int) -> bool:
    """Read the whole body; False when it has more than `most` bytes."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return True
        size += len(message.get("body", b""))
        if size <= most:
            body.write(message.get("body", b""))
        if not message.get("more_body"):
            body.seek(0)
            return size <= most


async def _refuse_body(send: Send, most: int) -> None:
    content = TOO_LARGE % most
    headers = [(b"Content-Type", b"application/problem+json"), (b"Content-Length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": content})
