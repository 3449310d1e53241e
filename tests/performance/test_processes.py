"""Who is up: each process tells of itself, and is counted while it does; how much can be played, how many are watching."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from runs.executors import get_executor
from runs.live import hub
from runs.models import ServerProcess
from runs.presence import FORGET_SECONDS, STALE_SECONDS, Presence
from runs.upkeep import Upkeep
from simweb.access.roles import Role
from tests.conftest import Api, MakeRun, api_of
from tests.performance.scraping import scrape
from tests.runs.lives import lead_to
from tests.runs.sockets import headers_of, in_thread, watching
from tests.waiting import wait_until, wait_until_async

pytestmark = pytest.mark.django_db


def web(name: str = "web-1", slots: int = 2, sockets: int = 0) -> Presence:
    return Presence(name, ServerProcess.Kind.WEB, slots, lambda: sockets)


def silent_for(name: str, seconds: float) -> None:
    ServerProcess.objects.filter(name=name).update(seen_at=Now() - timedelta(seconds=seconds))


def test_slots_and_sockets_of_all_processes_are_added(viewer_api: Api, make_run: MakeRun) -> None:
    web("web-1", slots=2, sockets=3).tell()
    web("web-2", slots=0, sockets=4).tell()
    Presence("worker-1", ServerProcess.Kind.WORKER, 4).tell()
    for status in ("running", "stuck", "queued"):
        lead_to(make_run(), status)
    found = scrape(viewer_api)
    assert found.value("simweb_sockets") == 7
    assert found.of("simweb_workers", "state") == {"busy": 2, "idle": 4}


def test_a_process_that_tells_again_is_one(viewer_api: Api) -> None:
    presence = web(slots=2, sockets=1)
    presence.tell()
    silent_for("web-1", STALE_SECONDS + 5)
    presence.slots = 3
    presence.tell()
    assert ServerProcess.objects.count() == 1
    assert scrape(viewer_api).of("simweb_workers", "state") == {"busy": 0, "idle": 3}


def test_a_process_that_fell_silent_is_not_counted(viewer_api: Api) -> None:
    web("alive", slots=1, sockets=1).tell()
    web("killed", slots=8, sockets=100).tell()
    silent_for("alive", STALE_SECONDS - 5)
    silent_for("killed", STALE_SECONDS + 1)
    found = scrape(viewer_api)
    assert found.of("simweb_workers", "state") == {"busy": 0, "idle": 1}
    assert found.value("simweb_sockets") == 1


def test_there_are_never_less_than_no_idle_workers(viewer_api: Api, make_run: MakeRun) -> None:
    lead_to(make_run(), "running")  # its server has just been killed
    assert scrape(viewer_api).of("simweb_workers", "state") == {"busy": 1, "idle": 0}


def test_who_never_came_back_is_forgotten() -> None:
    for name in ("alive", "killed"):
        web(name).tell()
    silent_for("killed", FORGET_SECONDS + 1)
    upkeep = Upkeep()
    assert upkeep.clear in upkeep.duties(time.time())
    upkeep.clear()
    assert ServerProcess.objects.get().name == "alive"


def test_a_server_tells_every_few_seconds() -> None:
    upkeep, now = Upkeep(web()), time.time()
    told = []
    for second in range(10):
        told.append(upkeep.be_seen in upkeep.duties(now + second))
        if told[-1]:
            upkeep.be_seen()
    assert told == [True, False, False] * 3 + [True]


def test_who_is_no_server_tells_nothing() -> None:
    upkeep = Upkeep()
    assert upkeep.be_seen not in upkeep.duties(time.time())


@pytest.mark.django_db(transaction=True)
def test_a_server_is_there_from_its_start_to_its_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.upkeep.TICK_SECONDS", 0.01)
    upkeep = Upkeep(web(slots=5))
    upkeep.start()
    try:
        assert wait_until(ServerProcess.objects.first).slots == 5
    finally:
        upkeep.stop()
        upkeep.join()
    assert not ServerProcess.objects.exists()


@pytest.mark.parametrize(("executor", "slots"), [("local", 2), ("celery", 0), ("idle", 0), ("immediate", 0)])
def test_a_web_server_has_the_slots_of_its_executor(settings: Any, executor: str, slots: int) -> None:
    settings.EXECUTOR = executor
    get_executor.cache_clear()
    assert get_executor().slots == slots


def test_without_a_number_there_is_a_slot_for_each_core(settings: Any) -> None:
    settings.EXECUTOR, settings.WORKERS = "local", 0
    get_executor.cache_clear()
    assert get_executor().slots == os.cpu_count()


def test_a_worker_has_its_pool_s_slots_and_none_once_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from runs import tasks

    begun: list[str] = []
    monkeypatch.setattr(tasks.upkeep, "start", lambda: begun.append("upkeep"))
    monkeypatch.setattr(tasks, "patient_until", SimpleNamespace(value=1e12))
    tasks.keep_up(sender=SimpleNamespace(controller=SimpleNamespace(concurrency=8)))
    assert (tasks.presence.kind, tasks.presence.slots, begun) == ("worker", 8, ["upkeep"])
    tasks.begin_to_end()
    assert tasks.presence.slots == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_sockets_that_were_let_in_are_counted_whatever_they_watch(viewer: User) -> None:
    headers = headers_of(token=await in_thread(token_of, viewer))
    async with watching("/ws/", headers) as first, watching("/ws/live/", headers) as second:
        await first.watch("runs", "simulation:none")
        await second.send({"type": "ping"})
        assert "pong" in await second.text()
        assert hub.sockets == 2
        async with watching("/ws/", headers_of(token="Bearer simweb_wrong")) as stranger:
            assert await stranger.closed() == 4401
            assert hub.sockets == 2
    assert await wait_until_async(nobody)


async def nobody() -> bool:
    return hub.sockets == 0


def token_of(viewer: User) -> str:
    return str(api_of(viewer, Role.VIEWER).client.defaults["HTTP_AUTHORIZATION"])
