"""The JSON socket: who may come in, what is said, in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from runs import services
from runs.models import Run
from runs.states import Status
from simweb.access.roles import Role
from tests.conftest import MakeRun, api_of, signed_in
from tests.runs.lives import claimed, lead_to, played, turn
from tests.runs.sockets import Watcher, headers_of, in_thread, watching

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
Headers = list[tuple[bytes, bytes]]


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.LIVE_INTERVAL_MS = 20


@pytest.fixture
def headers(viewer: User) -> Headers:
    return headers_of(token=str(api_of(viewer, Role.VIEWER).client.defaults["HTTP_AUTHORIZATION"]))


@pytest.fixture
def told_by_api(viewer: User) -> Callable[[int], Any]:
    """The run as the API lists it: only who asks for one run is told what it waits for, which changes with others."""
    api = api_of(viewer, Role.VIEWER)
    return lambda run_id: next(run for run in api.get("/runs").json()["items"] if run["id"] == run_id)


@pytest.mark.parametrize("path", ["/ws/", "/ws/live/"])
@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Basic YTpi"])
async def test_a_stranger_is_let_in_just_to_be_told_4401(path: str, token: str) -> None:
    watcher = Watcher(path, headers_of(token=token))
    assert await watcher.open()
    assert await watcher.closed() == 4401


@pytest.mark.parametrize("path", ["/ws/", "/ws/live/"])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:9999", "null"])
async def test_a_page_of_another_site_is_told_4403(viewer: User, path: str, origin: str) -> None:
    browser = await in_thread(signed_in, viewer)
    watcher = Watcher(path, headers_of(browser, origin=origin))
    assert await watcher.open()
    assert await watcher.closed() == 4403


@pytest.mark.parametrize("path", ["/ws/", "/ws/live/"])
async def test_a_page_of_this_site_is_let_in_by_its_session(run: Run, viewer: User, path: str) -> None:
    browser: Client = await in_thread(signed_in, viewer)
    async with watching(path, headers_of(browser, origin="http://127.0.0.1")) as socket:
        await socket.send({"type": "subscribe", "topics": [f"run:{run.pk}"]})
        assert f"{run.pk}" in await socket.text()


async def test_a_snapshot_comes_for_each_topic_and_then_the_acknowledgement(
    run: Run, headers: Headers, told_by_api: Callable[[int], Any]
) -> None:
    topics = [f"run:{run.pk}", "simulation:a-toy", "runs"]
    async with watching("/ws/", headers) as socket:
        *snapshots, ack = await socket.watch(*topics)
        assert [(frame["type"], frame["topic"]) for frame in snapshots] == [("snapshot", topic) for topic in topics]
        assert (ack["type"], ack["data"]) == ("subscribe_ack", {"topics": topics})
        whole = await in_thread(told_by_api, run.pk)
        assert snapshots[0]["data"] == whole
        assert snapshots[1]["data"]["runs"] == [whole]
        assert snapshots[1]["data"]["simulation"]["slug"] == "a-toy"
        assert snapshots[2]["data"] == {"runs": [whole]}


async def test_the_life_of_a_run_is_told_in_order(
    make_run: MakeRun, headers: Headers, told_by_api: Callable[[int], Any]
) -> None:
    run = await in_thread(make_run)
    topic = f"run:{run.pk}"
    async with watching("/ws/", headers) as socket:
        [first, _] = await socket.watch(topic)
        player = await in_thread(claimed, run)
        running = await socket.next("run_update")
        assert running["topic"] == topic
        assert running["data"] == await in_thread(told_by_api, run.pk)
        await in_thread(player.add, [turn(1), turn(2)])
        progress = await socket.next("run_progress")
        assert (progress["data"]["turns_done"], progress["data"]["turns"], progress["data"]["id"]) == (2, 5, run.pk)
        await in_thread(player.complete, played())
        done = await socket.next("run_update")
        assert done["data"] == await in_thread(told_by_api, run.pk)
        statuses = [frame["data"]["status"] for frame in (first, running, progress, done)]
        assert statuses == ["queued", "running", "running", "completed"]
        versions = [frame["data"]["version"] for frame in (first, running, progress, done)]
        assert versions == sorted(set(versions))


async def test_a_problem_is_told_to_those_who_watch_its_run(make_run: MakeRun, headers: Headers) -> None:
    run = await in_thread(make_run)
    player = await in_thread(claimed, run)
    async with watching("/ws/", headers) as socket:
        await socket.watch(f"run:{run.pk}")
        worry = {"severity": "warning", "description": "Nobody is there.", "source": "", "suggested_fix": "Wait."}
        await in_thread(player.add, [turn(1, problems=[worry])])
        told = (await socket.next("run_problem"))["data"]
        assert (told["run"], told["turn"], told["problem_count"]) == (run.pk, 1, 1)
        assert (told["severity"], told["description"], told["suggested_fix"]) == (
            "warning",
            "Nobody is there.",
            "Wait.",
        )


async def test_a_new_run_is_told_to_those_who_watch_its_simulation(make_run: MakeRun, headers: Headers) -> None:
    async with watching("/ws/", headers) as socket:
        await socket.watch("simulation:a-toy")
        run = await in_thread(make_run)
        update = await socket.next("run_update")
        assert (update["topic"], update["data"]["id"]) == ("simulation:a-toy", run.pk)
        whole = await socket.next("simulation_update")
        assert whole["data"]["last_run"]["id"] == run.pk


async def test_a_deleted_run_is_told(make_run: MakeRun, headers: Headers) -> None:
    run = await in_thread(lambda: lead_to(make_run(), Status.COMPLETED))
    async with watching("/ws/", headers) as socket:
        await socket.watch("runs")
        await in_thread(services.delete, run, by=None)
        gone = await socket.next("run_deleted")
        assert gone["data"] == {"id": run.pk, "version": run.version + 1}


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("run:4711", "NOT_FOUND"),
        ("run:abc", "NOT_FOUND"),
        ("run:99999999999999999999999", "NOT_FOUND"),
        ("run:²", "NOT_FOUND"),
        ("simulation:none", "NOT_FOUND"),
        ("simulation:", "NOT_FOUND"),
        ("weather", "UNKNOWN_TOPIC"),
        ("", "UNKNOWN_TOPIC"),
        ("history", "UNKNOWN_TOPIC"),
    ],
)
async def test_a_topic_that_is_not_there_is_refused_and_the_others_are_watched(
    headers: Headers, topic: str, code: str
) -> None:
    async with watching("/ws/", headers) as socket:
        [error, snapshot, ack] = await socket.watch(topic, "runs")
        assert (error["type"], error["topic"], error["data"]["code"]) == ("error", topic, code)
        assert error["data"]["message"]
        assert (snapshot["type"], ack["data"]) == ("snapshot", {"topics": ["runs"]})


@pytest.mark.parametrize(
    "message",
    """nonsense
    []
    null
    3
    {}
    {"type": "dance"}
    {"type": []}
    {"type": "subscribe"}
    {"type": "subscribe", "topics": "runs"}
    {"type": "subscribe", "topics": [1]}
    {"type": "subscribe", "topics": []}
    {"type": "subscribe", "topics": ["runs", {}]}""".replace("    ", "").splitlines(),
)
async def test_a_message_that_makes_no_sense_is_answered_and_the_socket_stays(headers: Headers, message: str) -> None:
    async with watching("/ws/", headers) as socket:
        await socket.send(message)
        error = await socket.told()
        assert (error["type"], error["data"]["code"]) == ("error", "INVALID_FORMAT")
        await socket.send({"type": "ping", "timestamp": 7})
        assert (await socket.next("pong"))["data"] == {"timestamp": 7}


async def test_a_message_that_is_nested_without_end_is_no_message(headers: Headers) -> None:
    async with watching("/ws/", headers) as socket:
        await socket.send("[" * 50_000)
        assert (await socket.told())["data"]["code"] == "INVALID_FORMAT"


async def test_bytes_are_no_message(headers: Headers) -> None:
    async with watching("/ws/", headers) as socket:
        await socket.line.send_to(bytes_data=b"\xff\x00")
        assert (await socket.told())["data"]["code"] == "INVALID_FORMAT"


async def test_more_topics_than_a_page_could_show_are_refused(headers: Headers) -> None:
    async with watching("/ws/", headers) as socket:
        await socket.send({"type": "subscribe", "topics": ["runs"] * 51})
        assert (await socket.told())["data"]["code"] == "INVALID_FORMAT"


async def test_what_is_no_longer_watched_is_no_longer_told(make_run: MakeRun, headers: Headers) -> None:
    run = await in_thread(make_run)
    other = await in_thread(make_run)
    async with watching("/ws/", headers) as socket:
        await socket.watch(f"run:{run.pk}", f"run:{other.pk}")
        await socket.send({"type": "unsubscribe", "topics": [f"run:{run.pk}"]})
        assert (await socket.next("unsubscribe_ack"))["data"] == {"topics": [f"run:{run.pk}"]}
        await in_thread(services.cancel, run, by=None)
        await in_thread(services.cancel, other, by=None)
        assert (await socket.told())["topic"] == f"run:{other.pk}"


async def test_topics_that_are_watched_twice_are_told_once(make_run: MakeRun, headers: Headers) -> None:
    run = await in_thread(make_run)
    async with watching("/ws/", headers) as socket:
        await socket.watch(f"run:{run.pk}")
        await socket.watch(f"run:{run.pk}")
        await in_thread(services.cancel, run, by=None)
        await socket.next("run_update")
        await socket.send({"type": "ping"})
        assert (await socket.told())["type"] in {"pong", "run_update"}


async def test_a_change_without_news_is_found_in_the_table(make_run: MakeRun, headers: Headers) -> None:
    """As when another process changes a run, or a message is lost."""
    from runs.events import run_changed
    from runs.live import on_run_changed

    run = await in_thread(make_run)
    async with watching("/ws/", headers) as socket:
        await socket.watch(f"run:{run.pk}")
        run_changed.disconnect(on_run_changed, dispatch_uid="live")
        try:
            await in_thread(services.cancel, run, by=None)
        finally:
            run_changed.connect(on_run_changed, dispatch_uid="live")
        assert (await socket.next("run_update"))["data"]["status"] == "cancelled"
