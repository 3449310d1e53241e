"""A database that fails for a while, as one that is restarted: no thread of the server may end of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from runs import services
from runs.courier import Courier
from runs.executors import get_executor
from runs.executors.celery import CeleryExecutor
from runs.executors.local import LocalExecutor
from runs.models import Run, Simulation
from runs.notifiers import create_notifier
from runs.schedules import set_schedule
from runs.states import Channel
from runs.upkeep import Upkeep, bury_the_lost
from simweb import health
from tests.runs.test_executors import ended, queue
from tests.runs.test_local_executor import is_alive, pid_in, waiting
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def without(table: str, column: str) -> Iterator[None]:
    """Every statement that needs the column fails meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO gone")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} RENAME COLUMN gone TO {column}")


@pytest.fixture
def local(idle_executor: None, settings: Any) -> Iterator[LocalExecutor]:
    """Started, with one worker."""
    settings.EXECUTOR, settings.DRAIN_SECONDS, settings.WORKERS = "local", 0, 1
    get_executor.cache_clear()
    executor = get_executor()
    assert isinstance(executor, LocalExecutor)
    executor.start()
    yield executor
    executor.stop()


def test_workers_go_on_when_the_database_is_back(local: LocalExecutor, caplog: Any) -> None:
    with without("runs_run", "not_before"):
        wait_until(lambda: caplog.text.count("the queue cannot be read") >= 2)
    assert local.state == "ok"
    assert ended(queue("toy")).status == "completed"


def test_a_run_that_was_played_meanwhile_is_lost_and_its_slot_is_free(
    local: LocalExecutor, tmp_path: Path, caplog: Any
) -> None:
    run, arrived = waiting(tmp_path, "arrived")
    pid = pid_in(arrived)
    with without("runs_run", "heartbeat_at"):
        wait_until(lambda: "the worker goes on with the next" in caplog.text)
    wait_until(lambda: not is_alive(pid))
    assert ended(queue("toy")).status == "completed"
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    assert bury_the_lost() == 1
    lost = Run.objects.get(pk=run.pk)
    assert (lost.status, lost.failure_kind) == ("failed", "lost")


def test_the_upkeep_goes_on_when_the_database_is_back(simulation: Simulation, caplog: Any) -> None:
    set_schedule(simulation, cron="0 6 * * *")
    upkeep = Upkeep()
    upkeep.start()
    try:
        with without("runs_simulation", "next_run_at"):
            wait_until(lambda: "upkeep: fire_due failed" in caplog.text)
        Simulation.objects.update(next_run_at=timezone.now() - timedelta(seconds=1))
        wait_until(lambda: Run.objects.filter(trigger="schedule").count() == 1)
    finally:
        upkeep.stop()
        upkeep.join()


def test_the_nudger_goes_on_when_the_database_is_back(run: Run, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    nudged: list[int] = []
    executor = CeleryExecutor()
    monkeypatch.setattr(executor, "run_queued", nudged.append)
    monkeypatch.setattr("runs.executors.celery.unread_messages", lambda: 0)
    executor.start()
    try:
        with without("runs_run", "not_before"):
            wait_until(lambda: caplog.text.count("nudging failed") >= 2)
            nudged.clear()
        wait_until(lambda: nudged)
    finally:
        executor.stop()
    assert set(nudged) == {run.pk}


def test_the_courier_goes_on_when_the_database_is_back(run: Run, caplog: Any) -> None:
    create_notifier(run.simulation, channel=Channel.EMAIL, address="her@example.org", statuses=["cancelled"])
    courier = Courier()
    courier.start()
    try:
        with without("runs_delivery", "next_try_at"):
            wait_until(lambda: "courier: a round failed" in caplog.text)
        services.cancel(run, by=None)
        wait_until(lambda: mail.outbox)
    finally:
        courier.stop()
        courier.join()


def test_whoever_is_lent_the_connection_after_a_look_at_readiness_may_take_their_time() -> None:
    assert health._database() == "ok"
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)
