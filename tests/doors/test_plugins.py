"""A server with plug-ins that try to end it, and with one that lies among files with simweb's names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors.browser import Browser
from tests.html import words
from tests.plugins import LEAVERS, neighbours, scenario, write
from tests.web.server import Lab, Server

ONE_DATABASE = "plug-ins are loaded before any row is read"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One database will do: what is tried happens before any."""
    folder = tmp_path_factory.mktemp("plugins")
    named = {"neighbour": neighbours(folder / "neighbour", "neighbour"), "by_module": "by_module"}
    neighbours(folder / "module", "by_module")
    named["picky"] = write(folder / "picky.py", scenario("picky", check="import sys; value == 1 or sys.exit('no')"))
    for number, (first, _) in enumerate(LEAVERS):
        named[f"leaver-{number}"] = write(folder / f"leaver{number}.py", scenario(f"leaver-{number}", first=first))
    setting = ",".join(f"{key}={place}:World" for key, place in named.items())
    server = Server(folder / "data", SIMWEB_WORKERS="1", SIMWEB_SCENARIOS=setting, PYTHONPATH=str(folder / "module"))
    (folder / "data").mkdir()
    try:
        server.link = server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.manage("token", "plug-ins", "--role", "admin")


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    browser = Browser(server)
    yield browser
    browser.client.close()


def test_a_server_starts_and_says_of_each_plug_in_that_left_why_it_cannot_be_used(lab: Lab, browser: Browser) -> None:
    said = [words(notice.text) for notice in browser.page("/simulations/new/").all("p", role="status")]
    assert len(said) == len(LEAVERS)
    assert all(any(reason in text for text in said) for _, reason in LEAVERS)
    refused = lab.client.post("/simulations", json={"name": "Leaver", "scenario": "leaver-0"})
    assert refused.status_code == 422
    assert "SystemExit: bad config" in refused.json()["errors"][0]["msg"]
    assert lab.client.get("/health").json() == {"status": "ok"}


def test_a_check_of_parameters_that_asks_python_to_exit_refuses_the_run_and_nothing_more(lab: Lab) -> None:
    slug = lab.simulation("Picky", "picky", 1)
    refused = lab.client.post(f"/simulations/{slug}/runs", json={"params": {"size": 2}})
    assert refused.status_code == 422
    assert "The scenario's own check failed: SystemExit: no." in refused.json()["detail"]
    assert lab.ended(lab.run(slug))["status"] == "completed"


@pytest.mark.parametrize("scenario", ["neighbour", "by_module"])
def test_a_plug_in_beside_a_metrics_of_its_own_gets_its_own(lab: Lab, scenario: str) -> None:
    told = lab.client.get(f"/scenarios/{scenario}").json()
    assert told["description"] == "its own metrics, its own runs"
    run = lab.ended(lab.run(lab.simulation("Neighbour", scenario, 1)))
    assert run["status"] == "completed", run["error"]
    turns = lab.client.get(f"/runs/{run['id']}/turns").json()["items"]
    assert turns[0]["metrics"] == {f"turn.{scenario}.own": 42}
