"""Smoke: whether a running server does what it is there for. Asked as any program asks: over HTTP and a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

TURNS = 3
ENDED = {"completed", "failed", "cancelled"}
CALL = {"num_agents": 2, "num_turns": TURNS, "seed": 1, "description": "A smoke test of this server."}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried: what, whether it went well, and what was seen."""

    name: str
    is_good: bool
    seen: str


class Failed(Exception):
    """The server answered something else; the message says what."""


def smoke(base: str, token: str, seconds: float = 60.0) -> Iterator[Step]:
    """Health, readiness, the token, one short run, of which a socket is told until its end, and its turns.

    Ends at the first failure. The run is deleted again.
    """
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base.rstrip("/"), headers=headers, timeout=seconds, follow_redirects=True) as client:
        run = 0
        for name in STEPS:
            try:
                if name == "run":
                    run, seen = _start(client)
                elif name == "socket":
                    seen = _watch(client, run, token, seconds)
                else:
                    seen = CHECKS[name](client, run)
            except (Failed, httpx.HTTPError, httpx.InvalidURL, WebSocketException, OSError, ValueError) as error:
                yield Step(name, False, str(error) or type(error).__name__)
                return
            yield Step(name, True, seen)


def _health(client: httpx.Client, run: int) -> str:
    told = _json(client.get("/health"))
    if told != {"status": "ok"}:
        raise Failed(f"/health says {told}")
    return "/health says ok"


def _ready(client: httpx.Client, run: int) -> str:
    told = _json(client.get("/ready"))
    return ", ".join(f"{part} {state}" for part, state in told.items() if part != "status")


def _token(client: httpx.Client, run: int) -> str:
    _json(client.get("/api/v1/runs", params={"limit": 1}))
    return "the token lets in"


def _start(client: httpx.Client) -> tuple[int, str]:
    told = _json(client.post("/api/v1/simulations/run", params={"wait": 0}, json=CALL))
    return int(told["run_id"]), f"run {told['run_id']} is {told['status']}"


def _watch(client: httpx.Client, run: int, token: str, seconds: float) -> str:
    """What a socket is told of the run, from its snapshot to its end."""
    parts = urlsplit(str(client.base_url))
    address = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}{parts.path.rstrip('/')}/ws/"
    frames = 0
    with connect(
        address, additional_headers={"Authorization": f"Bearer {token}"}, open_timeout=seconds, compression=None
    ) as socket:
        socket.send(json.dumps({"type": "subscribe", "topics": [f"run:{run}"]}))
        status = ""
        while status not in ENDED:
            frame = _frame(socket, seconds, status)
            frames += 1
            if frame["type"] == "error":
                raise Failed(f"the socket says {frame['data']}")
            status = _status_in(frame) or status
    return f"told in {frames} frames that run {run} is {status}"


def _frame(socket: ClientConnection, seconds: float, status: str) -> dict[str, Any]:
    try:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=seconds))
    except TimeoutError:
        raise Failed(f"no word of the run's end within {seconds:g} s; it was {status or 'not told of'}") from None
    return frame


def _status_in(frame: dict[str, Any]) -> str:
    data = frame.get("data")
    return str(data.get("status", "")) if isinstance(data, dict) else ""


def _turns(client: httpx.Client, run: int) -> str:
    told = _json(client.get(f"/api/v1/simulations/runs/{run}"))
    if told["status"] != "completed" or len(told["turns"]) != TURNS:
        raise Failed(f"run {run} is {told['status']} with {len(told['turns'])} of {TURNS} turns: {told['error']}")
    return f"{TURNS} turns, each with {len(told['turns'][0]['metrics'])} metrics"


def _tidy(client: httpx.Client, run: int) -> str:
    answer = client.delete(f"/api/v1/runs/{run}")
    if answer.status_code != 204:
        raise Failed(f"DELETE /api/v1/runs/{run} is answered with {answer.status_code}")
    return f"run {run} is deleted"


def _json(answer: httpx.Response) -> Any:
    if answer.status_code >= 400:
        path = answer.request.url.path
        raise Failed(f"{answer.request.method} {path} is answered with {answer.status_code}: {answer.text[:300]}")
    return answer.json()


CHECKS = {"health": _health, "ready": _ready, "token": _token, "turns": _turns, "tidy": _tidy}
STEPS = ("health", "ready", "token", "run", "socket", "turns", "tidy")
