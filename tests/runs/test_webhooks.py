"""A webhook's address is anybody's word, and so is what answers there: one deadline, no body, no way into a private network."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from runs import webhooks

HEAD = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
PUBLIC = ["8.8.8.8", "2606:4700::1111", "192.0.0.9"]
PRIVATE = [
    *(
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
    ),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "198.18.0.1", "192.88.99.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "ff0e::1"),
    *("::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:10.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_world_is_public(address: str) -> None:
    assert webhooks.is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_a_private_network_is_not_public_however_it_is_written(address: str) -> None:
    assert not webhooks.is_public(address)


class Odd(threading.Thread):
    """Answers one connection as `answers` does."""

    def __init__(self, answers: Callable[[socket.socket], object]) -> None:
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listening.getsockname()[1]}/"
        self.answers = answers

    def run(self) -> None:
        line, _ = self.listening.accept()
        with line, self.listening, suppress(OSError):
            self.answers(line)


@pytest.fixture
def ended(settings: Any) -> Iterator[threading.Event]:
    settings.NOTIFY_PRIVATE = True
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_one_deadline_holds_for_all_of_it_however_the_receiver_drips(
    said: bytes, ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "DEADLINE_SECONDS", 0.6)

    def drip(line: socket.socket) -> None:
        line.sendall(said)
        while not ended.wait(0.05):
            line.sendall(said and (said if said.endswith(b"\n") else b"."))

    odd = Odd(drip)
    odd.start()
    with pytest.raises(webhooks.TooSlow):
        webhooks.post(odd.address, "{}", {})


def test_the_body_of_an_answer_is_not_read(ended: threading.Event) -> None:
    sent = []

    def flood(line: socket.socket) -> None:
        line.sendall(HEAD)
        while not ended.is_set():
            line.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            sent.append(1)

    odd = Odd(flood)
    odd.start()
    assert webhooks.post(odd.address, "{}", {}) == 200
    odd.join()
    assert len(sent) < 400, "what fits into the buffers of two sockets, and no more"


def test_a_name_server_that_does_not_answer_costs_the_deadline(
    ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "DEADLINE_SECONDS", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **options: ended.wait(60) and [])
    with pytest.raises(webhooks.TooSlow):
        webhooks.post("http://example.com/", "{}", {})


def test_a_name_is_asked_once_and_each_of_its_addresses_counts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.NOTIFY_PRIVATE = False
    asked = []

    def answer(host: str, port: int, **options: object) -> list:
        asked.append(host)
        return [(2, 1, 6, "", ("8.8.8.8", port)), (10, 1, 6, "", ("64:ff9b::7f00:1", port, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(webhooks.Refused, match="private network"):
        webhooks.post("http://turns.example/", "{}", {})
    assert asked == ["turns.example"]
