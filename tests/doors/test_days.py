"""Figures of days long past follow what happens to their runs, as the API tells them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.doors.browser import signed_in
from tests.waiting import wait_until
from tests.web.server import Lab, Server

AGO = timedelta(days=10)
MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def figures(lab: Lab, slug: str, kind: str = "aggregated") -> dict[str, Any]:
    """What performance says of the last 30 days, without what only names the question."""
    path = f"/simulations/{slug}/performance"
    told = lab.client.get(path, params={"time_range": "30d", "metric_type": kind}).raise_for_status().json()
    return {name: value for name, value in told.items() if name not in {"metric_type", "since", "until", "as_of"}}


def counts(told: dict[str, Any]) -> tuple[int, int, int]:
    return told["total_executions"], told["successful_executions"], told["failed_executions"]


def long_ago(value: Any) -> Any:
    """The same with every moment ten days earlier."""
    if isinstance(value, dict):
        return {name: long_ago(item) for name, item in value.items()}
    if isinstance(value, list):
        return [long_ago(item) for item in value]
    if isinstance(value, str) and MOMENT.match(value):
        return (datetime.fromisoformat(value) - AGO).isoformat().replace("+00:00", "Z")
    return value


@pytest.fixture
def old(lab: Lab) -> tuple[str, list[int]]:
    """A simulation with three runs of ten days ago, two completed and one failed, and none of today."""
    slug = lab.simulation("Long ago", "toy", 3)
    good = lab.finished(slug, 2)
    template = lab.client.get("/runs/export", params={"ids": ",".join(map(str, good)), "format": "json"}).json()
    failing = lab.simulation("Long ago failing", "crashing", 3)
    [bad] = lab.finished(failing, 1)
    failed = lab.client.get(f"/runs/{bad}/export", params={"format": "json"}).json()["runs"][0]
    told = json.loads(json.dumps([*template["runs"], {**failed, "simulation": slug, "scenario": "toy"}]))
    for run in good:
        lab.delete(run)
    return slug, imported(lab, long_ago(told))


def imported(lab: Lab, runs: list[Any]) -> list[int]:
    answer = lab.client.post("/runs/import", json={"simweb_export": 1, "runs": runs})
    assert answer.status_code == 201, answer.text
    return [run["id"] for run in answer.json()]


def rolled_up(lab: Lab, server: Server, slug: str) -> dict[str, Any]:
    """The figures, after what is due was done."""
    server.manage("aggregate_performance")
    return figures(lab, slug)


def test_a_day_of_ten_days_ago_follows_deletion_restoration_and_import(
    lab: Lab, server: Server, old: tuple[str, list[int]]
) -> None:
    slug, runs = old
    assert counts(rolled_up(lab, server, slug)) == (3, 2, 1)
    lab.delete(runs[0])
    for told in (figures(lab, slug), rolled_up(lab, server, slug)):
        assert counts(told) == (2, 1, 1)
        assert told == figures(lab, slug, "realtime")
    with signed_in(server) as pages:
        secret = pages.cookies["csrftoken"]
        pages.post(f"/runs/{runs[0]}/restore/", headers={"X-CSRFToken": secret, "Referer": server.base})
    for told in (figures(lab, slug), rolled_up(lab, server, slug)):
        assert counts(told) == (3, 2, 1)
        assert told == figures(lab, slug, "realtime")


def test_what_changes_is_rolled_up_again_by_the_clock(lab: Lab, server: Server, old: tuple[str, list[int]]) -> None:
    slug, runs = old
    rolled_up(lab, server, slug)
    lab.delete(runs[2])
    count = "from performance.models import ChangedDay; print(ChangedDay.objects.count())"
    wait_until(lambda: server.manage("shell", "-v", "0", "-c", count) == "0", seconds=90, every=3)
    assert counts(figures(lab, slug)) == (2, 2, 0)


def test_pruned_days_keep_their_figures_whatever_changes_in_them_later(
    lab: Lab, server: Server, old: tuple[str, list[int]]
) -> None:
    slug, runs = old
    before = rolled_up(lab, server, slug)
    template = lab.client.get(f"/runs/{runs[0]}/export", params={"format": "json"}).json()["runs"]
    server.manage("prune", "--older-than", "5d")
    assert lab.client.get(f"/runs/{runs[0]}").status_code == 404
    after = rolled_up(lab, server, slug)  # only how the halves of a trend divide the day is guessed now
    assert {name for name in before if after[name] != before[name]} <= {"trend", "approximate"}
    [again] = imported(lab, template)
    assert counts(rolled_up(lab, server, slug)) == (4, 3, 1)
    lab.delete(again)
    assert counts(rolled_up(lab, server, slug)) == (3, 2, 1)
    assert rolled_up(lab, server, slug)["execution_times"] == before["execution_times"]


def test_a_run_that_ends_long_after_it_started_is_counted_on_its_day(
    lab: Lab, server: Server, old: tuple[str, list[int]]
) -> None:
    slug, _ = old
    run = lab.run(lab.paced("Slow for days", 0.05, turns=10_000))
    lab.until(run, "running")
    day = (datetime.now(UTC) - AGO).isoformat()
    server.manage(
        "shell", "-c", f"from runs.models import Run; Run.objects.filter(pk={run}).update(started_at={day!r})"
    )
    rolled_up(lab, server, slug)
    lab.cancel(run)
    slow = lab.get(run)["simulation"]
    assert figures(lab, slow)["cancelled_executions"] == 1
    assert rolled_up(lab, server, slow)["cancelled_executions"] == 1
