"""Sockets: `/ws/live/` carries partials for pages, `/ws/` carries JSON for programs. Both only translate."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseGone

from runs import frames, queries
from runs.frames import Audience, Format
from runs.live import Outbox, hub
from runs.models import Run, Simulation
from runs.paging import Scale, few_of
from runs.schemas import run_json, simulation_json
from simweb.access.doors import Caller
from simweb.access.roles import Role
from simweb.access.watch import TRY_AGAIN_LATER, UNAUTHORIZED, Guest, callers_of, proof_of, watch

logger = logging.getLogger(__name__)
FORBIDDEN_ORIGIN, SLOW_CLIENT = 4403, 4429  # and 4401 and 1013, see simweb/access/watch.py; 4408, see simweb/server.py
MAX_TOPICS = 50


class TopicError(Exception):
    """A topic that cannot be watched; `code` is one of the protocol's error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Socket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """What both sockets share: who may come in, one bounded outbox, topics."""

    form: Format
    plain_topics: frozenset[str] = frozenset({"runs"})
    kinds_of_topic = frozenset({"run", "simulation"})  # each of one thing, whose name follows

    # Sockets hear from the hub alone: a channel layer that goes away must not close them.
    channel_layer_alias = "none"

    async def connect(self) -> None:
        await self.accept()  # first, so that a browser sees our close code and not just a refused handshake
        hub.start()
        watch.start()
        self.outbox = Outbox(self._give_up)
        self.audiences: set[Audience] = set()
        self.writer: asyncio.Task[None] | None = None
        self.guest: Guest | None = None
        proof = proof_of(self.scope)
        try:
            callers = await database_sync_to_async(callers_of, thread_sensitive=False)([proof])
        except DatabaseGone:
            await self.close(TRY_AGAIN_LATER)
            return
        self.caller = callers.get(proof)
        if not _same_origin(self.scope):
            await self.close(FORBIDDEN_ORIGIN)
        elif self.caller is None:
            await self.close(UNAUTHORIZED)
        else:
            self.form = self.form_for(self.caller)
            self.guest = Guest(proof, self.caller, self.turn_away)
            hub.enter(self.outbox)
            watch.enter(self.guest)
            self.writer = asyncio.create_task(self._write())

    async def disconnect(self, code: int) -> None:
        hub.exit(self.outbox, self.audiences)
        if self.guest is not None:
            watch.exit(self.guest)
        if self.writer is not None:
            self.writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.writer

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.writer is None or self.outbox.overflowed:
            return
        try:
            message = json.loads(text_data or "")
            handler = {"subscribe": self.subscribe, "unsubscribe": self.unsubscribe, "ping": self.ping}[message["type"]]
        except (ValueError, TypeError, LookupError, RecursionError):
            self.refuse('send {"type": "subscribe", "topics": [...]}, "unsubscribe" or "ping"')
            return
        await handler(message)

    async def subscribe(self, message: dict[str, Any]) -> None:
        """Watch topics, each from its snapshot on: what changes while that is drawn is told after it."""
        accepted = []
        topics = self._topics(message)
        if self.guest is None or (topics and not await watch.ask([self.guest])):
            return
        for topic in topics:
            audience: Audience = (self.form, topic)
            place = self.outbox.reserve()
            hub.join(self.outbox, audience)
            try:
                place.set_result(await database_sync_to_async(self.snapshot, thread_sensitive=False)(topic))
            except TopicError as error:
                hub.leave(self.outbox, [audience])
                place.set_result(self.refusal(error.code, str(error), topic))
            except DatabaseGone:
                hub.leave(self.outbox, [audience])
                await self.close(TRY_AGAIN_LATER)
                return
            else:
                self.audiences.add(audience)
                accepted.append(topic)
        self.acknowledge("subscribe_ack", accepted)

    async def unsubscribe(self, message: dict[str, Any]) -> None:
        """Stop watching topics."""
        topics = self._topics(message)
        hub.leave(self.outbox, [(self.form, topic) for topic in topics])
        self.audiences -= {(self.form, topic) for topic in topics}
        self.acknowledge("unsubscribe_ack", topics)

    async def ping(self, message: dict[str, Any]) -> None:
        """Answer, so that a client knows that the line is alive."""
        self.outbox.put(frames.envelope("pong", None, {"timestamp": message.get("timestamp")}))

    def form_for(self, caller: Caller) -> Format:
        """What this caller is told in."""
        return self.form

    def snapshot(self, topic: str) -> str:
        """The topic as it is now. Raises TopicError."""
        raise NotImplementedError

    def find(self, topic: str) -> Run | Simulation | None:
        """What a topic is about; None for the topics that are about everything. Raises TopicError."""
        assert self.caller is not None
        kind, _, name = topic.partition(":")
        thing: Run | Simulation | None = None
        if topic in self.plain_topics:
            return None
        if kind not in self.kinds_of_topic:
            raise TopicError("UNKNOWN_TOPIC", 'topics are "runs", "simulation:<slug>" and "run:<id>"')
        if kind == "run":
            number = int(name) if name.isascii() and name.isdigit() and len(name) < 19 else 0
            thing = queries.visible_runs(self.caller).filter(pk=number).first()
        else:
            thing = queries.visible_simulations(self.caller).filter(slug=name).first()
        if thing is None:
            raise TopicError("NOT_FOUND", f"there is no {kind} {name!r}")
        return thing

    def refusal(self, code: str, message: str, topic: str | None = None) -> str:
        """A frame that says what was wrong with a message or a topic; blank when nobody would read it."""
        return frames.envelope("error", topic, {"code": code, "message": message})

    def refuse(self, message: str) -> None:
        """Say that a message makes no sense; the socket stays."""
        self.outbox.put(self.refusal("INVALID_FORMAT", message))

    def acknowledge(self, kind: str, topics: list[str]) -> None:
        """Say which topics are, or are no longer, watched."""
        self.outbox.put(frames.envelope(kind, None, {"topics": topics}))

    def _topics(self, message: dict[str, Any]) -> list[str]:
        topics = message.get("topics")
        if isinstance(topics, list) and 0 < len(topics) <= MAX_TOPICS and all(isinstance(t, str) for t in topics):
            return topics
        self.refuse(f"topics must be a list of 1 to {MAX_TOPICS} texts")
        return []

    async def _write(self) -> None:
        """Send what is in the outbox, as fast as the client reads."""
        while True:
            frame = await self.outbox.next()
            if frame:
                await self.base_send({"type": "websocket.send", "text": frame})

    def _give_up(self) -> None:
        """Close a client that reads slower than there is news. It comes back, and its snapshots tell it what it missed."""
        logger.info("live: a client that reads too slowly is closed")
        self.turn_away(SLOW_CLIENT)

    def turn_away(self, code: int) -> None:
        """Say nothing more to it, and close it."""
        self.outbox.overflowed = True
        if self.writer is not None:
            self.writer.cancel()
            self.writer = asyncio.create_task(self.close(code))


class JsonSocket(Socket):
    """For programs: snapshot, `run_update`, `run_progress`, `simulation_update`, in envelopes."""

    form = "json"

    def snapshot(self, topic: str) -> str:
        assert self.caller is not None
        thing = self.find(topic)
        data: Any
        if isinstance(thing, Run):
            data = run_json(thing)
        elif isinstance(thing, Simulation):
            [(simulation, last)] = queries.dashboard([thing])
            runs = [run_json(run, slug=thing.slug) for run in few_of(queries.history(thing), Scale(run_json))]
            data = {"simulation": simulation_json(simulation, last), "runs": runs}
        else:
            newest = queries.visible_runs(self.caller).briefly().order_by("-created_at", "-id")[: queries.HISTORY]
            data = {"runs": [run_json(run) for run in few_of(newest, Scale(run_json))]}
        return frames.envelope("snapshot", topic, data)


class PageSocket(Socket):
    """For pages: partials, each an element that takes the place of the one with its id."""

    form = "html"
    plain_topics = frozenset({"runs", "history"})

    def form_for(self, caller: Caller) -> Format:
        """Who may not act gets no controls."""
        return "html" if caller.role.covers(Role.OPERATOR) else "view"

    def snapshot(self, topic: str) -> str:
        assert self.caller is not None
        thing = self.find(topic)
        if isinstance(thing, Run):
            return frames.run_page_frame(thing, self.form, only_progress=False)
        if isinstance(thing, Simulation):
            return frames.history_frame(thing, self.form)
        if topic == "history":
            newest = queries.visible_runs(self.caller).rows().order_by("-created_at", "-id")
            return frames.rows_frame(newest, self.form)
        return frames.dashboard_frame(list(queries.visible_simulations(self.caller)))

    def refusal(self, code: str, message: str, topic: str | None = None) -> str:
        """A page asks only for what it shows; what is gone needs no words."""
        return ""

    def acknowledge(self, kind: str, topics: list[str]) -> None:
        """The snapshot says it."""

    async def ping(self, message: dict[str, Any]) -> None:
        """Answer without markup. What was asked for before the ping is on the page when this comes."""
        self.outbox.put("<!--pong-->")


def _same_origin(scope: dict[str, Any]) -> bool:
    """Browsers say where a page came from; a page of another site must not read along with a person's session."""
    headers = {name: value.decode(errors="replace") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    if origin is None:
        return True  # not a browser
    return (
        urlsplit(origin).netloc.lower() == headers.get(b"host", "").lower() or origin in settings.CSRF_TRUSTED_ORIGINS
    )
