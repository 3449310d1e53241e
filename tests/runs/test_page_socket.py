"""The pages' socket: partials that take the place of the elements with their ids."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from runs import services
from tests.conftest import MakeRun, signed_in
from tests.html import Page
from tests.runs.lives import claimed, played, turn
from tests.runs.sockets import Watcher, headers_of, in_thread, watching

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.LIVE_INTERVAL_MS = 20


@pytest.fixture
def headers(viewer: User) -> list[tuple[bytes, bytes]]:
    return headers_of(signed_in(viewer))


def checked(frame: str) -> Page:
    """The frame, whose every top-level element has an id that no other has."""
    page = Page(frame)
    ids = [element.attributes.get("id", "") for element in page.top]
    assert all(ids), frame
    assert len(set(ids)) == len(ids)
    assert not page.loose.strip()
    return page


async def until(socket: Watcher, text: str) -> tuple[Page, str]:
    """The first frame that holds the text; all on the way are checked."""
    while True:
        frame = await socket.text()
        page = checked(frame)
        if text in frame:
            return page, frame


async def subscribe(socket: Watcher, topic: str) -> Page:
    """Watch a topic; what the page gets for it at once."""
    await socket.send({"type": "subscribe", "topics": [topic]})
    await socket.send({"type": "ping"})
    got = ""
    while (frame := await socket.text()) != "<!--pong-->":
        got += frame
    return checked(got)


@pytest.mark.parametrize("topic", ["simulation:a-toy", "history"])
async def test_a_list_of_runs_follows_the_life_of_a_run(make_run: MakeRun, headers: Any, topic: str) -> None:
    async with watching("/ws/live/", headers) as socket:
        await subscribe(socket, topic)
        run = await in_thread(make_run)
        row, _ = await until(socket, 'data-status="queued"')
        assert [element.attributes["id"] for element in row.top] == [f"run-{run.pk}"]
        player = await in_thread(claimed, run)
        await until(socket, 'data-status="running"')
        await in_thread(player.add, [turn(1), turn(2)])
        progress, frame = await until(socket, "2/5")
        assert [element.attributes["id"] for element in progress.top] == [f"run-{run.pk}-progress"]
        assert progress.controls == [], frame
        await in_thread(player.complete, played())
        await until(socket, 'data-status="completed"')
        await in_thread(services.delete, await in_thread(type(run).objects.get, pk=run.pk), by=None)
        gone, _ = await until(socket, "data-gone")
        assert gone.top[0].attributes["id"] == f"run-{run.pk}"


async def test_the_page_of_a_run_follows_it_and_a_turn_touches_no_control(make_run: MakeRun, headers: Any) -> None:
    run = await in_thread(make_run)
    async with watching("/ws/live/", headers) as socket:
        first = await subscribe(socket, f"run:{run.pk}")
        parts = [f"run-{run.pk}-{part}" for part in ("head", "live", "outcome")]
        assert [element.attributes["id"] for element in first.top] == parts
        player = await in_thread(claimed, run)
        await until(socket, 'data-status="running"')
        await in_thread(player.add, [turn(1), turn(2)])
        progress, frame = await until(socket, 'data-turns-done="2"')
        assert [element.attributes["id"] for element in progress.top] == [f"run-{run.pk}-live"]
        assert progress.controls == [], frame
        await in_thread(player.complete, played())
        ended, _ = await until(socket, 'data-status="completed"')
        assert [element.attributes["id"] for element in ended.top] == parts


async def test_the_dashboard_follows_figures_and_cells(make_run: MakeRun, headers: Any) -> None:
    async with watching("/ws/live/", headers) as socket:
        first = await subscribe(socket, "runs")
        assert first.top[0].attributes["id"] == "stats"
        assert "No runs yet" in first.by_id(f"simulation-{(await in_thread(make_run)).simulation_id}-last").text
        await until(socket, "Queued")


async def test_versions_in_frames_grow(make_run: MakeRun, headers: Any) -> None:
    run = await in_thread(make_run)
    async with watching("/ws/live/", headers) as socket:
        await subscribe(socket, f"run:{run.pk}")
        player = await in_thread(claimed, run)
        seen = []
        await in_thread(player.add, [turn(1)])
        await in_thread(player.complete, played())
        while True:
            page = checked(await socket.text())
            seen.append(int(page.by_id(f"run-{run.pk}-live").attributes["data-version"]))
            if page.by_id(f"run-{run.pk}-live").attributes["data-status"] == "completed":
                break
        assert seen == sorted(seen)


async def test_what_a_page_asks_for_and_is_gone_needs_no_words(make_run: MakeRun, headers: Any) -> None:
    run = await in_thread(make_run)
    async with watching("/ws/live/", headers) as socket:
        await socket.send("nonsense")
        await socket.send({"type": "subscribe", "topics": ["run:4711", "weather", f"run:{run.pk}"]})
        assert f"run-{run.pk}-head" in await socket.text()


async def test_what_a_model_says_is_text_and_never_markup(make_run: MakeRun, headers: Any) -> None:
    from runs.states import FailureKind

    run = await in_thread(make_run)
    async with watching("/ws/live/", headers) as socket:
        await subscribe(socket, f"run:{run.pk}")
        player = await in_thread(claimed, run)
        bad = "<script>alert(1)</script>"
        await in_thread(player.fail, FailureKind.MODEL, {"type": bad, "message": bad, "turn": 1, "traceback": bad})
        page, frame = await until(socket, "alert(1)")
        assert page.all("script") == []
        assert "&lt;script&gt;" in frame
