"""Whoever holds a socket is asked again who they are: what let them in may have been taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.doors.browser import Browser
from tests.web.server import Lab, Server

ONE_DATABASE = "who asks is read by the same statements on both"
SECONDS = 30
UNDONE = """
from django.contrib.auth.models import User
from simweb.access.models import Token
Token.objects.filter(name="taken away").delete()
User.objects.filter(username="inactive").update(is_active=False)
changed = User.objects.get(username="changed")
changed.set_password("another that nobody knows")
changed.save()
"""
WAYS = ("taken away", "inactive", "changed", "signed out")


class Sockets:
    """Sockets of people and of a token, and what is done to take their way in from them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.people = {name: Browser(server, name) for name in WAYS[1:]}
        self.token = server.manage("token", "taken away", "--role", "viewer")
        self.opened = ExitStack()

    def open(self, way: str, path: str = "/ws/") -> ClientConnection:
        """A socket that was let in."""
        if way == "taken away":
            header = {"Authorization": f"Bearer {self.token}"}
        else:
            header = {"Cookie": f"sessionid={self.people[way].client.cookies['sessionid']}"}
        address = f"{self.server.base.replace('http', 'ws')}{path}"
        line = self.opened.enter_context(connect(address, additional_headers=header))
        line.send(json.dumps({"type": "ping"}))
        assert "pong" in line.recv(SECONDS)
        return line

    def take_back(self) -> None:
        """Of each the way by which it came in."""
        self.people["signed out"].send("/", {}, to="/sign-out/")
        self.server.manage("shell", "-c", UNDONE)


def code_of_close(line: ClientConnection) -> int:
    """With which the server closes it."""
    with suppress(ConnectionClosed):
        while line.recv(SECONDS):
            pass
    assert line.close_code is not None
    return line.close_code


@pytest.fixture
def sockets(server: Server) -> Iterator[Sockets]:
    made = Sockets(server)
    yield made
    made.opened.close()
    for person in made.people.values():
        person.client.close()


def test_a_socket_is_closed_when_what_let_it_in_is_taken_back(server: Server, sockets: Sockets, lab: Lab) -> None:
    listening = {(way, path): sockets.open(way, path) for way in WAYS for path in ("/ws/", "/ws/live/")}
    asking = {way: sockets.open(way) for way in WAYS}
    mine = {"Authorization": lab.client.headers["Authorization"]}
    with connect(f"{server.base.replace('http', 'ws')}/ws/", additional_headers=mine) as kept:
        sockets.take_back()
        for way, line in asking.items():
            with suppress(ConnectionClosed):  # by a ping that came before
                line.send(json.dumps({"type": "subscribe", "topics": ["runs"]}))
            assert code_of_close(line) == 4401, way
        assert {place: code_of_close(line) for place, line in listening.items()} == dict.fromkeys(listening, 4401)
        kept.send(json.dumps({"type": "subscribe", "topics": ["runs"]}))
        assert json.loads(kept.recv(SECONDS))["type"] == "snapshot"
    for way in WAYS[1:]:
        answer = httpx.get(f"{server.base}/api/v1/runs", cookies=dict(sockets.people[way].client.cookies))
        assert answer.status_code == 401, way
