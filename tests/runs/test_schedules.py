"""Schedules: next moments in time zones, fired once, missed ones run once or skipped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from runs import schedules, services
from runs.models import Run, Simulation
from runs.states import Overlap, Trigger
from tests.conftest import Api
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "following"),
    [
        ("0 6 * * *", "UTC", "2026-11-21T05:00", "2026-11-21T06:00"),
        ("@daily", "UTC", "2026-11-21T05:00", "2026-11-22T00:00"),
        ("@Daily", "Europe/Berlin", "2026-11-21T05:00", "2026-11-21T23:00"),
        ("@hourly", "UTC", "2026-11-21T05:10", "2026-11-21T06:00"),
        ("@weekly", "UTC", "2026-11-21T05:00", "2026-11-22T00:00"),
        ("@monthly", "UTC", "2026-11-21T05:00", "2026-12-01T00:00"),
        ("@yearly", "UTC", "2026-11-21T05:00", "2027-01-01T00:00"),
        ("0 6 * * *", "Europe/Berlin", "2026-11-21T05:30", "2026-11-22T05:00"),
        ("0 6 * * *", "Europe/Berlin", "2026-07-01T00:00", "2026-07-01T04:00"),
        ("*/15 * * * 1-5", "UTC", "2026-11-21T10:00", "2026-11-23T00:00"),
        # 02:30 does not exist in Berlin on the day the clocks go forward.
        ("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00", "2027-03-28T01:00"),
    ],
)
def test_the_next_moment_is_meant_in_the_time_zone(cron: str, zone: str, after: str, following: str) -> None:
    assert schedules.next_moment(cron, zone, moment(after)) == moment(following)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"cron": "every day"}, "cron"),
        ({"cron": "@reboot"}, "cron"),
        ({"cron": "0 0 6 * * *"}, "cron"),
        ({"cron": "0 6 * * * " + "*" * 141}, "cron"),
        ({"cron": "0 0 31 2 *"}, "cron"),
        ({"cron": "0 6 * * *", "timezone": "Mars/Olympus"}, "timezone"),
        ({"cron": "0 6 * * *", "timezone": "../etc"}, "timezone"),
    ],
)
def test_a_schedule_that_means_nothing_is_refused(api: Api, simulation: Simulation, wanted: Any, field: str) -> None:
    answer = api.patch("/simulations/a-toy", {"name": "Changed", "schedule": wanted})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["schedule", field]
    assert Simulation.objects.get().name == "A toy", "nothing of a refused request is kept"


def test_a_schedule_is_shown_with_its_next_moment_and_taken_away_by_a_blank(api: Api, simulation: Simulation) -> None:
    told = api.patch("/simulations/a-toy", {"schedule": {"cron": "0 6 * * *", "timezone": "Asia/Tokyo"}}).json()
    assert told["schedule"] == {
        "cron": "0 6 * * *",
        "timezone": "Asia/Tokyo",
        "paused": False,
        "missed": "once",
        "overlap": "start",
    }
    assert told["next_run_at"].endswith("T21:00:00.000Z")
    paused = api.patch("/simulations/a-toy", {"schedule": {**told["schedule"], "paused": True}}).json()
    assert paused["next_run_at"] is None
    gone = api.patch("/simulations/a-toy", {"schedule": {"cron": ""}}).json()
    assert (gone["schedule"], gone["next_run_at"]) == (None, None)


def due(simulation: Simulation, late: timedelta, **changes: Any) -> Simulation:
    """On a schedule of every hour whose last moment has not been fired."""
    schedules.set_schedule(simulation, cron="0 * * * *", **changes)
    Simulation.objects.filter(pk=simulation.pk).update(next_run_at=timezone.now() - late)
    return Simulation.objects.get(pk=simulation.pk)


def test_a_moment_that_has_come_queues_a_run_and_sets_the_next(simulation: Simulation) -> None:
    before = due(simulation, timedelta(seconds=1))
    assert schedules.fire_due() == 1
    assert schedules.fire_due() == 0
    assert Run.objects.get().trigger == "schedule"
    after = Simulation.objects.get()
    assert after.next_run_at is not None
    assert after.next_run_at > timezone.now()
    assert after.last_scheduled_at == before.next_run_at


def test_missed_moments_run_once(simulation: Simulation) -> None:
    due(simulation, timedelta(days=2))
    assert schedules.fire_due() == 1
    assert Run.objects.count() == 1


def test_missed_moments_are_skipped_when_asked(simulation: Simulation) -> None:
    due(simulation, timedelta(hours=2), missed="skip")
    assert schedules.fire_due() == 0
    assert not Run.objects.exists()
    assert Simulation.objects.get().next_run_at > timezone.now()  # type: ignore[operator]


def test_an_archived_simulation_does_not_run_by_itself(simulation: Simulation) -> None:
    due(simulation, timedelta(seconds=1))
    Simulation.objects.update(is_archived=True)
    assert schedules.fire_due() == 0


def test_a_simulation_that_cannot_run_holds_up_no_other(simulation: Simulation) -> None:
    broken = Simulation.objects.create(name="B", slug="b", scenario="toy", turns=1, params={"agents": 0})
    due(broken, timedelta(minutes=1))
    due(simulation, timedelta(seconds=1))
    assert schedules.fire_due() == 1


@pytest.mark.django_db(transaction=True)
def test_a_moment_fires_once_however_many_servers_look(simulation: Simulation) -> None:
    due(simulation, timedelta(seconds=1))
    assert sum(at_once(*[schedules.fire_due] * 6)) == 1
    assert Run.objects.count() == 1


def test_a_moment_is_skipped_while_the_scheduled_run_before_is_not_over(simulation: Simulation) -> None:
    schedules.set_schedule(simulation, cron="* * * * *", overlap=Overlap.SKIP)

    def moment_comes() -> int:
        Simulation.objects.update(next_run_at=timezone.now() - timedelta(seconds=1))
        return schedules.fire_due()

    assert moment_comes() == 1
    assert moment_comes() == 0
    simulation.refresh_from_db()
    assert simulation.schedule_skipped_at is not None
    services.cancel(Run.objects.get(), by=None)
    services.create_runs(simulation, trigger=Trigger.MANUAL)  # by hand: that is not the schedule's affair
    assert moment_comes() == 1
    schedules.set_schedule(simulation, cron="* * * * *", overlap=Overlap.START)
    assert moment_comes() == 1
