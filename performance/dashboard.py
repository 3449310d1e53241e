"""The system at a glance: what runs, what waits, who does well, what fails and since when, what is slow."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from metrics.statistics import nearest_ranks
from performance.figures import Figures
from performance.queries import COUNTED, DECIDED, counted, ended, performance
from performance.trends import Point, points
from performance.windows import DAY, Span, TimeRange, window
from runs import queries
from runs.models import Run, Simulation
from runs.presence import processes
from runs.states import PLAYING, Status

SHOWN = 5
LEAST_RUNS = 5
WARNING, CRITICAL = 10, 30  # per cent of runs that failed
RECENT_STARTS = 1_000
SPANS: dict[str, TimeRange] = {"24h": "1d", "7d": "7d", "30d": "30d"}
Severity = Literal["warning", "critical"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A simulation's runs of seven days: how many, how well, how long (ms)."""

    simulation: str
    name: str
    total: int
    failed: int
    success_rate: float
    error_rate: float
    p50_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True, slots=True)
class Issue:
    """A simulation that fails often: its commonest error, and since when nothing of it completed (None: something did)."""

    standing: Standing
    severity: Severity
    error: str
    last_failure: datetime
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Slow:
    """A simulation whose runs take long, beside the 95th percentile of the seven days before."""

    standing: Standing
    p95_before_ms: int | None

    @property
    def change(self) -> str:
        """How many times as long as before, such as `×1.8`; nothing where it cannot be said."""
        now = self.standing.p95_ms
        return f"×{now / self.p95_before_ms:.2g}" if now and self.p95_before_ms else ""

    @property
    def is_slower(self) -> bool:
        """By more than half."""
        return bool(self.p95_before_ms) and 2 * (self.standing.p95_ms or 0) > 3 * (self.p95_before_ms or 0)


@dataclass(frozen=True, slots=True)
class Queue:
    """Runs that wait, those that are played, how long (s) the first in line has waited, and how long others did lately."""

    depth: int
    running: int
    stuck: int
    oldest_wait_s: float | None
    p50_wait_s: float | None
    p95_wait_s: float | None

    @property
    def oldest_wait_ms(self) -> float | None:
        return None if self.oldest_wait_s is None else 1000 * self.oldest_wait_s

    @property
    def p95_wait_ms(self) -> float | None:
        return None if self.p95_wait_s is None else 1000 * self.p95_wait_s


@dataclass(frozen=True, slots=True)
class Workers:
    """Runs that are played, out of how many could be at once, and the server processes that are up."""

    busy: int
    slots: int
    processes: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything on the page of performance, at one moment."""

    time_range: TimeRange
    at: datetime
    simulations: int
    executions: dict[str, int]
    average_success_rate: float
    top_performing: list[Standing]
    with_issues: list[Issue]
    slowest: list[Slow]
    execution_trend: list[Point]
    queue: Queue
    workers: Workers


def dashboard(time_range: TimeRange) -> Dashboard:
    """The system as it is now; counts of completed and failed runs; rankings are of the last seven days."""
    now = timezone.now()
    week = window("7d", now)
    standings = _standings(week)
    totals = {name: performance(None, days, "aggregated") for name, days in SPANS.items()}
    return Dashboard(
        time_range=time_range,
        at=now,
        simulations=Simulation.objects.filter(is_archived=False).count(),
        executions={name: total.total for name, total in totals.items()},
        average_success_rate=totals["7d"].success_rate,
        top_performing=_top(standings),
        with_issues=_issues(standings, week),
        slowest=_slowest(standings, week),
        execution_trend=points(None, time_range, now),
        queue=(queue := _queue(now)),
        workers=_workers(queue),
    )


Ranked = dict[int, tuple[Standing, Figures]]


def _standings(span: Span, among: list[int] | None = None) -> Ranked:
    """Simulations that are not archived and had runs that ended."""
    runs = ended(None, span) if among is None else ended(None, span).filter(simulation__in=among)
    rows = runs.filter(status__in=DECIDED).values("simulation", "status")
    found: dict[int, dict[str, tuple[int, str]]] = defaultdict(dict)
    for pk, status, n, text in rows.annotate(**COUNTED).values_list("simulation", "status", *COUNTED):
        found[pk][status] = (n, text)
    named = Simulation.objects.filter(is_archived=False, pk__in=found).order_by("pk").values_list("pk", "slug", "name")
    return {pk: _standing(slug, name, counted(found[pk])) for pk, slug, name in named}


def _standing(slug: str, name: str, figures: Figures) -> tuple[Standing, Figures]:
    times = figures.times
    told = (figures.total, figures.failed, figures.success_rate, figures.error_rate, times.p50_ms, times.p95_ms)
    return Standing(slug, name, *told), figures


def _top(standings: Ranked) -> list[Standing]:
    """Of those with five runs or more: success first, then many runs, then short ones."""

    def order(item: tuple[int, tuple[Standing, Figures]]) -> tuple[Any, ...]:
        pk, (standing, figures) = item
        return -Fraction(figures.successful, figures.total), -figures.total, standing.p95_ms or 0, pk

    often = [item for item in standings.items() if item[1][1].total >= LEAST_RUNS]
    return [standing for _, (standing, _) in sorted(often, key=order)[:SHOWN]]


def _issues(standings: Ranked, span: Span) -> list[Issue]:
    """Of those with five runs or more: of which more than a tenth failed, the worst first."""
    failing = {
        pk: (standing, figures)
        for pk, (standing, figures) in standings.items()
        if figures.total >= LEAST_RUNS and 100 * figures.failed > WARNING * figures.total
    }
    if not failing:
        return []
    failed = ended(None, span).filter(simulation__in=failing, status=Status.FAILED)
    errors: dict[int, dict[str, tuple[int, datetime]]] = defaultdict(dict)
    groups = failed.values("simulation", "error_group").annotate(n=Count("pk"), last=Max("started_at"))
    for pk, error, n, last in groups.values_list("simulation", "error_group", "n", "last"):
        errors[pk][error] = (n, last)
    since = _since(failed, span, list(errors))
    issues = [
        Issue(
            failing[pk][0],
            "critical" if 100 * failing[pk][1].failed > CRITICAL * failing[pk][1].total else "warning",
            min(met, key=lambda error: (-met[error][0], error)),
            max(last for _, last in met.values()),
            since.get(pk),
        )
        for pk, met in errors.items()
    ]
    return sorted(
        issues, key=lambda issue: (-issue.standing.error_rate, -issue.standing.failed, issue.standing.simulation)
    )


def _since(failed: Any, span: Span, pks: list[int]) -> dict[int, datetime]:
    """The first failure of each after which nothing completed."""
    good = ended(None, span).filter(simulation__in=pks, status=Status.COMPLETED).values("simulation")
    completed = dict(good.annotate(last=Max("started_at")).values_list("simulation", "last"))
    after = Q(pk__in=[])
    for pk in pks:
        after |= Q(simulation=pk, started_at__gt=completed[pk]) if pk in completed else Q(simulation=pk)
    rows = failed.filter(after).values("simulation").annotate(first=Min("started_at"))
    return dict(rows.values_list("simulation", "first"))


def _slowest(standings: Ranked, span: Span) -> list[Slow]:
    timed = [(pk, standing) for pk, (standing, _) in standings.items() if standing.p95_ms is not None]
    slow = sorted(timed, key=lambda item: (-(item[1].p95_ms or 0), item[0]))[:SHOWN]
    before = _standings(Span(span.start - 7 * DAY, span.start), [pk for pk, _ in slow])
    return [Slow(standing, before[pk][0].p95_ms if pk in before else None) for pk, standing in slow]


def _queue(now: datetime) -> Queue:
    live = Run.objects.filter(deleted_at=None)
    waiting = live.filter(Q(not_before=None) | Q(not_before__lte=now), status=Status.QUEUED)
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    unended = live.filter(status__in=[Status.QUEUED, *sorted(PLAYING)]).order_by().values("status")
    counts = dict(unended.annotate(n=Count("pk")).values_list("status", "n"))
    started = live.filter(started_at__gte=now - DAY).order_by("-started_at")[:RECENT_STARTS]
    waits = [
        (begun - max(asked, ripe or asked)).total_seconds()
        for asked, ripe, begun in started.values_list("created_at", "not_before", "started_at")
        if begun is not None
    ]
    return Queue(
        counts.get(Status.QUEUED, 0),
        counts.get(Status.RUNNING, 0),
        counts.get(Status.STUCK, 0),
        max(0.0, (queries.now() - oldest).total_seconds()) if oldest else None,
        *nearest_ranks(np.round(waits, 3), (50, 95)),
    )


def _workers(queue: Queue) -> Workers:
    up = processes().aggregate(slots=Sum("slots"), n=Count("pk"))
    return Workers(queue.running + queue.stuck, up["slots"] or 0, up["n"])
