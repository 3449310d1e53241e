"""Sockets that are left alone, that do not answer, that do not read: against the real server, without a browser in between."""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode
from websockets.sync.client import connect
from websockets.uri import parse_uri

from tests.environment import FAULT_RUNS
from tests.prepared import prepare
from tests.waiting import wait_until
from tests.web.conftest import NewContext
from tests.web.pages import live, record, recorded
from tests.web.server import Lab, Server

LONG = FAULT_RUNS >= 1000
IDLE_SECONDS = 600 if LONG else 6
PING_SECONDS = 20 if LONG else 2


@pytest.fixture
def pinging(chrome: Browser, tmp_path: Path) -> Iterator[Server]:
    """A server that pings often, and says more than usual in its log."""
    server = Server(tmp_path, SIMWEB_PING_SECONDS=str(PING_SECONDS), SIMWEB_LOG_LEVEL="INFO")
    server.token = prepare(server)
    server.link = server.start()
    yield server
    server.stop()


class Client:
    """A socket of which every frame is seen, and that answers pings or does not."""

    def __init__(self, server: Server, token: str, *, answers: bool) -> None:
        self.answers = answers
        self.pings = 0
        self.protocol = ClientProtocol(parse_uri(f"{server.base.replace('http', 'ws')}/ws/"))
        self.line = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        request = self.protocol.connect()
        request.headers["Authorization"] = f"Bearer {token}"
        self.protocol.send_request(request)
        self.flush()
        self.read()

    def flush(self) -> None:
        """Send what the protocol has to say."""
        for data in self.protocol.data_to_send():
            self.line.sendall(data)

    def read(self) -> None:
        """Take in what comes next."""
        self.protocol.receive_data(self.line.recv(65_536))
        for event in self.protocol.events_received():
            self.pings += getattr(event, "opcode", None) is Opcode.PING
        if self.answers:
            self.flush()


def test_sockets_that_are_left_alone_stay_open(pinging: Server, new_context: NewContext) -> None:
    page = new_context(base_url=pinging.base, storage_state=None).new_page()
    page.goto(pinging.link)
    live(page)
    record(page, "live-socket")
    client = Client(pinging, pinging.token, answers=True)
    while client.pings < IDLE_SECONDS / PING_SECONDS:
        client.read()
    client.line.close()
    lab = Lab(pinging.base, pinging.token)
    lab.finished(lab.simulation("After a while"), 1)
    lab.client.close()
    page.locator("#stats .stat").filter(has_text="Success").get_by_text("100").wait_for()
    assert recorded(page, "live-socket") == ["Live"]


def test_a_client_that_does_not_answer_is_closed_with_4408(pinging: Server) -> None:
    client = Client(pinging, pinging.token, answers=False)
    while client.protocol.close_rcvd is None:
        client.read()
    client.line.close()
    assert (client.pings, client.protocol.close_rcvd.code) == (1, 4408)


def test_what_a_client_reads_late_comes_whole_and_in_order(server: Server, token: str) -> None:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that frames are taken in pieces
    line.connect(("127.0.0.1", server.port))
    sizes = [*range(60), *range(65_400, 65_500), 100_000]  # on both sides of where a frame's head gets longer
    address = server.base.replace("http", "ws") + "/ws/"
    headers = {"Authorization": f"Bearer {token}"}
    with connect(address, sock=line, additional_headers=headers, compression=None, ping_interval=None) as client:
        for size in sizes:
            client.send(json.dumps({"type": "ping", "timestamp": "ä" * size}, ensure_ascii=False))
        answers = [json.loads(client.recv(30))["data"]["timestamp"] for _ in sizes]
    assert [len(answer) for answer in answers] == sizes
    assert set("".join(answers)) == {"ä"}


def test_a_client_that_does_not_read_is_closed_with_4429_and_its_next_snapshot_has_it_all(
    server: Server, token: str, lab: Lab
) -> None:
    address = server.base.replace("http", "ws") + "/ws/"
    headers = {"Authorization": f"Bearer {token}"}
    slug = lab.simulation("Not read")
    with connect(address, additional_headers=headers, compression=None, ping_interval=None, max_size=None) as client:
        client.send(json.dumps({"type": "subscribe", "topics": [f"simulation:{slug}"]}))
        run = lab.run(slug)
        lab.ended(run)
        for _ in range(600):  # each is answered by as much
            client.send(json.dumps({"type": "ping", "timestamp": "x" * 65_536}))
        wait_until(lambda: "reads too slowly" in server.log.read_text(), 60)
        with pytest.raises(ConnectionClosed) as closed:
            deque(client, maxlen=0)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4429
    with connect(address, additional_headers=headers) as client:
        client.send(json.dumps({"type": "subscribe", "topics": [f"run:{run}"]}))
        assert json.loads(client.recv(10))["data"]["status"] == lab.get(run)["status"] == "completed"
