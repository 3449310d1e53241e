"""Many machines in small: a PostgreSQL database and a Redis of their own, web servers and workers as processes."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import redis

from tests.postgres import ADDRESS
from tests.prepared import create_prepared_database
from tests.requirements import require
from tests.waiting import wait_until
from tests.web.server import ROOT, Server

QUICK = {
    "SIMWEB_EXECUTOR": "celery",
    "SIMWEB_WORKERS": "2",
    "SIMWEB_STOP_GRACE_SECONDS": "1",
    "SIMWEB_LOST_SECONDS": "10",
    "SIMWEB_COMPILED": "0",  # no worker shares the machine with a compiler
    "SIMWEB_SECRET_KEY": "the same on every machine of this test",
}


class Redis:
    """A Redis that keeps nothing: killed and started again, it has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder = folder
        self.url = f"redis://127.0.0.1:{self.port}/9"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def kill(self) -> None:
        """As a machine that loses its power."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        with suppress(redis.ConnectionError), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False


class Worker:
    """`manage.py worker` as a process of its own; it may be killed and started again."""

    def __init__(self, env: dict[str, str], data_dir: Path, workers: int = 2) -> None:
        self.data_dir = data_dir
        self.data_dir.mkdir()
        self.log = data_dir / "worker.log"
        self._env = {**env, "SIMWEB_DATA_DIR": str(data_dir)}
        self._command = [sys.executable, "manage.py", "worker", "--workers", str(workers)]
        self.start()

    def start(self) -> None:
        """Begin to start: it plays in a few seconds."""
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it; only the process itself is told."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(60)


class Machines:
    """One database, one Redis, one web server; more of those and workers as they are wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = Redis(folder)
        self.name = f"simweb_machines_{uuid4().hex[:12]}"
        self.database = f"{ADDRESS.rpartition('/')[0]}/{self.name}"
        self.web = self._server("web")
        self.webs = [self.web]
        self.workers: list[Worker] = []
        self.token = ""

    def start(self) -> None:
        """A database with all tables and a Redis; the servers are not started."""
        self.token = create_prepared_database(self.name)
        self.redis.start()

    def empty(self) -> None:
        """As on the first day: the database has no tables."""
        with psycopg.connect(ADDRESS, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{self.name}"')
            server.execute(f'CREATE DATABASE "{self.name}"')

    def another_web(self) -> Server:
        """One more web server, not started."""
        made = self._server(f"web-{len(self.webs)}")
        self.webs.append(made)
        return made

    def worker(self, slots: int = 2, **settings: str) -> Worker:
        """One more machine that plays."""
        started = Worker({**self.web.env, **settings}, self.folder / f"worker-{len(self.workers)}", slots)
        self.workers.append(started)
        return started

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """What the table says, past all of the code."""
        with psycopg.connect(self.database) as database:
            return database.execute(sql).fetchall()  # type: ignore[arg-type]

    def end(self) -> None:
        """Leave nothing behind."""
        for machine in (*self.workers, *self.webs):
            machine.stop(signal.SIGKILL)
        self.redis.kill()
        with psycopg.connect(ADDRESS, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def _server(self, name: str) -> Server:
        (self.folder / name).mkdir()
        return Server(self.folder / name, **QUICK, DATABASE_URL=self.database, REDIS_URL=self.redis.url)


def require_services() -> None:
    """Skip, or under SIMWEB_REQUIRE=services fail, where PostgreSQL or Redis is missing."""
    require("services", bool(shutil.which("redis-server")), "no redis-server here: apt-get install redis-server")
    try:
        psycopg.connect(ADDRESS, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        require("services", False, f"no PostgreSQL at {ADDRESS.rpartition('@')[2]}: {error}")
