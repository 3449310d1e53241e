"""Sockets are asked again who they are: what comes of it, and what it costs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from simweb.access import watch
from simweb.access.models import Token
from simweb.access.roles import Role, give_role
from simweb.access.watch import Proof, callers_of
from tests.conftest import api_of, make_person, signed_in
from tests.runs.sockets import Watcher, headers_of, in_thread, watching
from tests.runs.test_database_away import without
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def proofs(count: int) -> set[Proof]:
    """Of so many people, each with a session and a token."""
    found = set()
    for number in range(count):
        person = make_person(Role.OPERATOR, f"person {count} {number}")
        found.add(Proof(session=signed_in(person).cookies["sessionid"].value))
        api_of(person, Role.VIEWER)
        found.add(Proof(token=Token.objects.get(owner=person).digest))
    return found


async def is_in(socket: Watcher) -> None:
    """Wait until it is known who holds it."""
    await socket.send({"type": "ping"})
    assert "pong" in await socket.text()


def test_many_are_asked_with_no_more_statements_than_one() -> None:
    asked = []
    for some in (proofs(1), proofs(20)):
        with CaptureQueriesContext(connection) as statements:
            callers = callers_of(some)
        assert {caller.role for caller in callers.values()} == {Role.VIEWER, Role.OPERATOR}
        assert callers.keys() == some
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 6


@pytest.mark.asyncio
@pytest.mark.parametrize("by_itself", [True, False], ids=["at the next ping", "when it asks"])
async def test_whose_role_has_changed_comes_back_with_another(operator: User, settings: Any, by_itself: bool) -> None:
    settings.PING_SECONDS = 0.02 if by_itself else 60
    browser = await in_thread(signed_in, operator)
    async with watching("/ws/live/", headers_of(browser)) as page:
        await is_in(page)
        await in_thread(give_role, operator, Role.VIEWER)
        if not by_itself:
            await page.send({"type": "subscribe", "topics": ["runs"]})
        assert await page.closed() == 1013
    async with watching("/ws/live/", headers_of(browser)) as page:
        await is_in(page)


@pytest.mark.asyncio
async def test_while_nobody_can_be_asked_after_sockets_are_told_to_try_again(viewer: User) -> None:
    browser = await in_thread(signed_in, viewer)
    async with watching("/ws/", headers_of(browser)) as socket:
        await is_in(socket)
        missing = without("django_session", "session_data")
        await in_thread(missing.__enter__)
        try:
            await socket.send({"type": "subscribe", "topics": ["runs"]})
            assert await socket.closed() == 1013
            async with watching("/ws/", headers_of(browser)) as another:
                assert await another.closed() == 1013
        finally:
            await in_thread(missing.__exit__, None, None, None)


@pytest.mark.asyncio
async def test_what_goes_wrong_once_does_not_end_the_asking(
    operator: User, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PING_SECONDS = 0.02
    browser, failures = await in_thread(signed_in, operator), iter([ValueError("a session that nobody can read")])

    def fail_once(proofs: Any) -> Any:
        for failure in failures:
            raise failure
        return callers_of(proofs)

    async with watching("/ws/live/", headers_of(browser)) as page:
        await is_in(page)
        monkeypatch.setattr(watch, "callers_of", fail_once)
        await in_thread(wait_until, lambda: "a session that nobody can read" in caplog.text)
        await in_thread(give_role, operator, Role.VIEWER)
        assert await page.closed() == 1013


@pytest.mark.asyncio
async def test_an_asking_that_has_ended_is_begun_again_by_the_next_socket() -> None:
    asking = watch.Watch()
    asking.start()
    ended = asking._task
    assert ended is not None
    ended.cancel()
    await asyncio.wait([ended])
    asking.start()
    assert asking._task is not None
    assert not asking._task.done()
    asking._task.cancel()
