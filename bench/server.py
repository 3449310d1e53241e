"""A server of its own for a measurement: temporary data directory, free port, token; gone afterwards."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Server:
    """A running server: where it is, how to come in, how long it took to start."""

    base: str
    token: str
    link: str
    pid: int
    started_in: float
    data_dir: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self) -> httpx.Client:
        """A keep-alive client that carries the token."""
        return httpx.Client(base_url=f"{self.base}/api/v1", headers=self.headers, timeout=60)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manage(*arguments: str, env: dict[str, str]) -> str:
    """Output of a management command."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def _database() -> Iterator[dict[str, str]]:
    """Where SIMWEB_BENCH_POSTGRES is the address of a PostgreSQL server: a database of its own there, gone afterwards."""
    server = os.environ.get("SIMWEB_BENCH_POSTGRES")
    if server is None:
        yield {}
        return
    name = f"simweb_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield {"DATABASE_URL": f"{server.rpartition('/')[0]}/{name}"}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def without_server(prepare: Callable[[dict[str, str]], None]) -> Iterator[dict[str, str]]:
    """The environment of commands on a filled database of their own."""
    with tempfile.TemporaryDirectory() as folder, _database() as database:
        env = {**os.environ, **database, "SIMWEB_DATA_DIR": folder}
        manage("migrate", "--verbosity=0", env=env)
        prepare(env)
        yield env


@contextmanager
def running_server(prepare: Callable[[dict[str, str]], None] | None = None, **settings: str) -> Iterator[Server]:
    """Start `manage.py serve`, wait for its greeting, stop it at the end. `prepare` fills the database before."""
    with tempfile.TemporaryDirectory() as folder, _database() as database:
        # Nobody compiles rules beside a measurement, unless it is about that.
        env = {**os.environ, **database, "SIMWEB_COMPILED": "0", "SIMWEB_DATA_DIR": folder, **settings}
        if prepare is not None:
            manage("migrate", "--verbosity=0", env=env)
            prepare(env)
        port = free_port()
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            greeting = process.stdout.readline() + process.stdout.readline()
            base = f"http://127.0.0.1:{port}"
            httpx.get(f"{base}/health").raise_for_status()
            started_in = time.perf_counter() - began
            [link] = re.findall(r"(http://\S+/sign-in/\S+)", greeting)
            token = manage("token", "bench", "--role", "admin", env=env).strip()
            yield Server(base, token, link, process.pid, started_in, Path(folder))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def percentiles(seconds: list[float]) -> str:
    """`p50 / p99` in milliseconds."""
    return f"p50 {rank(seconds, 0.5):.1f} ms, p99 {rank(seconds, 0.99):.1f} ms"


def rank(seconds: list[float], share: float) -> float:
    """A percentile in milliseconds, nearest rank."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, max(0, -(-int(share * len(ordered) * 100) // 100) - 1))]
