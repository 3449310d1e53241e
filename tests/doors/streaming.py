"""The site with a few addresses more, whose answers are streams that a test can follow: settings and addresses of a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from simweb import settings as of_the_site

PARTS, PART = 400, b"x" * (1 << 20)

globals().update({name: value for name, value in vars(of_the_site).items() if name.isupper()})
MOST_TOGETHER = 70 << 20
ROOT_URLCONF = "tests.doors.streaming"


DOORMAN = "tests.doors.streaming.Slow"


class Slow:
    """The site's doorman, whose database lets wait for longer than a request may take to come, whoever asks for that."""

    def __init__(self) -> None:
        from simweb.http import Doorman

        self.doorman = Doorman()

    async def judge(self, headers: list[tuple[bytes, bytes]]) -> HTTPStatus:
        await asyncio.sleep(float(dict(headers).get(b"x-wait", b"0")))
        return await self.doorman.judge(headers)


def breaks(request: HttpRequest) -> StreamingHttpResponse:
    """A stream that raises after its first part."""

    def parts() -> Iterator[bytes]:
        yield b"the first part"
        raise RuntimeError("in the middle of a stream")

    return StreamingHttpResponse(parts())


def long(request: HttpRequest) -> StreamingHttpResponse:
    """A long stream that keeps in a file how far it has come, and at last how it ended."""
    told = Path(of_the_site.DATA_DIR / request.GET["told"])

    def parts() -> Iterator[bytes]:
        made = 0
        try:
            for made in range(1, PARTS + 1):
                told.write_text(f"at {made}")
                yield PART
        finally:
            told.write_text(f"closed {made}")

    return StreamingHttpResponse(parts())


def large(request: HttpRequest) -> HttpResponse:
    """A page of some parts, made at once; without a body where that is asked for."""
    return HttpResponse(PART, status=int(request.GET.get("status", "200")))


def addresses() -> list:
    from simweb.urls import urlpatterns

    return [path("breaks/", breaks), path("long/", long), path("large/", large), *urlpatterns]


def __getattr__(name: str) -> object:
    """Django asks for `urlpatterns` when all is set up; as a module of settings this one is read before."""
    if name == "urlpatterns":
        return addresses()
    if name.startswith("handler"):
        from simweb import urls

        return getattr(urls, name)
    raise AttributeError(name)
