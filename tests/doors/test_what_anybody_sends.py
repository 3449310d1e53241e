"""What anybody can send to a server without being known to it, byte by byte: it costs neither memory nor others their answers."""

from __future__ import annotations

import itertools
import json
import resource
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from importlib.metadata import version
from pathlib import Path
from unittest.mock import ANY

import httpx
import pytest
from daphne.http_protocol import WebRequest
from daphne.server import Server as Daphne
from django.conf import settings
from twisted.internet.abstract import FileDescriptor
from twisted.web.http import HTTPChannel

from simweb.connection import most_connections
from tests.doors.streaming import PARTS
from tests.waiting import wait_until
from tests.web.server import Server

MIB = 1 << 20
CONNECTIONS = 30


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with little patience, and a few addresses whose answers are long."""
    server = Server(
        tmp_path_factory.mktemp("guarded"),
        DJANGO_SETTINGS_MODULE="tests.doors.streaming",
        SIMWEB_WORKERS="1",
        SIMWEB_SLOW_SECONDS="2",
        SIMWEB_UNREAD_SECONDS="4",
        SIMWEB_LEAST_FREE_MB=str(10**9),
        SIMWEB_MAX_CONNECTIONS=str(CONNECTIONS),
    )
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(few, 1024), most))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
    try:
        yield server
    finally:
        server.stop()


def connection(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


def answer(line: socket.socket) -> tuple[int, dict]:
    """The refusal that comes: its status, and the problem that it tells."""
    came = b""
    while not came.endswith(b"}"):
        part = line.recv(65536)
        assert part, came
        came += part
    first, _, rest = came.partition(b"\r\n")
    return int(first.split()[1]), json.loads(rest.partition(b"\r\n\r\n")[2])


def peak(server: Server) -> int:
    """The most memory, in MiB, that the server's process ever had."""
    assert server.process is not None
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def send_all(line: socket.socket, pieces: Iterable[bytes]) -> None:
    """Send until the server takes no more."""
    with suppress(BrokenPipeError, ConnectionResetError):
        for piece in pieces:
            line.sendall(piece)


def test_a_body_whose_size_is_told_is_refused_before_it_comes(guarded: Server) -> None:
    with connection(guarded) as line:
        lines = f"Content-Length: {1 << 40}", "Expect: 100-continue", "Authorization: Bearer simweb_unknown"
        line.sendall(head("/api/v1/runs/import", *lines))
        status, problem = answer(line)
    assert (status, problem["status"], problem["detail"]) == (413, 413, f"At most {64 * MIB} bytes.")


def test_of_who_shows_neither_token_nor_session_only_a_small_form_is_taken(guarded: Server) -> None:
    for path in ("/sign-in/", "/api/v1/runs/import"):
        with connection(guarded) as line:
            line.sendall(head(path, "Content-Length: 70000"))
            assert answer(line) == (413, ANY)
    with connection(guarded) as line:
        line.sendall(
            head("/sign-in/", "Content-Length: 70000", "Cookie: a=b; sessionid=c", "Connection: close") + b"x" * 70000
        )
        assert line.recv(65536).startswith(b"HTTP/1.1 403 "), "it came to the form, which wants a CSRF token"


def test_all_bodies_together_are_bounded_and_what_is_refused_makes_room(guarded: Server) -> None:
    token = guarded.manage("token", "sends two at once", "--role", "operator")
    asked = head(
        "/api/v1/runs/import", f"Content-Length: {40 * MIB}", f"Authorization: Bearer {token}", "Connection: close"
    )
    for _ in range(2):  # what was answered makes room as well
        with connection(guarded) as one, connection(guarded) as other:
            for line in (one, other):
                line.sendall(asked)
            for _ in range(40):
                for line in (one, other):
                    send_all(line, [b" " * MIB])
            assert sorted(answer(line)[0] for line in (one, other)) == [422, 503]


def test_a_body_that_grows_over_its_limit_is_refused_and_others_are_answered_meanwhile(guarded: Server) -> None:
    before = peak(guarded)
    answered = []

    def chunks() -> Iterator[bytes]:
        for number in range(300 * 16):
            if number % 100 == 0:
                answered.append(other.get("/health").status_code)
            yield b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    with connection(guarded) as line, httpx.Client(base_url=guarded.base, timeout=20) as other:
        line.sendall(head("/sign-in/", "Transfer-Encoding: chunked"))
        send_all(line, chunks())
        assert answer(line)[0] == 413
    assert set(answered) == {200}
    assert peak(guarded) < before + 60


def test_a_large_body_is_taken_from_operators_and_lies_in_a_file(guarded: Server) -> None:
    viewer, token = (guarded.manage("token", f"a {role} sends much", "--role", role) for role in ("viewer", "operator"))
    before = peak(guarded)
    for bearer, wanted in (("simweb_unknown", 401), (viewer, 403), (token, 413), (token, 422)):
        size = 65 if wanted == 413 else 48
        lines = f"Content-Length: {size * MIB}", f"Authorization: Bearer {bearer}", "Connection: close"
        with connection(guarded) as line:
            line.sendall(head("/api/v1/runs/import", *lines))
            send_all(
                line, itertools.repeat(b" " * MIB, 10 if wanted in {401, 403} else size)
            )  # who may not is told before
            assert answer(line)[0] == wanted
        if wanted != 422:
            assert peak(guarded) < before + 30
    assert peak(guarded) < before + 48 * 5


def test_who_sends_much_is_not_judged_while_the_server_asks_who_that_is(guarded: Server) -> None:
    token = guarded.manage("token", "waits", "--role", "operator")
    lines = f"Content-Length: {5 * MIB}", f"Authorization: Bearer {token}", "Connection: close", "X-Wait: 7"
    with connection(guarded) as line:
        line.sendall(head("/api/v1/runs/import", *lines))
        send_all(line, [b" " * MIB] * 5)
        assert answer(line)[0] == 422


def test_a_connection_that_says_nothing_is_cut(guarded: Server) -> None:
    for beginning in (b"", b"\r\n"):
        with connection(guarded) as line:
            line.settimeout(30)
            line.sendall(beginning)
            assert answer(line)[0] == 408


def is_cut(line: socket.socket) -> bool:
    """Whether the server has closed, or told that it will, while a byte more was sent."""
    line.settimeout(0.05)
    try:
        line.sendall(b"1")
        came = line.recv(65536)
    except TimeoutError:
        return False
    except (ConnectionResetError, BrokenPipeError):
        return True
    return not came or came.startswith(b"HTTP/1.1 408 ")


def test_connections_that_drip_are_cut_and_one_that_waits_between_requests_is_not(guarded: Server) -> None:
    beginnings = (
        b"G",
        b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        head("/sign-in/", "Content-Length: 4000"),
        head("/sign-in/", "Transfer-Encoding: chunked"),
    )
    with ExitStack() as held:
        waits, *drip = [held.enter_context(connection(guarded)) for _ in range(5)]
        waits.sendall(head("/health", method="GET"))
        assert waits.recv(65536).startswith(b"HTTP/1.1 200 ")
        for line, beginning in zip(drip, beginnings, strict=True):
            line.sendall(beginning)
        for line in drip:
            wait_until(lambda line=line: is_cut(line), 40)
        waits.sendall(head("/health", method="GET"))
        assert waits.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_the_newest_connections_beyond_the_bound_are_told_to_come_later(guarded: Server) -> None:
    with ExitStack() as held:
        lines = [held.enter_context(closing(connection(guarded))) for _ in range(CONNECTIONS + 5)]
        for line in lines[:CONNECTIONS]:  # who says nothing would be cut
            line.sendall(head("/health", method="GET"))
        for line in lines[CONNECTIONS:]:
            assert answer(line)[0] == 503
        for line in lines[:CONNECTIONS]:
            assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
        lines[0].sendall(head("/health", method="GET"))
        assert lines[0].recv(65536).startswith(b"HTTP/1.1 200 "), "those who were here before are answered"
    wait_until(lambda: httpx.get(f"{guarded.base}/health", timeout=20).status_code == 200, 20)


def test_as_many_files_may_be_open_as_the_server_is_allowed_and_connections_leave_room(guarded: Server) -> None:
    assert guarded.process is not None
    few, most = resource.prlimit(guarded.process.pid, resource.RLIMIT_NOFILE)
    assert few == most == resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert most_connections(1024, 4) * 2 < 1024 - 4 * 16
    assert most_connections(1 << 20, 4) == settings.MAX_CONNECTIONS


def test_a_request_that_offers_another_protocol_is_answered_in_this_one(guarded: Server) -> None:
    asked = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA"}
    assert httpx.get(f"{guarded.base}/health", headers=asked, timeout=20).json() == {"status": "ok"}


def test_an_exception_in_the_middle_of_a_stream_breaks_the_connection(guarded: Server) -> None:
    for protocol in ("1.1", "1.0"):  # in the older, an answer ends with its connection
        with connection(guarded) as line:
            line.sendall(head("/breaks/", method="GET").replace(b"1.1\r\n", protocol.encode() + b"\r\n", 1))
            with pytest.raises(ConnectionResetError):  # noqa: PT012
                while line.recv(65536):
                    pass
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{guarded.base}/breaks/", timeout=20)
    assert httpx.get(f"{guarded.base}/health", timeout=20).status_code == 200


@pytest.mark.parametrize("leaves", [True, False], ids=["the reader has gone", "the reader does not read"])
def test_a_stream_waits_for_its_reader_and_stops_without_one(guarded: Server, leaves: bool) -> None:
    before, name = peak(guarded), f"told-{leaves}"
    told = guarded.log.parent / name
    with connection(guarded) as line:
        line.sendall(head(f"/long/?told={name}", method="GET"))
        assert line.recv(1000).startswith(b"HTTP/1.1 200 ")
        if leaves:
            line.close()
        ended = wait_until(lambda: (text := told.read_text()).startswith("closed") and text, 40)
    assert int(ended.split()[1]) < PARTS / 4
    assert peak(guarded) < before + 60


def test_a_stream_is_read_to_its_end_by_whoever_reads(guarded: Server) -> None:
    with httpx.stream("GET", f"{guarded.base}/long/?told=whole", headers={"Accept-Encoding": ""}, timeout=60) as stream:
        assert sum(map(len, stream.iter_bytes())) == PARTS * MIB


@pytest.mark.parametrize(
    ("method", "path"), [("HEAD", "/large/"), ("HEAD", "/long/?told=head"), ("GET", "/large/?status=304")]
)
def test_an_answer_without_a_body_has_none_and_the_next_is_understood(guarded: Server, method: str, path: str) -> None:
    with connection(guarded) as line, line.makefile("rb") as came:
        line.sendall(head(path, method=method))
        told = list(iter(came.readline, b"\r\n"))
        if path == "/large/":
            assert f"Content-Length: {MIB}\r\n".encode() in told
        line.sendall(head("/health", method="GET"))
        assert came.readline() == b"HTTP/1.1 200 OK\r\n"


def test_who_reads_slowly_but_reads_is_not_cut_off(guarded: Server) -> None:
    with closing(socket.socket()) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(60)
        line.connect(("127.0.0.1", guarded.port))
        line.sendall(head("/long/?told=slowly", method="GET"))
        until = time.monotonic() + 7  # within which who does not read is cut off
        while time.monotonic() < until:
            assert line.recv(1024)
            time.sleep(0.05)


def test_a_disk_with_too_little_room_is_told(guarded: Server) -> None:
    told = httpx.get(f"{guarded.base}/ready", timeout=20)
    assert told.status_code == 503
    assert " MiB are free where " in told.json()["disk"]


def test_the_names_of_twisted_and_daphne_that_are_built_upon_are_those_of_these_versions() -> None:
    """On a new version: read what `simweb.connection` and `simweb.server` override, then write the version here."""
    assert (version("twisted"), version("daphne")) == ("26.10.0", "4.2.3")
    for name in ("_handlingRequest", "_optimisticEagerReadSize", "allHeadersReceived", "allContentReceived"):
        assert hasattr(HTTPChannel() if name == "_handlingRequest" else HTTPChannel, name)
    wire = FileDescriptor(reactor=object())  # type: ignore[arg-type]
    assert (wire.dataBuffer, wire.offset, wire._tempDataLen) == (b"", 0, 0)
    for of, name in ((WebRequest, "handle_exception"), (WebRequest, "process"), (Daphne, "kill_all_applications")):
        assert callable(getattr(of, name))
