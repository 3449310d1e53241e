"""The system at a glance: what fails and since when, what is slow, what waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from performance.schemas import DashboardOut
from runs.models import ServerProcess, Simulation
from runs.presence import Presence
from runs.simulations import create_simulation
from tests.conftest import Api
from tests.performance.conftest import NOW
from tests.performance.runs_of import add

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def told(api: Api, **asked: Any) -> dict[str, Any]:
    answer = api.get("/performance/dashboard", **asked)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    assert DashboardOut.model_validate(found, strict=True).model_dump() == found
    return found


def named(*names: str) -> list[Simulation]:
    return [create_simulation(name=name, scenario="toy", slug=name) for name in names]


def test_an_empty_lab_is_zeros_and_empty_lists(api: Api) -> None:
    answer = told(api)
    assert (answer["simulations"], answer["executions"]) == (0, {"24h": 0, "7d": 0, "30d": 0})
    assert (answer["average_success_rate"], answer["top_performing"], answer["with_issues"]) == (0.0, [], [])
    assert [point["total"] for point in answer["execution_trend"]] == [0] * 7
    assert answer["queue"] == {
        **dict.fromkeys(("depth", "running", "stuck"), 0),
        **dict.fromkeys(("oldest_wait_s", "p50_wait_s", "p95_wait_s")),
    }


def test_runs_are_counted_over_a_day_a_week_and_a_month(api: Api, simulation: Simulation, other: Simulation) -> None:
    for number, owner in enumerate((simulation, other) * 20):
        add(owner, NOW - number * DAY, "failed" if number < 2 else "completed")
    answer = told(api)
    assert answer["simulations"] == 2
    assert answer["executions"] == {"24h": 1, "7d": 7, "30d": 30}
    assert answer["average_success_rate"] == 71.43  # pooled: 5 of 7 runs


def test_the_best_have_five_runs_and_are_in_order(api: Api) -> None:
    best, many, quick, slow, few = named("best", "many", "quick", "slow", "few")
    for owner, good, bad, duration in (
        (best, 5, 0, 9),
        (many, 11, 1, 9),
        (quick, 5, 1, 1),
        (slow, 5, 1, 2),
        (few, 4, 0, 1),
    ):
        for number in range(good + bad):
            add(owner, NOW - HOUR, "completed" if number < good else "failed", duration)
    answer = told(api)
    assert [one["simulation"] for one in answer["top_performing"]] == ["best", "many", "quick", "slow"]
    assert answer["top_performing"][1] == {
        "simulation": "many",
        "name": "many",
        "total": 12,
        "failed": 1,
        "success_rate": 91.67,
        "error_rate": 8.33,
        "p50_ms": 9,
        "p95_ms": 9,
    }


def test_those_that_fail_often_are_told_with_their_error_and_since_when(api: Api) -> None:
    fails, recovers, fine, few = named("fails", "recovers", "fine", "few")
    for number in range(10):
        add(fails, NOW - number * HOUR, "failed" if number < 4 else "completed", message=f"wall {number}")
        add(recovers, NOW - number * HOUR, "failed" if number in (5, 6) else "completed")
        add(fine, NOW - number * HOUR, "failed" if number == 5 else "completed")  # a tenth is not more than a tenth
    for number in range(4):
        add(few, NOW - number * HOUR, "failed")
    issues = told(api)["with_issues"]
    assert [(one["simulation"], one["severity"], one["error_rate"]) for one in issues] == [
        ("fails", "critical", 40.0),
        ("recovers", "warning", 20.0),
    ]
    assert (issues[0]["error"], issues[0]["failing_since"]) == ("RuntimeError: wall #", "2026-11-20T11:30:15.250Z")
    assert (issues[1]["failing_since"], issues[1]["last_failure"]) == (None, "2026-11-20T09:30:15.250Z")


def test_one_of_which_nothing_ever_completed_fails_since_its_first(api: Api, simulation: Simulation) -> None:
    for number in range(5):
        add(simulation, NOW - number * HOUR, "failed")
    assert told(api)["with_issues"][0]["failing_since"] == "2026-11-20T10:30:15.250Z"


def test_the_slowest_are_beside_the_week_before(api: Api) -> None:
    slower, quick, recent = named("slower", "quick", "recent")
    for owner, before, after in ((slower, 100, 900), (quick, 20, 10), (recent, None, 50)):
        add(owner, NOW - HOUR, duration_ms=after)
        if before is not None:
            add(owner, NOW - 8 * DAY, duration_ms=before)
    slowest = told(api)["slowest"]
    assert [(one["simulation"], one["p95_ms"], one["p95_before_ms"]) for one in slowest] == [
        ("slower", 900, 100),
        ("recent", 50, None),
        ("quick", 10, 20),
    ]


def test_archived_simulations_are_in_no_ranking_and_their_runs_in_every_count(api: Api, simulation: Simulation) -> None:
    for _ in range(6):
        add(simulation, NOW - HOUR, "failed")
    Simulation.objects.update(is_archived=True)
    answer = told(api)
    assert (answer["simulations"], answer["with_issues"], answer["slowest"]) == (0, [], [])
    assert answer["executions"]["24h"] == 6


def test_what_waits_is_told_with_how_long(api: Api, simulation: Simulation) -> None:
    add(simulation, None, "queued", created_at=NOW - timedelta(seconds=90))
    not_ripe = {"created_at": NOW - HOUR, "not_before": NOW + HOUR}  # a retry that waits
    add(simulation, None, "queued", **not_ripe)
    add(simulation, NOW - HOUR, "running", created_at=NOW - HOUR - timedelta(seconds=3))
    add(simulation, NOW - HOUR, "stuck", created_at=NOW - HOUR - timedelta(seconds=1))
    queue = told(api)["queue"]
    assert queue == {"depth": 2, "running": 1, "stuck": 1, "oldest_wait_s": 90.0, "p50_wait_s": 1.0, "p95_wait_s": 3.0}


def test_workers_are_told_with_how_many_are_busy(api: Api, simulation: Simulation) -> None:
    Presence("here", ServerProcess.Kind.WEB, 2).tell()
    Presence("there", ServerProcess.Kind.WORKER, 8).tell()
    add(simulation, NOW - HOUR, "running")
    assert told(api)["workers"] == {"busy": 1, "slots": 10, "processes": 2}


@pytest.mark.parametrize(("time_range", "count"), [("1d", 24), ("7d", 7), ("30d", 30), ("90d", 90)])
def test_the_trend_is_by_the_hour_or_by_the_day(api: Api, simulation: Simulation, time_range: str, count: int) -> None:
    add(simulation, NOW - HOUR)
    trend = told(api, time_range=time_range)["execution_trend"]
    assert len(trend) == count
    assert sum(point["total"] for point in trend) == 1


def test_an_unknown_range_is_refused(api: Api) -> None:
    assert api.get("/performance/dashboard", time_range="2d").status_code == 422
