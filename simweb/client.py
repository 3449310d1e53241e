"""A client for notebooks and scripts: this one file, and httpx.

from simweb.client import Lab

lab = Lab("http://127.0.0.1:8000", token="…")
run = lab.start("social-feed", turns=50, params={"agents": 500}).wait()
run.to_pandas().plot(x="turn", y="turn.opinion.variance")
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

ENDED = {"completed", "failed", "cancelled"}
POLL_SECONDS = 0.2
BAR = 30


class Refused(Exception):
    """The server refused; `status` is the HTTP status, the message what to change."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Run:
    """One run of the lab; `data` is what the API last told of it."""

    def __init__(self, lab: Lab, data: dict[str, Any]) -> None:
        self.lab = lab
        self.data = data

    def __repr__(self) -> str:
        return f"<Run {self.id}: {self.status}, {self.data['turns_done']} of {self.data['turns']} turns>"

    @property
    def id(self) -> int:
        return int(self.data["id"])

    @property
    def status(self) -> str:
        return str(self.data["status"])

    @property
    def metrics(self) -> dict[str, Any]:
        """What was measured over the whole run."""
        return dict(self.data["run_metrics"] or {})

    def refresh(self) -> Run:
        """Ask the server how it stands."""
        self.data = self.lab.ask("GET", f"/runs/{self.id}")
        return self

    def wait(self, *, progress: bool = True, timeout: float | None = None) -> Run:
        """Wait until it has ended, with a bar on standard error. Raises TimeoutError after `timeout` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while self.refresh().status not in ENDED:
            if progress:
                self._draw("\r")
            if until is not None and time.monotonic() > until:
                raise TimeoutError(f"run {self.id} has not ended within {timeout} s; it goes on")
            time.sleep(POLL_SECONDS)
        if progress:
            self._draw("\r")
            sys.stderr.write("\n")
        return self

    def turns(self) -> list[dict[str, Any]]:
        """Every turn, in order."""
        return self.lab.pages(f"/runs/{self.id}/turns")

    def decisions(self) -> list[dict[str, Any]]:
        """Every kept decision, in order."""
        return self.lab.pages(f"/runs/{self.id}/decisions")

    def verify(self) -> Run:
        """Have it played again; wait, then look at `data["verification"]`."""
        answer = self.lab.ask("POST", f"/runs/{self.id}/verify")
        if answer["id"] != self.id:
            Run(self.lab, answer).wait(progress=False)
        return self.refresh()

    def cancel(self) -> Run:
        """End it now; what it recorded stays."""
        self.data = self.lab.ask("POST", f"/runs/{self.id}/cancel")
        return self

    def to_pandas(self) -> Any:
        """A pandas DataFrame with a row per turn; a mapping gives a column `key.name` for each name, or
        `key[name]` where another metric has that name; a table is a list in its cell."""
        import pandas

        return pandas.DataFrame([_flat(turn) for turn in self.turns()])

    def _draw(self, start: str) -> None:
        done, turns = self.data["turns_done"], self.data["turns"]
        filled = BAR * done // turns
        sys.stderr.write(
            f"{start}run {self.id} [{'#' * filled}{'.' * (BAR - filled)}] {done}/{turns} {self.status:<10}"
        )
        sys.stderr.flush()


class Lab:
    """A simweb server. `token` is what `manage.py token NAME` printed."""

    def __init__(self, address: str, *, token: str, timeout: float = 60) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=f"{address.rstrip('/')}/api/v1", headers=headers, timeout=timeout)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def start(
        self,
        simulation: str,
        *,
        params: Mapping[str, Any] | None = None,
        turns: int | None = None,
        seed: int | None = None,
        metric_keys: Iterable[str] | None = None,
    ) -> Run:
        """Queue a run of a simulation, named by its slug; what is left out is as the simulation has it."""
        wanted = {"params": dict(params or {}), "turns": turns, "seed": seed}
        keys = list(metric_keys) if metric_keys is not None else None
        return Run(self, self.ask("POST", f"/simulations/{simulation}/runs", json={**wanted, "metric_keys": keys}))

    def run(self, run_id: int) -> Run:
        """The run with this number."""
        return Run(self, self.ask("GET", f"/runs/{run_id}"))

    def simulations(self) -> list[dict[str, Any]]:
        """What can be started."""
        return self.pages("/simulations")

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Any route of the API; its JSON. Raises Refused with the server's reason."""
        answer = self._http.request(method, path, **more)
        if answer.is_error:
            told = answer.json() if "json" in answer.headers.get("content-type", "") else {}
            raise Refused(answer.status_code, told.get("detail") or answer.reason_phrase)
        return answer.json()

    def pages(self, path: str) -> list[dict[str, Any]]:
        """All items of a list, page after page."""
        items: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 100}
        while True:
            page = self.ask("GET", path, params=query)
            items.extend(page["items"])
            if page.get("next_cursor") is None:
                return items
            query["cursor"] = page["next_cursor"]


def _flat(turn: Mapping[str, Any]) -> dict[str, Any]:
    parts = [("actions", name, count) for name, count in turn["actions"].items()]
    flat = {"turn": turn["number"], **{name: turn[name] for name in ("duration_ms", "tokens", "cost_usd")}}
    for key, value in turn["metrics"].items():
        if isinstance(value, dict):
            parts += [(key, name, item) for name, item in value.items()]
        else:
            flat[f"metrics[{key}]" if key in flat else key] = value
    for key, name, item in parts:  # a part never takes the column of another metric
        flat[f"{key}[{name}]" if f"{key}.{name}" in flat else f"{key}.{name}"] = item
    return flat
