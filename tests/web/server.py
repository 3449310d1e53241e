"""A real server in a process of its own, on its own data: what a browser, or a person, would meet."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

from bench.worlds import SETTING as PACED
from tests.scenarios import SETTING as TOYS

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = {
    "SIMWEB_SCENARIOS": f"{TOYS},{PACED}",
    "SIMWEB_WORKERS": "4",
    "SIMWEB_LIVE_INTERVAL_MS": "100",
    "SIMWEB_LOG_LEVEL": "INFO",
    "SIMWEB_COMPILED": "0",  # no test waits for a compiler, nor shares the machine with one
}


class Server:
    """`manage.py serve` on one port and one data directory; it may be killed and started again."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("SIMWEB_", "REDIS_", "DATABASE_"))
        }
        self.env = {**kept, **SETTINGS, "SIMWEB_DATA_DIR": str(data_dir), **settings}
        self.port = _free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "server.log"
        self.link, self.token = "", ""
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it, and wait until it serves; the sign-in link that it prints."""
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port)]
        with open(self.log, "a") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        greeting = self.process.stdout.readline() + self.process.stdout.readline()
        [link] = re.findall(r"http://\S+/sign-in/\S+", greeting)
        return str(link)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it: with SIGTERM as an operator does, with SIGKILL as a machine does."""
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(40)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def manage(self, *arguments: str) -> str:
        """Output of a management command on the same data."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True)
        return done.stdout.strip()


class Lab:
    """The server's API, in the words of the tests. What it makes is archived again by `tidy`."""

    def __init__(self, base: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.client = httpx.Client(base_url=f"{base}/api/v1", headers=headers, timeout=30)
        self.made: list[str] = []

    def simulation(self, name: str, scenario: str = "toy", turns: int = 5, **wanted: object) -> str:
        """Make a simulation; its slug."""
        data = {"name": name, "scenario": scenario, "turns": turns, **wanted}
        slug = str(self._post("/simulations", data)["slug"])
        self.made.append(slug)
        return slug

    def paced(self, name: str, seconds: float = 0.1, turns: int = 1000) -> str:
        """A simulation whose turns take so long."""
        return self.simulation(name, "paced", turns, params={"seconds": seconds})

    def run(self, slug: str, **wanted: object) -> int:
        """Queue a run; its number."""
        return int(self._post(f"/simulations/{slug}/runs", wanted)["id"])

    def ended(self, run: int, seconds: float = 40) -> dict:
        """Wait for a run's end; the run."""
        return self.until(run, "completed", "failed", "cancelled", seconds=seconds)

    def until(self, run: int, *statuses: str, seconds: float = 40) -> dict:
        """Wait until the run is in one of these states; the run."""
        limit = time.monotonic() + seconds
        while (found := self.get(run))["status"] not in statuses:
            assert time.monotonic() < limit, f"run {run} is {found['status']}, not {statuses}"
            time.sleep(0.02)
        return found

    def finished(self, slug: str, count: int) -> list[int]:
        """So many ended runs, oldest first."""
        runs = [self.run(slug) for _ in range(count)]
        for run in runs:
            self.ended(run)
        return runs

    def get(self, run: int) -> dict:
        return self.client.get(f"/runs/{run}").raise_for_status().json()

    def cancel(self, run: int) -> None:
        self._post(f"/runs/{run}/cancel")

    def delete(self, run: int) -> None:
        self.client.delete(f"/runs/{run}").raise_for_status()

    def tidy(self) -> None:
        """End what still runs, and take the simulations off the dashboard."""
        for slug in self.made:
            for status in ("queued", "running"):
                found = self.client.get(f"/simulations/{slug}/runs", params={"status": status, "limit": 100}).json()
                for run in found["items"]:
                    self.client.post(f"/runs/{run['id']}/cancel")
            self.client.delete(f"/simulations/{slug}")
        self.made.clear()

    def _post(self, path: str, data: object = None) -> dict:
        return self.client.post(path, json=data or {}).raise_for_status().json()


def _free_port() -> int:
    """A port that nobody listens on, and that no outgoing connection gets while a server is down."""
    while True:
        # True chance: Hypothesis seeds `random` alike in workers that run side by side.
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
