"""`manage.py aggregate_performance`: keep the figures of days now, rather than when the night's work comes to them."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from performance.models import ChangedDay
from performance.rollup import due, make_again, roll_up_day
from performance.windows import DAY
from runs.models import Simulation


class Command(BaseCommand):
    help = "Keep each UTC day's figures of the simulations' runs. Without options: of all days that are due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", metavar="2026-11-20", help="this day only")
        parser.add_argument("--since", metavar="2026-11-01", help="from this day to yesterday")
        parser.add_argument("--simulation", metavar="SLUG", help="this simulation only; the day as a whole follows")

    def handle(self, *, date: str | None, since: str | None, simulation: str | None, **options: Any) -> None:
        days = _days(date, since)
        only = None
        if simulation is not None:
            only = Simulation.objects.filter(slug=simulation).values_list("pk", flat=True).first()
            if only is None:
                raise CommandError(f"there is no simulation {simulation!r}")
        failed = 0
        for changed in ChangedDay.objects.select_related("simulation") if (date or since) is None else []:
            make_again(changed)
            self.stdout.write(f"{changed.metric_date}: {changed.simulation.slug} again, a run of it has changed")
        for day in days:
            rolled = roll_up_day(day, only)
            failed += len(rolled.failed)
            names = Simulation.objects.filter(pk__in=rolled.failed).order_by("slug").values_list("slug", flat=True)
            wrong = f"; failed: {', '.join(names)}" if rolled.failed else ""
            self.stdout.write(f"{day}: {rolled.simulations} simulation{'' if rolled.simulations == 1 else 's'}{wrong}")
        self.stdout.write(f"{len(days)} day{'' if len(days) == 1 else 's'} done." if days else "No day is due.")
        if failed:
            raise CommandError(
                f"{failed} could not be done; the log says why. Their days are read from the runs meanwhile."
            )


def _days(one: str | None, since: str | None) -> list[date]:
    now = timezone.now()
    if one is not None and since is not None:
        raise CommandError("write --date or --since, not both")
    if one is not None:
        return [_read(one)]
    if since is None:
        return due(now)
    first = _read(since)
    return [first + number * DAY for number in range((now.date() - first).days)]


def _read(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no day: write one such as 2026-11-20") from None
    if found >= timezone.now().date():
        raise CommandError(f"{text} is not over yet (UTC): its figures are read from the runs")
    return found
