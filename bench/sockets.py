"""A thousand sockets that watch one run, through the real server; each frame carries when it was drawn."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from typing import Any

import websockets

from bench.server import Server, percentiles, running_server
from bench.worlds import SETTING

SOCKETS = 1000
SECONDS = 10
PER_SECOND = 10


def bench() -> list[tuple[str, str, str]]:
    """Latency from drawing to receipt, and whether every socket saw the same frames. (what, measured, goal)"""
    settings = {"SIMWEB_SCENARIOS": SETTING, "SIMWEB_LIVE_INTERVAL_MS": str(1000 // PER_SECOND), "SIMWEB_WORKERS": "1"}
    with running_server(**settings) as server, server.client() as api:
        body = {"name": "Paced", "scenario": "paced", "turns": SECONDS * 40, "params": {"seconds": 1 / 40}}
        api.post("/simulations", json=body).raise_for_status()
        seen = asyncio.run(_watch(server, api))
    delays = [delay for socket in seen for delay in socket["delays"]]
    most = max(len(socket["versions"]) for socket in seen)
    whole = sum(len(socket["versions"]) == most and socket["ended"] for socket in seen)
    rate = most / SECONDS
    return [
        (f"{SOCKETS:,} sockets on one run, {rate:.1f} frames/s each", percentiles(delays), "p99 ≤200 ms at 10/s"),
        ("of them saw every frame and the end", f"{whole:,} of {SOCKETS:,}", "nothing lost"),
    ]


async def _watch(server: Server, api: Any) -> list[dict[str, Any]]:
    address = server.base.replace("http", "ws") + "/ws/"
    run_id: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(_socket(address, server.headers, run_id, ready)) for _ in range(SOCKETS)]
    for _ in range(SOCKETS):
        await ready.acquire()
    response = await asyncio.to_thread(api.post, "/simulations/paced/runs", json={})
    run_id.set_result(response.json()["id"])
    return await asyncio.gather(*tasks)


async def _socket(
    address: str, headers: dict[str, str], run: asyncio.Future[int], ready: asyncio.Semaphore
) -> dict[str, Any]:
    async with websockets.connect(address, additional_headers=headers, open_timeout=60, compression=None) as socket:
        await socket.send(json.dumps({"type": "subscribe", "topics": ["simulation:paced"]}))
        while json.loads(await socket.recv())["type"] != "subscribe_ack":
            pass
        ready.release()
        run_id = await run
        received = []
        while True:
            text = await socket.recv(decode=False)
            received.append((time.time(), text))  # read later: a thousand readers in one process must not queue for it
            if b'"status":"completed"' in text and b'"run_update"' in text:
                break
    return _read(received, run_id)


def _read(received: list[tuple[float, bytes]], run_id: int) -> dict[str, Any]:
    seen: dict[str, Any] = {"delays": [], "versions": [], "ended": False}
    for at, text in received:
        frame = json.loads(text)
        if frame["type"] in {"run_update", "run_progress"} and frame["data"]["id"] == run_id:
            seen["delays"].append(at - datetime.fromisoformat(frame["ts"]).timestamp())
            seen["versions"].append(frame["data"]["version"])
            seen["ended"] = seen["ended"] or frame["data"]["status"] == "completed"
    return seen
