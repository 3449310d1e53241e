"""Watch: whoever holds a socket is asked again who they are, all of a process together, so that a thousand cost no more
than a few statements.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import Error as DatabaseGone
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from simweb.access.doors import Caller, caller_of_session, caller_with_token
from simweb.access.models import Token
from simweb.access.services import digest

logger = logging.getLogger(__name__)
UNAUTHORIZED, TRY_AGAIN_LATER = 4401, 1013
BATCH = 500  # values of one statement: SQLite takes no more than some thousands
TurnAway = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a socket showed when it came: the digest of a token, or else the key of a session."""

    token: str = ""
    session: str = ""


def proof_of(scope: Mapping[str, Any]) -> Proof:
    """Of an ASGI scope with its cookies."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value.lower().startswith(b"bearer "):
            return Proof(token=digest(value[7:].decode(errors="replace").strip()))
    return Proof(session=scope["cookies"].get(settings.SESSION_COOKIE_NAME, ""))


def callers_of(proofs: Collection[Proof]) -> dict[Proof, Caller]:
    """Who is behind each by now; whose proof proves nothing any more is left out."""
    found: dict[Proof, Caller] = {}
    for some in _batches({proof.token for proof in proofs if proof.token}):
        tokens = Token.objects.select_related("owner").prefetch_related("owner__groups")
        for token in tokens.filter(digest__in=some, owner__is_active=True):
            found[Proof(token=token.digest)] = caller_with_token(token)
    for some in _batches({proof.session for proof in proofs if not proof.token and proof.session}):
        found |= {Proof(session=key): caller_of_session(user) for key, user in _signed_in(some)}
    return found


def _signed_in(keys: list[str]) -> Iterator[tuple[str, User]]:
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    opened = {session.session_key: session.get_decoded() for session in sessions}
    numbers = {str(inside.get(SESSION_KEY, "")) for inside in opened.values()} - {""}
    people = {
        str(user.pk): user for user in User.objects.filter(pk__in=numbers, is_active=True).prefetch_related("groups")
    }
    for key, inside in opened.items():
        user = people.get(str(inside.get(SESSION_KEY, "")))
        # Another password ends the sessions that were begun with the one before.
        if user and constant_time_compare(inside.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
            yield key, user


def _batches(values: Collection[str]) -> Iterator[list[str]]:
    listed = sorted(values)
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]


@dataclass(eq=False, slots=True)
class Guest:
    """A socket that was let in; `turn_away` closes it with a code."""

    proof: Proof
    caller: Caller
    turn_away: TurnAway


class Watch:
    """Lives on the event loop of the server; `start` is called by the first socket."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._guests: set[Guest] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask, on the running loop. Harmless when it already does."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._guests, self._task = loop, set(), None
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._ask_forever())

    def enter(self, guest: Guest) -> None:
        """From now on it is asked at every ping."""
        self._guests.add(guest)

    def exit(self, guest: Guest) -> None:
        """It is gone."""
        self._guests.discard(guest)

    async def ask(self, guests: Collection[Guest]) -> bool:
        """Turn away who is nobody any more with 4401, and who may do more or less than before, or cannot be asked after,
        with 1013: they come back as who they are. True when all may stay."""
        if not guests:
            return True
        try:
            callers = await database_sync_to_async(callers_of, thread_sensitive=False)(
                {guest.proof for guest in guests}
            )
        except DatabaseGone:
            turned_away = [(guest, TRY_AGAIN_LATER) for guest in guests]
        else:
            turned_away = [
                (guest, TRY_AGAIN_LATER if guest.proof in callers else UNAUTHORIZED)
                for guest in guests
                if callers.get(guest.proof) != guest.caller
            ]
        for guest, code in turned_away:
            self.exit(guest)
            guest.turn_away(code)
        return not turned_away

    async def _ask_forever(self) -> None:
        while True:
            await asyncio.sleep(settings.PING_SECONDS)
            try:
                await self.ask(list(self._guests))
            except Exception:
                logger.exception("watch: who holds a socket could not be asked; they are asked again at the next ping")


watch = Watch()
