"""Connection: HTTP/1.1 as Twisted speaks it, with bounds on what a client may send and on how slowly.

What is refused is refused while it arrives; nothing here waits for a client, and nothing of a body lies in memory but its
beginning. `tests/doors/test_what_anybody_sends.py` holds the names of Twisted and daphne that this builds upon.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import unquote

from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from twisted.web.http import HTTPChannel

from simweb.gone import ClientGone

logger = logging.getLogger(__name__)
Headers = list[tuple[bytes, bytes]]
SPOOL = UNSENT = 1 << 16
# A client that is refused may still read why while it sends; what it sends is thrown away.
LINGER_SECONDS = 2
# Files, databases, pipes of players: descriptors that are not connections.
OTHER_DESCRIPTORS = 256
DESCRIPTORS_OF_A_WORKER = 16


@dataclass(frozen=True)
class Bounds:
    """What one connection may send: bytes of a body, and who may send how many more to which path."""

    unknown: int  # from whoever shows neither a token nor a session
    ordinary: int
    larger: dict[str, int]
    together: int  # of all bodies that are here at one time
    may_send_larger: Callable[[Headers], Awaitable[HTTPStatus]]  # OK, or with which status who sends it is refused

    def of(self, path: bytes) -> int:
        """The most bytes of a body for this path, from whoever may send that many."""
        return self.larger.get(unquote(path.partition(b"?")[0].decode("latin1")), self.ordinary)


def shows_somebody(request: Any) -> bool:
    """Whether a request has a token or a session with it; whose, or whether anybody's, is not asked here."""
    cookies = request.requestHeaders.getRawHeaders(b"Cookie", [])
    session = f"{settings.SESSION_COOKIE_NAME}=".encode()
    return request.requestHeaders.hasHeader(b"Authorization") or any(session in cookie for cookie in cookies)


def raise_file_limit() -> int:
    """Open as many files as this process is allowed; how many that are."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def most_connections(files: int, workers: int) -> int:
    """How many connections fit below a limit of open files: each may have a body in a file of its own."""
    left = files - OTHER_DESCRIPTORS - workers * DESCRIPTORS_OF_A_WORKER
    return max(8, min(settings.MAX_CONNECTIONS, left // 2))


class Body(SpooledTemporaryFile[bytes]):
    """What has come of a body: it counts among those of all connections until it is closed."""

    def __init__(self, factory: Connections) -> None:
        super().__init__(max_size=SPOOL)
        self.factory = factory
        self.counted = 0

    def grow(self, data: bytes) -> bool:
        """Add; False where all bodies together would be too much."""
        if self.factory.bodies + len(data) > self.factory.bounds.together:
            return False
        self.factory.bodies += len(data)
        self.counted += len(data)
        self.write(data)
        return True

    def close(self) -> None:
        self.factory.bodies -= self.counted
        self.counted = 0
        super().close()


class Request(WebRequest):  # type: ignore[misc]
    """One request. Its body is a file, handed to the application as it is: `scope["simweb.body"]`."""

    def __init__(self, channel: Any, *args: Any, **options: Any) -> None:
        self.received = 0
        # Twisted would read whole forms into memory, on the event loop, for `args` that nobody asks for.
        super().__init__(channel, *args, parsePOSTFormSubmission=False, **options)

    def gotLength(self, length: int | None) -> None:
        """Twisted: a body begins."""
        self.content: Any = BytesIO() if length == 0 else Body(self.channel.factory)

    def handleContentChunk(self, data: bytes) -> None:
        """Twisted: more of the body."""
        self.received += len(data)
        self.channel.body_grew(self.received)
        if self.channel.refused:
            return
        try:
            if not self.content.grow(data):
                self.channel.refuse(503, "Too many bodies are on their way; try again later.")
        except OSError as error:  # no space left
            logger.error("a body cannot be kept: %s", error)
            self.channel.refuse(507, "The server has no room for this body.")

    def process(self) -> Any:
        """Daphne: ask the application. It would cut the body into pieces, all of them in memory, and hand over these."""
        if self.requestHeaders.getRawHeaders(b"Upgrade", [b""])[0].lower() != b"websocket":
            self.body, self.content = self.content, BytesIO()
            self.body.seek(0)
        return super().process()

    def handle_exception(self, exception: BaseException) -> None:
        """Daphne: the application broke. Once an answer has begun, only a broken connection can tell."""
        if self._response_started:
            self.abort()
        else:
            super().handle_exception(exception)

    def abort(self) -> None:
        """Break the connection, so that nobody takes half an answer for a whole one."""
        if getattr(self, "channel", None) is not None:
            self.channel.transport.abortConnection()

    async def room(self) -> None:
        """Wait until the client has read what was sent. Raises ClientGone when it is gone, or does not read for long."""
        channel = getattr(self, "channel", None)
        if channel is None:
            raise ClientGone("the client has closed its connection")
        unread = channel.unread()
        while not channel.writable.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(channel.writable.wait(), settings.UNREAD_SECONDS)
                break
            before, unread = unread, channel.unread()
            if unread >= before:
                self.abort()
                raise ClientGone(f"the client has not read for {settings.UNREAD_SECONDS} s")
        if channel.is_lost:
            raise ClientGone("the client has closed its connection")


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. A head must arrive in time, a body at a least rate and within its bound, or it is closed."""

    factory: Connections

    def connectionMade(self) -> None:
        self.refused = self.is_lost = False
        self.most = 0
        self.is_known = False  # by a first request
        self.is_asking = False
        self.asked = False  # who sends more than an ordinary body
        self.in_body = False
        self.watch: Any = None
        self.arrived = 0
        self.writable = asyncio.Event()
        self.writable.set()
        super().connectionMade()
        # Else megabytes may lie in the kernel, and whether a client reads is seen a megabyte at a time.
        self.transport.getHandle().setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        self._watch(self.too_slow)
        self.factory.open.add(self.transport)
        if len(self.factory.open) > self.factory.most:
            self.refuse(503, "Too many connections are open; try again later.", linger=False)

    def dataReceived(self, data: bytes) -> None:
        if self.refused:
            return
        self.arrived += len(data)
        super().dataReceived(data)
        self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        """A request that is not whole has a deadline; one that is, or none, has not."""
        if self.refused or self.is_lost or self.is_asking or not (self.is_known or self.requests):
            return  # the first request has had its deadline since the connection was made
        if self._handlingRequest or not (self.requests or self._buffer):
            self._unwatch()
        elif self.watch is None:
            self._watch(self.too_slow if not self.in_body else self._judge_rate)

    def _watch(self, judge: Callable[[], None]) -> None:
        self.arrived = 0
        self.watch = self.callLater(settings.SLOW_SECONDS, judge)

    def _unwatch(self) -> None:
        if self.watch is not None and self.watch.active():
            self.watch.cancel()
        self.watch = None

    def _judge_rate(self) -> None:
        """At the end of each span of time: has enough of the body arrived in it?"""
        self.watch = None
        if self.arrived < settings.LEAST_RATE * settings.SLOW_SECONDS:
            self.too_slow()
        else:
            self._watch(self._judge_rate)

    def too_slow(self) -> None:
        """Close a connection that drips."""
        self.watch = None
        self.refuse(408, "The request did not arrive in time.", linger=False)

    def allHeadersReceived(self) -> None:
        """Twisted: the head is here. The body is refused before it comes, where its size is told and too much."""
        self._unwatch()
        self.is_known = True
        self.in_body = True
        self.asked = False
        bounds = self.factory.bounds
        self.most = bounds.of(self._path) if shows_somebody(self.requests[-1]) else bounds.unknown
        if self.length is not None and self.length > self.most:
            self._refuse_size()
            return
        super().allHeadersReceived()
        self.body_grew(self.length or 0)

    def body_grew(self, size: int) -> None:
        """So much has come, or is told to come."""
        if self.refused:
            return
        if size > self.most:
            self._refuse_size()
        elif size > self.factory.bounds.ordinary and not self.asked:
            self.asked = self.is_asking = True
            self._unwatch()
            self._networkProducer.pauseProducing()
            self.question = asyncio.ensure_future(self._ask_who(self.requests[-1]))

    async def _ask_who(self, request: Request) -> None:
        """More than an ordinary body is taken from operators. Its sender is waited for, and not judged, meanwhile."""
        headers = [
            (name.lower(), value) for name, values in request.requestHeaders.getAllRawHeaders() for value in values
        ]
        status = HTTPStatus.SERVICE_UNAVAILABLE
        try:
            status = await self.factory.bounds.may_send_larger(headers)
        except Exception:
            logger.exception("who sends a large body cannot be found out")
        self.is_asking = False
        if self.refused or self.is_lost:
            return
        if status != HTTPStatus.OK and self.in_body:
            self.refuse(status, f"More than {self.factory.bounds.ordinary} bytes are taken from operators only.")
        self._networkProducer.resumeProducing()
        self._look_at_the_clock()

    def allContentReceived(self) -> None:
        """Twisted: the request is whole."""
        self.in_body = False
        if not self.refused:
            super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:
        """Twisted: bytes of a body. What follows a refusal is not read."""
        if not self.refused:
            super().rawDataReceived(data)

    def _refuse_size(self) -> None:
        self.refuse(413, f"At most {self.most} bytes.")

    def refuse(self, status: int, detail: str, *, linger: bool = True) -> None:
        """Answer, and close: at once, or when the client has had time to read the answer."""
        if self.refused:
            return
        self.refused = True
        self._unwatch()
        if self.in_body and self.requests[-1].content is not None:
            with suppress(OSError):  # no space left for what is not yet written
                self.requests[-1].content.close()
        self.setTimeout(None)
        title = HTTPStatus(status).phrase
        content = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
        head = f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
        self.transport.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        self.watch = self.callLater(LINGER_SECONDS if linger else 0, self._close)

    def _close(self) -> None:
        self.watch = None
        self.loseConnection()
        # What lies unread at our end, or is not taken at the other, must not keep the connection.
        self.watch = self.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def pauseProducing(self) -> None:
        """Twisted: what is written from now on piles up."""
        super().pauseProducing()
        self.writable.clear()

    def resumeProducing(self) -> None:
        """Twisted: the pile is gone."""
        self.writable.set()
        super().resumeProducing()

    def unread(self) -> int:
        """How many bytes of answers wait here until the client reads."""
        wire = self.transport
        return int(len(wire.dataBuffer) - wire.offset + wire._tempDataLen)

    def connectionLost(self, reason: Any) -> None:
        self.is_lost = True
        self.writable.set()
        self._unwatch()
        self.factory.open.discard(self.transport)
        super().connectionLost(reason)


class Connections(HTTPFactory):  # type: ignore[misc]
    """All connections of a server, at most `most`; the newest beyond that is told to come again later."""

    protocol = Channel

    def __init__(self, server: Any, bounds: Bounds, most: int) -> None:
        super().__init__(server)
        self.bounds = bounds
        self.most = most
        self.open: set[Any] = set()
        self.bodies = 0  # bytes, of all requests

    def buildProtocol(self, address: Any) -> Any:
        made = super().buildProtocol(address)
        made.requestFactory = Request
        return made
