"""How a simulation has been doing: every number of the answer."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from performance.schemas import PerformanceOut
from runs import services
from runs.models import Run, Simulation
from tests.conftest import Api, MakeRun
from tests.performance.conftest import NOW, SetNow
from tests.performance.runs_of import add
from tests.runs.lives import ERROR, claimed, lead_to, played, turn

pytestmark = pytest.mark.django_db
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
NO_TIMES = dict.fromkeys(("avg_ms", "min_ms", "max_ms", "p50_ms", "p95_ms", "p99_ms"))


def told(api: Api, simulation: Simulation | None, **asked: Any) -> dict[str, Any]:
    answer = api.get(f"/simulations/{simulation.slug}/performance" if simulation else "/performance", **asked)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_eight_of_ten_completed(api: Api, simulation: Simulation) -> None:
    for number in range(10):
        add(simulation, NOW - number * HOUR, "completed" if number < 8 else "failed", (number + 1) * 1000)
    answer = told(api, simulation)
    assert set(answer) == set(PerformanceOut.model_fields)
    counts = [answer[f"{name}_executions"] for name in ("total", "successful", "failed", "cancelled")]
    assert (counts, answer["success_rate"], answer["error_rate"]) == ([10, 8, 2, 0], 80.0, 20.0)
    assert (answer["simulation"], answer["time_range"], answer["metric_type"]) == ("a-toy", "7d", "realtime")
    assert answer["top_errors"] == [{"error": "RuntimeError: boom", "count": 2}]
    assert answer["execution_times"] == {
        "avg_ms": 5500.0,
        "min_ms": 1000,
        "max_ms": 10000,
        "p50_ms": 5000,
        "p95_ms": 10000,
        "p99_ms": 10000,
    }


@pytest.mark.parametrize("metric_type", ["realtime", "aggregated"])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_no_runs_are_zeros_and_nulls(api: Api, simulation: Simulation, metric_type: str, all_of_them: bool) -> None:
    answer = told(api, None if all_of_them else simulation, metric_type=metric_type)
    assert [answer[f"{name}_executions"] for name in ("total", "successful", "failed", "cancelled")] == [0] * 4
    assert (answer["success_rate"], answer["error_rate"], answer["execution_times"]) == (0.0, 0.0, NO_TIMES)
    assert (answer["top_errors"], answer["trend"], answer["approximate"]) == ([], "no_data", False)


def test_cancelled_running_and_replayed_runs_are_in_no_rate(api: Api, simulation: Simulation) -> None:
    for _ in range(4):
        add(simulation, NOW - HOUR)
    add(simulation, NOW - HOUR, "running", trigger="manual")
    add(simulation, NOW - HOUR, "cancelled", 99_000)
    add(simulation, NOW - HOUR, "failed", trigger="verify")
    add(simulation, NOW - HOUR, "failed", deleted_at=NOW)
    answer = told(api, simulation)
    assert (answer["total_executions"], answer["cancelled_executions"], answer["success_rate"]) == (4, 1, 100.0)
    assert answer["execution_times"]["max_ms"] == 1000


def test_only_cancelled_runs_divide_nothing_by_zero(api: Api, simulation: Simulation) -> None:
    add(simulation, NOW - HOUR, "cancelled")
    answer = told(api, simulation)
    assert (answer["total_executions"], answer["cancelled_executions"]) == (0, 1)
    assert (answer["success_rate"], answer["execution_times"]) == (0.0, NO_TIMES)


def test_durations_of_zero_are_times(api: Api, simulation: Simulation) -> None:
    add(simulation, NOW - HOUR, duration_ms=0)
    assert told(api, simulation)["execution_times"] == {**dict.fromkeys(NO_TIMES, 0), "avg_ms": 0.0}


@pytest.mark.parametrize("metric_type", ["realtime", "aggregated"])
def test_a_window_begins_after_its_first_moment_and_ends_with_now(
    api: Api, simulation: Simulation, metric_type: str
) -> None:
    for moment in (NOW - DAY, NOW - DAY + TICK, NOW, NOW + TICK):
        add(simulation, moment)
    assert told(api, simulation, time_range="1d", metric_type=metric_type)["total_executions"] == 2


def test_a_longer_range_has_more_runs(api: Api, simulation: Simulation) -> None:
    for days in range(60):
        add(simulation, NOW - days * DAY)
    counts = [told(api, simulation, time_range=days)["total_executions"] for days in ("1d", "7d", "30d", "90d")]
    assert counts == [1, 7, 30, 60]


@pytest.mark.parametrize(
    "asked", [{"time_range": "2d"}, {"time_range": "7D"}, {"metric_type": "guessed"}, {"format": "xml"}]
)
def test_what_is_not_known_is_refused(api: Api, simulation: Simulation, asked: dict[str, str]) -> None:
    place = "export" if "format" in asked else ""
    answer = api.get(f"/simulations/{simulation.slug}/performance{'/' + place if place else ''}", **asked)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == list(asked)


def test_there_is_no_performance_of_what_there_is_not(api: Api) -> None:
    assert api.get("/simulations/nothing/performance").status_code == 404


def test_errors_that_differ_in_their_numbers_are_one(api: Api, simulation: Simulation) -> None:
    for message in ("timeout after 31 s", "timeout after 32 s", "no such agent"):
        add(simulation, NOW - HOUR, "failed", message=message)
    errors = told(api, simulation)["top_errors"]
    assert errors == [
        {"error": "RuntimeError: timeout after # s", "count": 2},
        {"error": "RuntimeError: no such agent", "count": 1},
    ]
    found = api.get("/runs", q=f'error:"{errors[0]["error"]}"').json()["items"]
    assert len(found) == 2


@pytest.mark.parametrize("metric_type", ["realtime", "aggregated"])
def test_the_trend_is_of_halves_in_the_order_of_time(api: Api, simulation: Simulation, metric_type: str) -> None:
    for number in range(10):  # written newest first: the order of numbers is not that of time
        add(simulation, NOW - number * HOUR, "completed" if number < 5 else "failed")
    assert told(api, simulation, metric_type=metric_type)["trend"] == "improving"


def test_a_run_that_ends_shows_at_once_though_figures_are_remembered(
    api: Api, simulation: Simulation, make_run: MakeRun, django_assert_num_queries: Any
) -> None:
    lead_to(make_run(), "completed")
    assert told(api, simulation)["total_executions"] == 1
    with CaptureQueriesContext(connection) as asked:
        assert told(api, simulation)["total_executions"] == 1
    assert not [query for query in asked.captured_queries if "runs_run" in query["sql"]]
    failed = make_run()
    claimed(failed).fail("model", ERROR)
    assert told(api, simulation)["failed_executions"] == 1
    services.delete(Run.objects.get(pk=failed.pk), by=None)
    assert told(api, simulation)["failed_executions"] == 0
    assert told(api, None)["total_executions"] == 1


def test_what_is_measured_is_what_was_played(api: Api, simulation: Simulation, make_run: MakeRun, now: SetNow) -> None:
    durations = []
    for milliseconds in (40, 1500):
        now(NOW)
        player = claimed(make_run())
        player.add([turn(1)])
        now(NOW + timedelta(milliseconds=milliseconds))
        player.complete(played())
        durations.append(milliseconds)
    now(NOW + 2 * HOUR)
    times = told(api, simulation, time_range="1d")["execution_times"]
    assert (times["min_ms"], times["max_ms"], times["avg_ms"]) == (40, 1500, 770.0)


def test_a_file_has_the_same_numbers(api: Api, simulation: Simulation) -> None:
    for number in range(12):
        add(simulation, NOW - number * DAY, "failed" if number % 4 == 0 else "completed", 10 * number, message="=1+1")
    answer = told(api, simulation)
    path = f"/simulations/{simulation.slug}/performance/export"
    whole = api.get(path, format="json")
    assert {**whole.json(), "points": 0} == {**answer, "points": 0}
    assert whole["Content-Disposition"] == 'attachment; filename="a-toy-performance-7d-2026-11-20.json"'
    rows = list(csv.reader(io.StringIO(api.get(path, format="csv").getvalue().decode())))
    facts = {row[0].removeprefix("# "): row[1] for row in rows if row[0].startswith("# ")}
    assert float(facts["success_rate"]) == answer["success_rate"]
    assert int(facts["execution_times.p95_ms"]) == answer["execution_times"]["p95_ms"]
    [head, *points] = [row for row in rows if not row[0].startswith("# ")]
    assert [int(row[head.index("total")]) for row in points] == [point["total"] for point in whole.json()["points"]]
    assert len(points) == 7


def test_no_cell_of_a_file_is_a_formula(api: Api, simulation: Simulation) -> None:
    add(simulation, NOW, "failed", message="x", error_group="=cmd()")
    text = api.get(f"/simulations/{simulation.slug}/performance/export").getvalue().decode()
    assert "# top_errors,'=cmd(),1" in text


@pytest.mark.parametrize(
    ("time_range", "count", "step"), [("1d", 24, HOUR), ("7d", 7, DAY), ("30d", 30, DAY), ("90d", 90, DAY)]
)
def test_no_hour_and_no_day_is_missing(
    api: Api, simulation: Simulation, time_range: str, count: int, step: timedelta
) -> None:
    add(simulation, NOW - 2 * step, "failed", 5, total_tokens=10, total_cost_usd="0.25")
    add(simulation, NOW - 2 * step, "completed", 7)
    points = api.get(f"/simulations/{simulation.slug}/performance/points", time_range=time_range).json()
    assert len(points) == count
    assert [point["total"] for point in points] == [0] * (count - 3) + [2, 0, 0]
    met = points[-3]
    assert (met["success_rate"], met["avg_ms"], met["p95_ms"], met["tokens"], met["cost_usd"]) == (
        50.0,
        6.0,
        7,
        10,
        0.25,
    )
    assert points[-1]["start"] == ("2026-11-20T14:00:00.000Z" if step == HOUR else "2026-11-20T00:00:00.000Z")


def test_many_runs_take_no_more_questions_than_one(api: Api, simulation: Simulation) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as questions:
            told(api, simulation, time_range="30d")
        return len(questions)

    for _ in range(2):
        add(simulation, NOW, "failed")
    Simulation.objects.update(endings=1)
    few = asked()
    for number in range(40):
        add(simulation, NOW - number * HOUR, "failed", message=f"kind {chr(97 + number % 26)}")
    Simulation.objects.update(endings=2)
    assert asked() == few


def test_a_viewer_may_look_and_a_stranger_may_not(viewer_api: Api, simulation: Simulation) -> None:
    for path in (
        f"/simulations/{simulation.slug}/performance",
        "/performance",
        "/performance/dashboard",
        "/performance/export",
    ):
        assert viewer_api.get(path).status_code == 200
        assert Api().get(path).status_code == 401


def test_the_clock_of_these_tests_stands_still() -> None:
    assert timezone.now() == NOW
