"""Sockets as programs and pages open them, against the real ASGI application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client

HOST = b"127.0.0.1"
SECONDS = 5


async def in_thread(action: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Do something with the database from a test on the event loop."""
    return await database_sync_to_async(action)(*arguments, **named)


def headers_of(client: Client | None = None, token: str = "", origin: str = "") -> list[tuple[bytes, bytes]]:
    """What a browser (its session), a program (its token) or a foreign page (its origin) sends along."""
    found = [(b"host", HOST)]
    if client is not None:
        found.append((b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
    if token:
        found.append((b"authorization", token.encode()))
    if origin:
        found.append((b"origin", origin.encode()))
    return found


class Line(WebsocketCommunicator):
    """Without Channels' patch that keeps connections open in tests: here they are given back, as in a server."""

    send_input = ApplicationCommunicator.send_input
    receive_output = ApplicationCommunicator.receive_output


class Watcher:
    """One open socket."""

    def __init__(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        from simweb.asgi import application

        self.line = Line(application, path, headers)

    async def open(self) -> bool:
        """True when the handshake is accepted."""
        return (await self.line.connect(SECONDS))[0]

    async def send(self, message: Any) -> None:
        await self.line.send_to(text_data=message if isinstance(message, str) else json.dumps(message))

    async def text(self) -> str:
        """The next frame."""
        return str(await self.line.receive_from(SECONDS))

    async def told(self) -> dict[str, Any]:
        """The next frame of the JSON socket."""
        frame: dict[str, Any] = json.loads(await self.text())
        assert frame["v"] == 1
        assert frame["ts"].endswith("Z")
        return frame

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these types; others are passed over."""
        while True:
            frame = await self.told()
            if frame["type"] in kinds:
                return frame

    async def closed(self) -> int:
        """The code with which the server closes it."""
        while (message := await self.line.receive_output(SECONDS))["type"] != "websocket.close":
            pass
        return int(message["code"])

    async def watch(self, *topics: str) -> list[dict[str, Any]]:
        """Subscribe; all frames up to the acknowledgement."""
        await self.send({"type": "subscribe", "topics": list(topics)})
        frames = [await self.told()]
        while frames[-1]["type"] != "subscribe_ack":
            frames.append(await self.told())
        return frames


@asynccontextmanager
async def watching(path: str, headers: list[tuple[bytes, bytes]]) -> AsyncIterator[Watcher]:
    """A socket that was let in."""
    watcher = Watcher(path, headers)
    assert await watcher.open()
    yield watcher
    await watcher.line.disconnect(timeout=SECONDS)
