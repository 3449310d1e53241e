"""A machine whose disk is full, whose database is locked or of another age: the server says so, and does no harm."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from simweb import health
from tests.faults.conftest import served
from tests.waiting import wait_until
from tests.web.server import ROOT, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The last test with it stops it."""
    with served(tmp_path_factory.mktemp("machine")) as server:
        yield server


def ready(server: Server) -> tuple[int, dict[str, str]]:
    answer = httpx.get(f"{server.base}/ready", timeout=30)
    return answer.status_code, answer.json()


def refused(server: Server, command: str, **settings: str) -> str:
    """What a command says that does not start."""
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env={**server.env, **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done
    return done.stderr


def test_a_server_that_cannot_write_is_not_ready_and_is_again_when_it_can(server: Server) -> None:
    assert ready(server) == (
        200,
        {"status": "ok", "database": "ok", "disk": "ok", "channel_layer": "ok", "executor": "ok"},
    )
    assert server.process is not None
    pid, (_, most) = server.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, most))  # no file may grow: what the kernel does on a full disk
    told = wait_until(lambda: (found := ready(server))[0] == 503 and found[1])
    assert told["database"].startswith("cannot be written: ")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
    wait_until(lambda: ready(server)[0] == 200)
    with closing(sqlite3.connect(server.log.parent / "simweb.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wait_until(lambda: ready(server)[1]["database"] == "cannot be written: database is locked")
        assert httpx.get(f"{server.base}/health", timeout=30).status_code == 200
        other.execute("ROLLBACK")
    wait_until(lambda: ready(server)[0] == 200)


def test_what_is_older_than_the_database_says_so_and_does_not_start(server: Server) -> None:
    with closing(sqlite3.connect(server.log.parent / "simweb.sqlite3", timeout=20)) as database:
        row = ("runs", "0999_of_tomorrow")
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, CURRENT_TIMESTAMP)", row)
        database.commit()
    told = wait_until(lambda: (found := ready(server))[0] == 503 and found[1])
    assert "made by a newer simweb: it has runs.0999_of_tomorrow" in told["database"]
    server.stop(signal.SIGTERM)
    celery = {"SIMWEB_EXECUTOR": "celery", "REDIS_URL": "redis://127.0.0.1:1/0"}
    with ThreadPoolExecutor() as beside:
        worker = beside.submit(refused, server, "worker", **celery)
        assert "Start the newer version, or restore the backup" in refused(server, "serve")
        assert "Start the newer version, or restore the backup" in worker.result()


@pytest.mark.parametrize("hangs", [True, False])
def test_a_part_that_hangs_is_told_and_asked_again_only_when_it_is_done(
    hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(health, "KEPT_SECONDS", 0)
    done, asked = threading.Event(), []

    def ask() -> str:
        asked.append(1)
        return "ok" if not hangs or done.wait(60) else "?"

    readiness = health.Readiness(health.Check("part", ask))
    told = {"part": "no answer within 0.2 s" if hangs else "ok"}
    assert [readiness.tell(), readiness.tell()] == [told, told]
    assert len(asked) == (1 if hangs else 2)
    done.set()
    wait_until(lambda: readiness.tell() == {"part": "ok"})


def test_however_often_it_is_asked_parts_are_asked_once_a_second_and_one_that_hangs_holds_up_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done, asked = threading.Event(), []

    def ask() -> str:
        asked.append(1)
        return "ok" if len(asked) == 1 or done.wait(60) else "?"

    readiness = health.Readiness(health.Check("part", ask))
    monkeypatch.setattr(health, "KEPT_SECONDS", 3600)
    assert [readiness.tell() for _ in range(3)] == [{"part": "ok"}] * 3
    assert len(asked) == 1
    monkeypatch.setattr(health, "KEPT_SECONDS", 0)
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 60)
    one = threading.Thread(target=readiness.tell)
    one.start()
    wait_until(lambda: len(asked) == 2)
    others = [threading.Thread(target=readiness.tell, daemon=True) for _ in range(16)]
    for other in others:
        other.start()
    wait_until(lambda: not any(other.is_alive() for other in others))
    assert one.is_alive()
    done.set()
    one.join()
