"""Models that do not want to end, or want more than there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.conftest import served
from tests.faults.processes import players_of
from tests.waiting import wait_until
from tests.web.server import Lab, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("limits")) as server:
        yield server


@pytest.mark.parametrize("stubborn", [False, True])
def test_an_endless_loop_is_gone_soon_after_cancel_even_if_it_ignores_sigterm(
    lab: Lab, server: Server, stubborn: bool
) -> None:
    slug = lab.simulation("Endless", "endless", 5, params={"stubborn": stubborn})
    runs = [lab.run(slug) for _ in range(2)]
    for run in runs:
        wait_until(lambda run=run: lab.get(run)["turns_done"] == 1)
    queued = lab.run(lab.simulation("A toy"))
    folder = server.log.parent
    playing = players_of(folder)
    for run in runs:
        lab.cancel(run)
        assert lab.get(run)["status"] == "cancelled"
    # Both slots were taken: that the third is played shows that they are free.
    assert lab.ended(queued)["status"] == "completed"
    wait_until(lambda: len(players_of(folder) & playing) <= len(playing) - len(runs))
    assert [lab.get(run)["turns_done"] for run in runs] == [1, 1]


@pytest.mark.parametrize("limit", ["run_timeout_s", "turn_timeout_s"])
def test_an_endless_loop_ends_when_its_time_is_up(lab: Lab, limit: str) -> None:
    slug = lab.simulation("Endless", "endless", 5, params={"stubborn": True})
    lab.client.patch(f"/simulations/{slug}", json={"execution": {limit: 1}}).raise_for_status()
    ended = lab.ended(lab.run(slug))
    assert (ended["status"], ended["failure_kind"], ended["turns_done"]) == ("failed", "timeout", 1)
    assert "1 s it may take" in ended["error"]["message"]


@pytest.mark.parametrize("bites", ["arrays", "objects"])
def test_a_model_that_needs_more_memory_than_it_may_hold_fails_and_the_limit_is_named(lab: Lab, bites: str) -> None:
    slug = lab.simulation("Hungry", "hungry", 1000, params={"bites": bites, "mebibytes": 64})
    lab.client.patch(f"/simulations/{slug}", json={"execution": {"memory_limit_mb": 400}}).raise_for_status()
    ended = lab.ended(lab.run(slug), 40)
    assert (ended["status"], ended["failure_kind"]) == ("failed", "system")
    assert "more memory than the 400 MiB it may hold" in ended["error"]["message"]
    assert ended["turns_done"] >= 1
    assert lab.ended(lab.run(lab.simulation("A toy")))["status"] == "completed"


@pytest.mark.parametrize("how", ["share", "spread"])
def test_shared_memory_and_that_of_a_models_own_processes_counts(lab: Lab, how: str) -> None:
    slug = lab.simulation("Rude", "rude", 3, params={"how": how})
    lab.client.patch(f"/simulations/{slug}", json={"execution": {"memory_limit_mb": 400}}).raise_for_status()
    ended = lab.ended(lab.run(slug), 40)
    assert (ended["status"], ended["failure_kind"]) == ("failed", "system")
    assert "more memory than the 400 MiB it may hold" in ended["error"]["message"]
    assert "With its shared memory and its processes it held" in ended["error"]["message"]
