"""WebServer: daphne, which waits for a client that reads slowly and tells a silent one why it is closed.

Importing this installs Twisted's reactor: only in a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from autobahn.exception import Disconnected
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import reactor

from simweb.connection import Bounds, Connections, Headers, most_connections, raise_file_limit
from simweb.hangup import end_like_sigterm

SILENT_CLIENT = 4408
# What was sent to a client before it was closed, and the code, may still be read for so long.
CLOSING_SECONDS = 10
# Daphne's own 50 refuses part of 1,000 sockets that come at once (reference/technology.md 2a).
LISTEN_BACKLOG = 2048
FINAL_TEXT = 0x81  # the first byte of a frame: the whole message, a text


@lru_cache(maxsize=16)
def framed(text: str) -> bytes:
    """A text as WebSocket sends it: made once for the thousand sockets that are told the same, one after the other."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((FINAL_TEXT, size)) + payload
    if size < 1 << 16:
        return bytes((FINAL_TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((FINAL_TEXT, 127)) + size.to_bytes(8, "big") + payload


class Line(WebSocketProtocol):  # type: ignore[misc]
    """One socket's connection."""

    def connectionMade(self) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        super().connectionMade()

    def onOpen(self) -> None:
        super().onOpen()
        self.transport.unregisterProducer()  # Twisted's HTTP channel, as which every socket begins
        self.transport.registerProducer(self, True)

    def serverSend(self, content: Any, binary: bool = False) -> None:
        """Daphne: send a message. A text is handed to the kernel at once when nothing waits before it; that spares
        the event loop two changes of what it watches and a round for each socket and frame."""
        if binary or self.state != self.STATE_OPEN or self._perMessageCompress is not None or self.send_queue:
            super().serverSend(content, binary)
            return
        frame, wire = framed(content), self.transport
        sent = 0
        if wire.connected and not (wire.dataBuffer or wire._tempDataBuffer or wire.disconnecting):
            taken = wire.writeSomeData(frame)
            sent = taken if isinstance(taken, int) else 0  # else the connection is lost, as its next write will find
        if sent < len(frame):
            wire.write(frame[sent:])

    def serverClose(self, code: int | None = None) -> None:
        """Daphne: close the socket. Autobahn's own `sendClose` refuses 1013, "try again later", which a server may say."""
        self.sendCloseFrame(code=1000 if code is None else code, isReply=False)

    def pauseProducing(self) -> None:
        """Twisted: what is written from now on piles up."""
        self.writable.clear()

    def resumeProducing(self) -> None:
        """Twisted: the pile is gone."""
        self.writable.set()

    stopProducing = resumeProducing

    def connectionLost(self, reason: Any) -> None:
        self.resumeProducing()
        self.server.http_factory.open.discard(self.transport)
        super().connectionLost(reason)

    def onAutoPingTimeout(self) -> None:
        """A client that is gone does not hear the code; one that only sleeps does, when it wakes."""
        self.autoPingTimeoutCall = None
        self.sendClose(SILENT_CLIENT)


class WebServer(Server):  # type: ignore[misc]
    """Serve `application` on one address. Clients are pinged, and closed when they do not answer before the next ping.

    `may_send_larger` says of the headers of a request whether its body may be larger than others (OK), or why not.
    """

    def __init__(
        self,
        application: Any,
        host: str,
        port: int,
        ready: Callable[[], None],
        *,
        may_send_larger: Callable[[Headers], Awaitable[HTTPStatus]],
        workers: int,
    ) -> None:
        address = f"tcp:port={port}:interface={host.replace(':', chr(92) + ':')}:backlog={LISTEN_BACKLOG}"
        super().__init__(
            application,
            endpoints=[address],
            ready_callable=self._listening,
            websocket_timeout=-1,
            ping_interval=settings.PING_SECONDS,
            # Shorter than the interval: a second ping would make daphne forget that it waits for the first one's answer.
            ping_timeout=settings.PING_SECONDS * 3 / 4,
            server_name="simweb",
            verbosity=0,
        )
        self.ready = ready
        self.bounds = Bounds(
            unknown=settings.MOST_OF_UNKNOWN,
            ordinary=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            larger=settings.LARGER_BODIES,
            together=settings.MOST_TOGETHER,
            may_send_larger=may_send_larger,
        )
        self.most = most_connections(raise_file_limit(), workers)

    @property
    def http_factory(self) -> Connections:
        """Daphne: what makes the connections."""
        return self._http_factory

    @http_factory.setter
    def http_factory(self, of_daphne: Any) -> None:
        """Daphne makes one of its own when it runs; ours takes its place."""
        self._http_factory = Connections(self, self.bounds, self.most)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Daphne: begin to answer. The body of a request comes as a file."""
        if scope["type"] == "http":
            scope["simweb.body"] = protocol.body
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Hand a message to the connection. What follows a frame, or a part of an answer, waits until the client has room.

        Raises ClientGone for an answer that nobody reads any more.
        """
        is_frame = message["type"] == "websocket.send"
        with suppress(Disconnected):  # the client has just gone; the application is about to hear of it
            if is_frame and protocol.state == protocol.STATE_OPEN:
                protocol.handle_reply(message)  # what Server does as well, after three questions
            else:
                await super().handle_reply(protocol, message)
        if is_frame and not protocol.writable.is_set():
            await protocol.writable.wait()
        if message["type"] == "http.response.body" and message.get("more_body"):
            await protocol.room()

    def kill_all_applications(self) -> Any:
        """Daphne: end what is being answered. It stumbles over requests that have not arrived yet."""
        begun = {one: told for one, told in self.connections.items() if "application_instance" in told}
        self.connections: dict[Any, dict[str, Any]] = begun
        return super().kill_all_applications()

    def _listening(self) -> None:
        self.ws_factory.protocol = Line
        self.ws_factory.setProtocolOptions(closeHandshakeTimeout=CLOSING_SECONDS)
        reactor.callWhenRunning(end_like_sigterm)  # by then it has its handler for SIGTERM
        self.ready()
