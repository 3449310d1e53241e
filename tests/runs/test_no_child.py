"""A machine on which no child can be started, as one without memory: it takes no run, so none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runs import tasks
from runs.conductor import PlayerDied
from runs.executors import get_executor
from runs.executors.forks import Child, ForkServer
from runs.models import Run
from tests.runs.test_executors import ended, queue
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No child can be started until this is called."""
    broken, fork = [True], ForkServer.fork

    def try_to_fork(server: ForkServer) -> Child:
        if broken:
            raise PlayerDied("no memory")
        return fork(server)

    monkeypatch.setattr(ForkServer, "fork", try_to_fork)
    return broken.clear


@pytest.fixture
def local(idle_executor: None, settings: Any, heal: Callable[[], None]) -> Iterator[None]:
    settings.EXECUTOR, settings.DRAIN_SECONDS, settings.WORKERS = "local", 0, 1
    get_executor.cache_clear()
    get_executor().start()
    yield
    get_executor().stop()


def test_a_worker_of_the_server_waits_until_a_child_can_be_started(
    local: None, heal: Callable[[], None], caplog: Any
) -> None:
    run = queue("toy")
    wait_until(lambda: caplog.text.count("no memory; it is tried again") >= 2)
    heal()
    assert ended(run).status == "completed"
    assert list(run.events.values_list("kind", flat=True)) == ["queued", "running", "completed"]


def test_a_process_of_a_celery_worker_leaves_the_run_in_the_queue(run: Run, heal: Callable[[], None]) -> None:
    tasks.conduct_run(run.pk)
    assert list(run.events.values_list("kind", flat=True)) == ["queued"]
    heal()
    tasks.conduct_run(run.pk)
    tasks.slot.close()
    assert ended(run).status == "completed"
