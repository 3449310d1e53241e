"""Days are kept: every night, again while they may change, made up for when missed, and whatever is removed since."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from performance import rollup
from performance.models import DailyPerformance, SystemDay
from performance.queries import aggregated, realtime
from performance.rollup import Nightly, due, go_on, roll_up_day
from performance.schemas import performance_json
from runs.models import Run, Simulation
from runs.upkeep import Upkeep, further_duties
from tests.performance.conftest import NOW, SetNow
from tests.performance.runs_of import add

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
YESTERDAY = date(2026, 11, 19)
FIELDS = {
    *("id", "simulation", "metric_date", "total_executions", "successful_executions", "failed_executions"),
    *("avg_execution_time_ms", "min_execution_time_ms", "max_execution_time_ms", "p50_execution_time_ms"),
    *("p95_execution_time_ms", "p99_execution_time_ms", "total_errors", "error_rate", "success_rate"),
    *("created_at", "updated_at"),
}


def at(day: int, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


def aggregate(*options: str) -> str:
    out = StringIO()
    call_command("aggregate_performance", *options, stdout=out)
    return out.getvalue().strip()


def kept() -> list[tuple[str, int, int]]:
    rows = DailyPerformance.objects.order_by("metric_date", "simulation").values_list(
        "metric_date", "simulation", "total_executions"
    )
    return [(f"{day:%d}", pk, total) for day, pk, total in rows]


def test_a_day_has_every_field_of_the_brief(simulation: Simulation) -> None:
    assert {field.name for field in DailyPerformance._meta.get_fields()} >= FIELDS
    for number in range(10):
        add(
            simulation,
            at(19, number),
            "failed" if number < 2 else "completed",
            100 * (number + 1),
            critical_count=number == 9,
            problem_count=number == 9,
        )
    aggregate("--date", "2026-11-19")
    day = DailyPerformance.objects.get()
    assert (day.total_executions, day.successful_executions, day.failed_executions) == (10, 8, 2)
    assert (day.success_rate, day.error_rate, day.total_errors) == (80.0, 20.0, 3)
    assert (day.avg_execution_time_ms, day.min_execution_time_ms, day.max_execution_time_ms) == (550.0, 100, 1000)
    assert (day.p50_execution_time_ms, day.p95_execution_time_ms, day.p99_execution_time_ms) == (500, 1000, 1000)


def test_there_is_one_row_for_a_simulation_and_day(simulation: Simulation) -> None:
    DailyPerformance.objects.create(simulation=simulation, metric_date=YESTERDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        DailyPerformance.objects.create(simulation=simulation, metric_date=YESTERDAY)


def test_twice_is_once(simulation: Simulation, now: SetNow) -> None:
    add(simulation, at(19))
    aggregate("--date", "2026-11-19")
    before = DailyPerformance.objects.get()
    now(NOW + timedelta(hours=1))
    aggregate("--date", "2026-11-19")
    after = DailyPerformance.objects.get()
    assert (after.pk, after.total_executions, after.created_at) == (before.pk, 1, before.created_at)
    assert after.updated_at == NOW + timedelta(hours=1) > before.updated_at


def test_a_run_belongs_to_the_utc_day_on_which_it_started(simulation: Simulation) -> None:
    add(simulation, at(19, 23, 59, 59), duration_ms=7_200_000)
    add(simulation, at(20))
    add(simulation, at(19))
    assert aggregate() == "2026-11-19: 1 simulation\n1 day done."
    assert kept() == [("19", simulation.pk, 2)]


def test_a_nights_work_begins_five_minutes_after_midnight_utc(simulation: Simulation) -> None:
    add(simulation, at(19))
    assert due(at(20, 0, 4, 59)) == []
    assert due(at(20, 0, 5)) == [YESTERDAY]


def test_a_day_is_done_again_for_two_nights_because_runs_end_late(simulation: Simulation, now: SetNow) -> None:
    late = add(simulation, at(16), "running")
    add(simulation, at(16))
    totals = []
    for day in (17, 18, 19, 20):
        now(at(day, 0, 6))
        aggregate()
        totals.append(DailyPerformance.objects.get(metric_date=date(2026, 11, 16)).total_executions)
        if day == 18:
            Run.objects.filter(pk=late.pk).update(status="completed", finished_at=at(18), duration_ms=1)
    assert totals == [1, 1, 2, 2]
    now(at(20, 0, 7))
    assert aggregate() == "No day is due."


def test_missed_nights_are_made_up_for(simulation: Simulation, now: SetNow) -> None:
    for day in (10, 11, 15, 19):
        add(simulation, at(day))
    now(at(12, 0, 6))
    aggregate()
    assert [day for day, _, _ in kept()] == ["10", "11"]
    now(NOW)
    assert [day.day for day in due(NOW)] == list(range(12, 20))
    aggregate()
    assert [day for day, _, _ in kept()] == ["10", "11", "15", "19"]
    assert SystemDay.objects.filter(finished_at__isnull=False).count() == 10


def test_one_that_cannot_be_done_holds_up_no_other_and_is_told(
    simulation: Simulation, other: Simulation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add(simulation, at(19))
    add(other, at(19))
    real = rollup.roll_up

    def broken(one: Simulation, day: date) -> None:
        if one == simulation:
            raise ArithmeticError("no luck")
        real(one, day)

    monkeypatch.setattr(rollup, "roll_up", broken)
    with pytest.raises(CommandError, match="1 could not be done"):
        aggregate("--date", "2026-11-19")
    assert kept() == [("19", other.pk, 1)]
    assert "no luck" in caplog.text
    for owner, total in ((simulation, 1), (other, 1), (None, 2)):
        assert aggregated(owner, "7d", NOW).total == total
    monkeypatch.setattr(rollup, "roll_up", real)
    assert aggregate("--date", "2026-11-19", "--simulation", "a-toy") == "2026-11-19: 2 simulations\n1 day done."
    assert SystemDay.objects.get().failed == []


def test_what_was_left_half_done_is_finished_by_the_next_server(
    simulation: Simulation, other: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(simulation, at(19))
    add(other, at(19))
    next(go_on(YESTERDAY))
    assert [pk for _, pk, _ in kept()] == [simulation.pk]
    assert SystemDay.objects.get().finished_at is None
    done: list[int] = []
    real = rollup.roll_up
    monkeypatch.setattr(rollup, "roll_up", lambda one, day: (done.append(one.pk), real(one, day)))
    Nightly().roll_up()
    assert done == [other.pk]
    assert (SystemDay.objects.get().total_executions, SystemDay.objects.get().finished_at) == (2, NOW)


def test_of_two_servers_at_once_one_gives_way(simulation: Simulation, other: Simulation) -> None:
    add(simulation, at(19))
    add(other, at(19))
    one, two = go_on(YESTERDAY), go_on(YESTERDAY)
    next(one)
    next(two, None)
    assert list(two) == []
    list(one)
    assert SystemDay.objects.get().total_executions == 2


def test_a_command_beside_a_server_finishes_the_day(
    simulation: Simulation, other: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(simulation, at(19))
    add(other, at(19))
    real = rollup.roll_up

    def beside_a_server(one: Simulation, day: date) -> None:
        monkeypatch.setattr(rollup, "roll_up", real)
        next(go_on(day))
        real(one, day)

    monkeypatch.setattr(rollup, "roll_up", beside_a_server)
    assert roll_up_day(YESTERDAY).simulations == 2
    assert SystemDay.objects.get().finished_at == NOW


def test_every_server_does_it_by_the_clock() -> None:
    assert [duty for duty in Upkeep().duties(0.0) if duty in further_duties] == further_duties
    assert "roll_up" in {duty.__name__ for duty in further_duties}


def test_runs_that_were_removed_for_good_stay_in_the_figures(simulation: Simulation) -> None:
    for number in range(20):
        add(simulation, at(1 + number % 19), "failed" if number % 5 == 0 else "completed", number)
    aggregate()
    before = performance_json(aggregated(simulation, "30d", NOW))
    Run.objects.all().delete()
    aggregate("--since", "2026-11-01")
    assert performance_json(aggregated(simulation, "30d", NOW)) == before
    assert realtime(simulation, "30d", NOW).total == 0


def test_a_window_that_begins_in_a_day_of_removed_runs_says_that_it_is_approximate(simulation: Simulation) -> None:
    add(simulation, at(13, 1), "failed", 7)
    add(simulation, at(13, 20))
    add(simulation, at(16))
    aggregate()
    assert not aggregated(simulation, "7d", NOW).approximate
    Run.objects.filter(started_at__lt=at(14)).delete()
    told = aggregated(simulation, "7d", NOW)
    assert (told.total, told.failed, told.times.min_ms, told.approximate) == (3, 1, 7, True)


def test_a_trend_that_must_divide_a_day_of_removed_runs_is_approximate(simulation: Simulation) -> None:
    for minute in range(20):
        add(simulation, at(18, 12, minute), "failed" if minute < 10 else "completed")
    aggregate()
    assert (aggregated(simulation, "7d", NOW).trend, aggregated(simulation, "7d", NOW).approximate) == (
        "improving",
        False,
    )
    Run.objects.all().delete()
    told = aggregated(simulation, "7d", NOW)
    assert (told.trend, told.approximate) == ("stable", True)


def test_a_run_that_somebody_deleted_leaves_its_day_the_next_night(simulation: Simulation) -> None:
    run = add(simulation, at(19))
    add(simulation, at(19))
    aggregate("--date", "2026-11-19")
    Run.objects.filter(pk=run.pk).update(deleted_at=NOW)
    aggregate("--date", "2026-11-19")
    assert kept() == [("19", simulation.pk, 1)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--date", "19.11.2026"], "is no day: write one such as 2026-11-20"),
        (["--date", "2026-11-20"], "is not over yet"),
        (["--date", "2026-11-19", "--since", "2026-11-18"], "not both"),
        (["--date", "2026-11-19", "--simulation", "nothing"], "there is no simulation 'nothing'"),
    ],
)
def test_what_makes_no_sense_is_refused(db: None, options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        aggregate(*options)


def test_tokens_and_cost_of_a_day_are_kept(simulation: Simulation, other: Simulation) -> None:
    more: list[dict[str, Any]] = [{"total_tokens": 5, "total_cost_usd": "0.10"}, {"total_tokens": 7}, {}]
    for one in more:
        add(simulation, at(19), **one)
    add(other, at(19))
    aggregate()
    rows = list(DailyPerformance.objects.order_by("simulation").values_list("total_tokens", "total_cost_usd"))
    assert [(tokens, cost and float(cost)) for tokens, cost in rows] == [(12, 0.1), (None, None)]
    assert SystemDay.objects.get().total_tokens == 12
