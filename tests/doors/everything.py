"""Everything that people and programs may ask of a run and its simulation: each page, list, answer, socket and admin page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from websockets.sync.client import connect

from tests.web.server import Server

UNFILLED = ("{key}", "{question}", "{selection_id}", "{view_id}", "{experiment_id}")
TABS = ("turns", "decisions", "agents", "problems", "explain", "log", "events", "spec")
ROWS = ("turn", "decision", "problem", "event", "seriesblock", "frame")


@dataclass
class Everything:
    """Asks for all of it, and names what answered with a 5xx, or not at all."""

    server: Server
    browser: httpx.Client
    token: str

    def broken(self, slug: str, runs: list[int]) -> list[str]:
        """The addresses that broke; none when all is well."""
        failed = [address for address in self._addresses(slug, runs) if self._fails(address)]
        topics = [f"simulation:{slug}", "runs", *(f"run:{run}" for run in runs)]
        return [*failed, *(topic for topic in topics if not self._is_live(topic))]

    def _fails(self, address: str) -> bool:
        answer = self.browser.get(address, headers={"HX-Request": "true"} if "rows" in address else {})
        is_json = "json" in answer.headers.get("content-type", "")
        return (
            answer.status_code >= 500
            or (answer.status_code == 404 and "/series" not in address)
            or (is_json and "invalid" in _as_json(answer.text))
        )

    def _is_live(self, topic: str) -> bool:
        address = f"{self.server.base.replace('http', 'ws')}/ws/"
        with connect(address, additional_headers={"Authorization": f"Bearer {self.token}"}, max_size=None) as socket:
            socket.send(json.dumps({"type": "subscribe", "topics": [topic]}))
            return json.loads(socket.recv(timeout=20))["type"] == "snapshot"

    def _addresses(self, slug: str, runs: list[int]) -> Iterator[str]:
        ids = ",".join(map(str, runs))
        yield from ("/", "/runs/", f"/compare/?runs={ids}", "/performance/", "/metrics", f"/runs/rows/?ids={ids}")
        yield from ("/runs/?sort=-cost", "/runs/?q=tokens>0", "/runs/?q=x", "/runs/?group=params")
        yield from (f"/simulations/{slug}/{part}" for part in ("", "new/", "settings/", "patterns/", "history/"))
        yield f"/simulations/{slug}/performance/"
        yield from ("/admin/", "/admin/runs/run/", "/admin/runs/simulation/", *(f"/admin/runs/{row}/" for row in ROWS))
        for run in runs:
            yield from (f"/runs/{run}/?tab={tab}" for tab in TABS)
            yield f"/admin/runs/run/{run}/change/"
        yield from self._api(slug, runs, ids)

    def _api(self, slug: str, runs: list[int], ids: str) -> Iterator[str]:
        described = self.browser.get("/api/v1/openapi.json").json()["paths"]
        for path, operations in described.items():
            if "get" not in operations or any(name in path for name in UNFILLED):
                continue
            asked = {item["name"] for item in operations["get"].get("parameters", []) if item.get("required")}
            query = {"ids": f"?ids={ids}", "runs": f"?runs={ids}", "metric": "?metric=turn.odd.names"}
            tail = "".join(text for name, text in query.items() if name in asked)
            kinds = [f"{tail}{'&' if tail else '?'}format={kind}" for kind in ("csv", "json", "parquet")]
            for ending in kinds if path.endswith("export") else [tail]:
                if "{run_id}" in path:
                    yield from (path.replace("{run_id}", str(run)) + ending for run in runs)
                else:
                    yield path.replace("{slug}", slug) + ending


def _as_json(text: str) -> str:
    """How the text is no JSON that browsers read; blank when it is."""
    try:
        json.loads(text, parse_constant=lambda name: _refuse(name))
    except ValueError as error:
        return f"invalid: {error}"
    return ""


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
