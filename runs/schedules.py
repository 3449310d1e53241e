"""Schedules: when a simulation runs by itself. Each moment fires once, however many servers look."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from django.db import transaction
from django.utils import timezone

from runs import services
from runs.models import Run, Simulation
from runs.specs import BadSpec, FieldError
from runs.states import TERMINAL, Missed, Overlap, Status, Trigger

logger = logging.getLogger(__name__)
# A moment that is taken up later than this was missed: no server was there.
LATE = timedelta(minutes=2)
LONGEST = 100
ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
SIX_FIELDS = "Has six fields: leave out the seconds, and write minute hour day month weekday."
NO_CRON = (
    "Is not a cron expression; write minute hour day month weekday, like 0 6 * * 1-5, or @daily, @hourly and the like."
)


def next_moment(expression: str, zone: str, after: datetime) -> datetime:
    """The first moment after `after` that the cron expression means in its time zone. Raises BadSpec."""
    try:
        local = after.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSpec(
            [FieldError(("schedule", "timezone"), "Is not a time zone; write one like Europe/Berlin.")]
        ) from None
    fields = ALIASES.get(expression.strip().lower(), expression).split()
    if len(expression) > LONGEST:
        raise BadSpec([FieldError(("schedule", "cron"), f"May have {LONGEST} characters at most.")])
    if len(fields) == 6:
        raise BadSpec([FieldError(("schedule", "cron"), SIX_FIELDS)])
    try:
        return next(CronSim(" ".join(fields), local)).astimezone(ZoneInfo("UTC"))
    except CronSimError:
        raise BadSpec([FieldError(("schedule", "cron"), NO_CRON)]) from None
    except StopIteration:
        raise BadSpec([FieldError(("schedule", "cron"), "Never comes.")]) from None


def set_schedule(
    simulation: Simulation,
    *,
    cron: str,
    zone: str = "UTC",
    paused: bool = False,
    missed: Missed = Missed.ONCE,
    overlap: Overlap = Overlap.START,
) -> None:
    """Put a simulation on a schedule, or, with a blank expression, take it off. Raises BadSpec."""
    moment = next_moment(cron, zone, timezone.now()) if cron else None
    Simulation.objects.filter(pk=simulation.pk).update(
        schedule=cron,
        schedule_timezone=zone,
        schedule_paused=paused,
        schedule_missed=missed,
        schedule_overlap=overlap,
        next_run_at=None if paused else moment,
    )
    simulation.refresh_from_db()


def fire_due() -> int:
    """Queue the runs whose moment has come; how many there were."""
    now = timezone.now()
    due = Simulation.objects.filter(next_run_at__lte=now, is_archived=False)
    return sum(_fire(simulation, now) for simulation in due.order_by("next_run_at")[:100])


@transaction.atomic
def _fire(simulation: Simulation, now: datetime) -> bool:
    moment = simulation.next_run_at
    assert moment is not None
    following = next_moment(simulation.schedule, simulation.schedule_timezone, now)
    mine = Simulation.objects.filter(pk=simulation.pk, next_run_at=moment)
    if not mine.update(next_run_at=following, last_scheduled_at=moment):
        return False  # another server was quicker
    if now - moment > LATE and simulation.schedule_missed == Missed.SKIP:
        logger.info("simulation %s: the moment %s was missed and is skipped", simulation.slug, moment)
        return False
    if simulation.schedule_overlap == Overlap.SKIP and _is_busy(simulation):
        Simulation.objects.filter(pk=simulation.pk).update(schedule_skipped_at=moment)
        logger.info("simulation %s: the moment %s is skipped, the run before is not over", simulation.slug, moment)
        return False
    try:
        services.create_runs(simulation, trigger=Trigger.SCHEDULE, by=simulation.created_by)
    except BadSpec as error:
        logger.warning("simulation %s cannot run on schedule: %s", simulation.slug, error)
        return False
    return True


def _is_busy(simulation: Simulation) -> bool:
    """A run that the schedule has started waits or is being played, retries included."""
    open_states = sorted(set(Status) - TERMINAL)
    started = Run.objects.filter(simulation=simulation, trigger=Trigger.SCHEDULE, status__in=open_states)
    return started.filter(deleted_at=None).exists()
