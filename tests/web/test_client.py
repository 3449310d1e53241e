"""The client for notebooks, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simweb.client import Lab as Client
from simweb.client import Refused
from tests.web.server import Lab, Server


@pytest.fixture
def client(server: Server, token: str) -> Iterator[Client]:
    with Client(server.base, token=token) as client:
        yield client


def test_a_run_is_started_waited_for_and_read_as_a_table(client: Client, lab: Lab, capsys: Any) -> None:
    slug = lab.simulation("From a notebook", "deciding", 6)
    run = client.start(slug, seed=4).wait(timeout=60)
    assert (run.status, run.data["seed"]) == ("completed", 4)
    assert f"run {run.id} [{'#' * 30}] 6/6 completed" in capsys.readouterr().err
    table = run.to_pandas()
    assert list(table["turn"]) == [1, 2, 3, 4, 5, 6]
    assert list(table["actions.rest"]) == [1] * 6
    assert run.metrics["run.actions.total"] == table["turn.actions.total"].sum()
    assert [decision["number"] for decision in run.decisions()] == [1, 2, 3, 4, 5, 6]
    assert run.verify().data["verification"]["status"] == "verified"


def test_what_the_server_refuses_says_why(client: Client, lab: Lab) -> None:
    slug = lab.simulation("Refused", "toy")
    with pytest.raises(Refused, match="turns: Must be a whole number") as caught:
        client.start(slug, turns=0)
    assert caught.value.status == 422
    with pytest.raises(Refused, match="no run 99999999"):
        client.run(99999999)


def test_waiting_gives_up_when_it_was_asked_to_and_the_run_goes_on(client: Client, lab: Lab) -> None:
    run = client.start(lab.paced("Slow", 0.5, turns=100))
    with pytest.raises(TimeoutError, match="it goes on"):
        run.wait(progress=False, timeout=0.3)
    assert run.cancel().status == "cancelled"
