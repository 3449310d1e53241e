"""The hub: one drawing however many watch, never too often, and nobody waits for a client that does not read."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from runs import frames, services
from runs.consumers import JsonSocket
from runs.live import OUTBOX_FRAMES, Outbox, hub
from runs.models import Run, Simulation
from runs.states import Trigger
from simweb.access.roles import Role
from tests.conftest import MakeRun, api_of
from tests.runs.lives import claimed, played, turn
from tests.runs.sockets import Watcher, headers_of, in_thread, watching
from tests.runs.test_database_away import without
from tests.waiting import wait_until_async

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture
def headers(viewer: User) -> list[tuple[bytes, bytes]]:
    return headers_of(token=str(api_of(viewer, Role.VIEWER).client.defaults["HTTP_AUTHORIZATION"]))


async def test_an_outbox_that_nobody_reads_is_given_up_once_and_holds_nothing() -> None:
    given_up: list[int] = []
    outbox = Outbox(lambda: given_up.append(outbox.frames.qsize()))
    for number in range(OUTBOX_FRAMES):
        outbox.put(f"frame {number}")
    assert not outbox.overflowed
    for _ in range(100):
        outbox.put("one too many")
    assert outbox.overflowed
    assert (given_up, outbox.frames.qsize()) == ([0], 0)


async def test_a_client_that_does_not_read_is_closed_with_4429_and_the_others_stay(
    make_run: MakeRun, headers: Any
) -> None:
    async with watching("/ws/", headers) as slow, watching("/ws/", headers) as other:
        await slow.watch("runs")
        await other.watch("simulation:a-toy")
        [outbox] = hub._audiences["json", "runs"]
        for _ in range(OUTBOX_FRAMES + 1):  # without a pause in which the socket could be written
            outbox.put("{}")
        assert await slow.closed() == 4429
        run = await in_thread(make_run)
        assert (await other.next("run_update"))["data"]["id"] == run.pk


async def test_more_changes_at_once_than_an_outbox_holds_close_no_client_that_reads(
    simulation: Simulation, headers: Any
) -> None:
    @transaction.atomic
    def at_once() -> list[int]:
        batches = [services.create_runs(simulation, trigger=Trigger.MANUAL, replicates=100) for _ in range(3)]
        return [run.pk for batch in batches for run in batch]

    async with watching("/ws/", headers) as socket, watching("/ws/live/", headers) as page:
        await socket.watch("runs")
        await page.send({"type": "subscribe", "topics": ["history"]})
        made = await in_thread(at_once)
        told = {(await socket.next("run_update"))["data"]["id"] for _ in made}
        assert told == set(made)
        assert f'id="run-{made[-1]}"' in await page.text()


async def test_what_changes_while_a_snapshot_is_drawn_is_told_after_it(
    make_run: MakeRun, headers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await in_thread(make_run)
    read, changed = threading.Event(), threading.Event()
    draw = JsonSocket.snapshot

    def slow(socket: JsonSocket, topic: str) -> str:
        text = draw(socket, topic)
        read.set()
        assert changed.wait(10)
        return text

    monkeypatch.setattr(JsonSocket, "snapshot", slow)
    async with watching("/ws/", headers) as socket, watching("/ws/live/", headers) as other:
        await socket.send({"type": "subscribe", "topics": [f"run:{run.pk}"]})
        await wait_until_async(lambda: in_thread(read.is_set))
        await other.send({"type": "subscribe", "topics": [f"run:{run.pk}"]})
        assert 'data-status="queued"' in await other.text()
        await in_thread(services.cancel, run, by=None)
        assert 'data-status="cancelled"' in await other.text(), "by now the hub has told of it"
        changed.set()
        told = [await socket.told(), await socket.next("run_update")]
        assert [frame["data"]["status"] for frame in told] == ["queued", "cancelled"]


async def test_the_first_turn_is_told_at_once_the_next_wait_and_a_change_of_state_does_not(
    make_run: MakeRun, headers: Any, settings: Any
) -> None:
    settings.LIVE_INTERVAL_MS = 60_000
    run = await in_thread(make_run)
    async with watching("/ws/", headers) as socket:
        await socket.watch(f"run:{run.pk}")
        player = await in_thread(claimed, run)
        assert (await socket.told())["data"]["status"] == "running"
        await in_thread(player.add, [turn(1)])
        first = await socket.told()
        assert (first["type"], first["data"]["turns_done"]) == ("run_progress", 1)
        await in_thread(player.add, [turn(2)])
        await in_thread(player.add, [turn(3)])
        await in_thread(player.complete, played())
        last = await socket.told()  # no more progress came before it
        assert (last["type"], last["data"]["status"], last["data"]["turns_done"]) == ("run_update", "completed", 3)


@pytest.mark.parametrize(
    ("path", "progress", "end"),
    [("/ws/", '"type":"run_progress"', '"status":"completed"'), ("/ws/live/", '<span class="progress"', "Completed")],
)
async def test_progress_is_told_four_times_a_second_at_most_and_its_end_is_never_lost(
    make_run: MakeRun, headers: Any, settings: Any, path: str, progress: str, end: str
) -> None:
    assert settings.LIVE_INTERVAL_MS == 250
    run = await in_thread(make_run, turns=100_000)
    told: list[str] = []

    def count() -> int:
        return sum(progress in frame[:40] for frame in told)

    async def read(socket: Watcher) -> None:
        while not told or end not in told[-1]:
            told.append(await socket.text())

    async with watching(path, headers) as socket:
        await socket.send({"type": "subscribe", "topics": ["simulation:a-toy"]})
        reader = asyncio.create_task(read(socket))
        began, number = time.monotonic(), 0
        player = await in_thread(claimed, run)
        while count() < 5:  # turns come as fast as they can be written
            number += 1
            await in_thread(player.add, [turn(number)])
        most = 1 + (time.monotonic() - began) / 0.25
        assert count() <= most
        await in_thread(player.complete, played())
        await reader


async def test_a_socket_that_leaves_is_forgotten(make_run: MakeRun, headers: Any) -> None:
    async with watching("/ws/", headers) as socket:
        await socket.watch("runs", "simulation:a-toy")
        assert hub.sockets == 1
    assert hub.sockets == 0
    assert hub._audiences == {}


async def test_all_who_watch_get_the_same_frame(make_run: MakeRun, headers: Any) -> None:
    async with watching("/ws/", headers) as one, watching("/ws/", headers) as two:
        await one.watch("runs")
        await two.watch("runs")
        await in_thread(make_run)
        first, second = await one.next("run_update"), await two.next("run_update")
        assert first == second


async def test_a_drawing_that_fails_does_not_end_the_hub(
    make_run: MakeRun, headers: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("no paint")

    async with watching("/ws/", headers) as socket:
        await socket.watch("runs")
        with monkeypatch.context() as patch:
            patch.setattr(frames, "draw", broken)
            await in_thread(make_run)
            while "no paint" not in caplog.text:
                await in_thread(lambda: None)
        second = await in_thread(make_run)
        while (await socket.next("run_update"))["data"]["id"] != second.pk:
            pass


@pytest.mark.parametrize("form", ["json", "html"])
async def test_a_run_that_cannot_be_drawn_says_so_in_its_place_and_others_are_told(
    make_run: MakeRun, headers: Any, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    bad, good = await in_thread(make_run), await in_thread(make_run)

    def unless_bad(whole: Any) -> Any:
        def checked(run: Run, **more: Any) -> Any:
            if run.pk == bad.pk:
                raise RuntimeError("no paint")
            return whole(run, **more)

        return checked

    monkeypatch.setattr(Run, "progress", property(unless_bad(Run.progress.fget)))
    monkeypatch.setattr(frames, "run_json", unless_bad(frames.run_json))
    drawn, versions = await in_thread(
        frames.draw,
        {run.pk: {"state"} for run in (bad, good)},
        {(form, topic) for topic in ("history", "simulation:a-toy", f"run:{bad.pk}", f"run:{good.pk}", "runs")},
    )
    told = {topic: text for (_, topic), text in drawn if f"run-{bad.pk}" in text or f"run {bad.pk} cannot" in text}
    assert set(versions) == {bad.pk, good.pk}
    if form == "json":
        assert "CANNOT_BE_SHOWN" in told["runs"]
        assert any(f'"id":{good.pk},' in text for _, text in drawn)
        return
    assert f'id="run-{bad.pk}"' in told["history"]
    assert "cannot be shown" in told["history"]
    assert f'id="run-{good.pk}"' in told["history"]
    assert f'id="run-{bad.pk}-live"' in told[f"run:{bad.pk}"]


async def test_changes_are_found_again_when_a_database_that_failed_is_back(
    make_run: MakeRun, headers: Any, caplog: Any
) -> None:
    run = await in_thread(make_run)
    async with watching("/ws/", headers) as socket:
        await socket.watch("runs")
        missing = without("runs_run", "changed_at")
        await in_thread(missing.__enter__)
        try:
            await wait_until_async(lambda: in_thread(lambda: "the table cannot be read" in caplog.text))
        finally:
            await in_thread(missing.__exit__, None, None, None)
        await in_thread(Run.objects.filter(pk=run.pk).update, changed_at=timezone.now(), version=9)
        assert (await socket.told())["data"]["version"] == 9
