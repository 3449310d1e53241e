"""A viewer's pages offer nothing that would be refused: not when they are fetched, and not in what is pushed over the socket."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect

from tests.doors.browser import signed_in
from tests.web.server import Lab, Server

ACT = re.compile(r'formaction="[^"]+"|data-act="(?!view|compare)[a-z]+"|data-menu="[^"]+"')
FORM = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]+)"|hx-post="([^"]+)"')
LINK = re.compile(r'<a [^>]*href="(/[^"#]*)"')
HARMLESS = {"/sign-out/", "/runs/bulk/"}  # a viewer may compare and export what is ticked


@pytest.fixture
def viewer(server: Server) -> Iterator[httpx.Client]:
    with signed_in(server, viewer="vera") as pages:
        yield pages


@pytest.fixture
def slug(lab: Lab) -> str:
    """A simulation with a completed run and a failed one."""
    return lab.simulation("Seen by Vera", "toy", 4)


def pages_of(slug: str, run: int) -> list[str]:
    tabs = ("turns", "decisions", "agents", "problems", "log", "events", "spec")
    lists = [
        "/",
        f"/simulations/{slug}/",
        f"/simulations/{slug}/history/",
        "/runs/",
        "/runs/?columns=seed,problems,tags",
    ]
    more = [
        "/runs/?group=run.actions.total",
        f"/compare/?runs={run}",
        "/performance/",
        f"/simulations/{slug}/performance/",
    ]
    return [*lists, *more, f"/runs/{run}/", *(f"/runs/{run}/?tab={tab}" for tab in tabs)]


def test_no_page_of_a_viewer_offers_what_would_be_refused(lab: Lab, viewer: httpx.Client, slug: str) -> None:
    [run] = lab.finished(slug, 1)
    links: set[str] = set()
    for path in pages_of(slug, run):
        answer = viewer.get(path)
        assert answer.status_code == 200, path
        assert not ACT.findall(answer.text), path
        posted = {first or second for first, second in FORM.findall(answer.text)}
        assert posted <= HARMLESS, path
        links |= set(LINK.findall(answer.text))
    assert len(links) > 20
    for link in sorted(links):
        assert viewer.get(link.replace("&amp;", "&"), follow_redirects=False).status_code not in (403, 405), link


def test_nothing_pushed_to_a_viewer_is_an_act_and_an_operator_still_gets_them(
    lab: Lab, server: Server, viewer: httpx.Client, slug: str
) -> None:
    with signed_in(server) as admin:
        told = {}
        for name, client in (("viewer", viewer), ("admin", admin)):
            run = lab.run(lab.paced(f"Watched by {name}", 0.02, turns=10_000))
            lab.until(run, "running")
            told[name] = pushed(server, client, run, lab)
    assert not ACT.findall(told["viewer"])
    assert 'data-act="again"' in told["admin"]
    assert 'data-menu="' in told["admin"]
    for text in told.values():
        assert "Cancelled" in text


def pushed(server: Server, client: httpx.Client, run: int, lab: Lab) -> str:
    """All that a page's socket is sent about a run, from before it is stopped until it has ended."""
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = f"{server.base.replace('http', 'ws')}/ws/live/"
    texts: list[str] = []
    with connect(address, additional_headers={"Cookie": cookies}, origin=server.base) as socket:  # type: ignore[arg-type]
        topics = [f"run:{run}", f"simulation:{lab.get(run)['simulation']}", "history", "runs"]
        socket.send(json.dumps({"type": "subscribe", "topics": topics}))
        texts += [str(socket.recv(timeout=10)) for _ in topics]
        lab.cancel(run)
        ended = {f'id="run-{run}-head"', f'id="run-{run}"'}
        while not all(any(mark in text and "Cancelled" in text for text in texts) for mark in ended):
            texts.append(str(socket.recv(timeout=10)))
    return "".join(texts)
