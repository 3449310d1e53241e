"""Hub: tells the watching sockets of this process what changed, drawn once however many watch.

News of a change (an id, never content) comes from this process or, over the channel layer, from another one; whatever
got lost is found by asking the table. What is sent is always what the row says when it is drawn, so lost, doubled or late
news does no harm. A change of state is drawn at once, progress of a run at most every SIMWEB_LIVE_INTERVAL_MS.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseGone
from django.db import close_old_connections

from runs import frames, queries
from runs.events import Kind
from runs.states import TERMINAL, Status

logger = logging.getLogger(__name__)
GROUP = "simweb.runs"
OUTBOX_FRAMES = 200
HANDFUL = OUTBOX_FRAMES // 4
SWEEP_SECONDS = 1.0
SEND_SECONDS = 2.0
UNENDED = frozenset(Status.values) - TERMINAL
Audience = frames.Audience


@dataclass(eq=False)
class Outbox:
    """The frames that one socket has yet to send. One that does not read is given up, and nobody else notices."""

    give_up: Callable[[], None]
    frames: asyncio.Queue[str | asyncio.Future[str]] = field(default_factory=lambda: asyncio.Queue(OUTBOX_FRAMES))
    overflowed: bool = False

    def put(self, frame: str | asyncio.Future[str]) -> None:
        """Queue a frame, or give the socket up."""
        if self.overflowed:
            return
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.overflowed = True
            while not self.frames.empty():
                self.frames.get_nowait()
            self.give_up()

    def reserve(self) -> asyncio.Future[str]:
        """A place in the queue for a frame that is yet to be drawn; what is put later is sent later."""
        place: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.put(place)
        return place

    async def next(self) -> str:
        """Wait for the frame to send next."""
        frame = await self.frames.get()
        return frame if isinstance(frame, str) else await asyncio.shield(frame)


class Hub:
    """Lives on the event loop of the server; `start` is called by the first socket."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._open: set[Outbox] = set()
        self._audiences: dict[Audience, set[Outbox]] = {}
        self._news: dict[int, set[Kind]] = {}  # what is known to have changed about a run since it was last drawn
        self._drawn_at: dict[int, float] = {}
        self._statuses: dict[int, str] = {}  # as the last sweeps saw them
        self._versions: dict[int, int] = {}  # that were drawn of late
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen, on the running loop. Harmless when it already does."""
        loop = asyncio.get_running_loop()
        if self.loop is loop:
            return
        self.__init__()  # type: ignore[misc]  # a loop of its own for each test; one for the life of a server
        self.loop = loop
        work = [self._draw_forever(), self._sweep_forever()]
        if settings.REDIS_URL:
            work.append(self._listen_forever())
        self._tasks = [loop.create_task(coroutine) for coroutine in work]

    def enter(self, outbox: Outbox) -> None:
        """A socket was let in."""
        self._open.add(outbox)

    def join(self, outbox: Outbox, audience: Audience) -> None:
        """From now on, `outbox` gets what is drawn for `audience`."""
        self._audiences.setdefault(audience, set()).add(outbox)

    def leave(self, outbox: Outbox, audiences: Iterable[Audience]) -> None:
        """The opposite of join."""
        for audience in audiences:
            outboxes = self._audiences.get(audience, set())
            outboxes.discard(outbox)
            if not outboxes:
                self._audiences.pop(audience, None)

    def exit(self, outbox: Outbox, audiences: Iterable[Audience]) -> None:
        """A socket is gone, and watches none of these any more."""
        self._open.discard(outbox)
        self.leave(outbox, audiences)

    @property
    def sockets(self) -> int:
        """Sockets that were let in and are open, whatever they watch. May be asked from any thread."""
        return len(self._open)

    def tell(self, run_id: int, kind: Kind) -> None:
        """News of a run; call it on the hub's loop."""
        if self._audiences:
            self._news.setdefault(run_id, set()).add(kind)
            self._wake.set()

    async def _draw_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                wait = await self._draw_due()
            except Exception:
                logger.exception("live: a drawing failed")
                wait = 1.0
            if wait is not None:
                asyncio.get_running_loop().call_later(wait, self._wake.set)

    async def _draw_due(self) -> float | None:
        """Draw what is due; the seconds until more will be, or None when nothing waits."""
        now, interval = time.monotonic(), settings.LIVE_INTERVAL_MS / 1000
        due = {
            run_id: self._news.pop(run_id)
            for run_id, kinds in list(self._news.items())
            if not kinds <= frames.QUIET or now - self._drawn_at.get(run_id, 0.0) >= interval
        }
        if due:
            drawn, versions = await sync_to_async(_draw, thread_sensitive=False)(due, set(self._audiences))
            self._versions |= versions
            await self._hand_out(drawn)
            # Only progress counts against progress: the first turn must not wait because the run's start was just told.
            progressed = [run_id for run_id, kinds in due.items() if "progress" in kinds]
            recent = {run_id: at for run_id, at in self._drawn_at.items() if now - at < interval}
            self._drawn_at = recent | dict.fromkeys(progressed, now)
        if not self._news:
            return None
        return max(0.0, interval - (time.monotonic() - min(self._drawn_at.get(run_id, 0.0) for run_id in self._news)))

    async def _hand_out(self, drawn: frames.Drawn) -> None:
        for number, (audience, text) in enumerate(drawn, 1):
            for outbox in self._audiences.get(audience, ()):
                outbox.put(text)
            if number % HANDFUL == 0:
                await asyncio.sleep(0)  # or a thousand changes at once would overflow the outbox of the quickest client

    async def _sweep_forever(self) -> None:
        """Find changes of which no news came: other processes, lost messages."""
        since = queries.now()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if not self._audiences:
                since = queries.now()
                continue
            start = queries.now()
            try:
                changed = await sync_to_async(_changed_since, thread_sensitive=False)(since - timedelta(seconds=1))
            except DatabaseGone:
                logger.exception("live: the table cannot be read; it is asked again, from the same moment on")
                continue
            self._take_in(changed)
            since = start

    def _take_in(self, changed: list[tuple[int, int, str]]) -> None:
        """Tell of what changed and was not drawn since."""
        for run_id, version, status in changed:
            if self._versions.get(run_id, 0) < version:
                self.tell(run_id, "progress" if self._statuses.get(run_id) == status else "state")
        known = self._statuses | {run_id: status for run_id, _, status in changed}
        self._statuses = {run_id: status for run_id, status in known.items() if status in UNENDED}
        self._versions = {run_id: self._versions[run_id] for run_id, _, _ in changed if run_id in self._versions}

    async def _listen_forever(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    message = await layer.receive(channel)
                    self.tell(message["run_id"], message["kind"])
            except Exception as error:  # Redis is away: the sweep finds what is missed
                logger.warning("live: the channel layer is away (%s); asking again", error)
                await asyncio.sleep(SWEEP_SECONDS)


def _draw(due: dict[int, set[Kind]], audiences: set[Audience]) -> tuple[frames.Drawn, dict[int, int]]:
    try:
        return frames.draw(due, audiences)
    finally:
        close_old_connections()


def _changed_since(moment: datetime) -> list[tuple[int, int, str]]:
    try:
        return queries.changed_since(moment)
    finally:
        close_old_connections()


hub = Hub()


def on_run_changed(*, run_id: int, kind: Kind, **news: Any) -> None:
    """Listener of `run_changed`, in whichever thread and process made the change."""
    if settings.REDIS_URL:
        _tell_all({"type": "run.changed", "run_id": run_id, "kind": kind})
    elif hub.loop is not None and hub.loop.is_running():
        hub.loop.call_soon_threadsafe(hub.tell, run_id, kind)


def _tell_all(message: dict[str, Any]) -> None:
    """Tell the hubs of all processes. On this process's own loop when there is one: each loop needs connections of its own."""
    if hub.loop is not None and hub.loop.is_running():
        asyncio.run_coroutine_threadsafe(_send(message), hub.loop)
    else:
        async_to_sync(_send)(message)


async def _send(message: dict[str, Any]) -> None:
    """A Redis that is away, or says nothing, must hold up no player: the sweeps of the hubs find what is not told."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        await asyncio.wait_for(get_channel_layer().group_send(GROUP, message), SEND_SECONDS)
    except Exception as error:
        _silent_until = time.monotonic() + SEND_SECONDS
        logger.warning("live: the channel layer is away (%s); it is asked again in %s s", error, SEND_SECONDS)


_silent_until = 0.0
