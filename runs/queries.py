"""Reads. Every list of runs that a person sees begins with `visible_runs`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from runs.models import Decision, Frame, Problem, Run, RunQuerySet, Simulation, Turn
from runs.states import PLAYING, Status, Trigger
from simweb.access.doors import Caller
from simweb.engine import SEVERITIES, Scenario, registry

HISTORY = 20


def visible_runs(caller: Caller, *, deleted: bool = False) -> RunQuerySet:
    """The one door to runs: whoever is signed in sees all of the lab's; the deleted only when asked for too."""
    found = Run.objects.select_related("simulation", "created_by")
    return found if deleted else found.filter(deleted_at=None)


def visible_simulations(caller: Caller, *, archived: bool = False) -> QuerySet[Simulation]:
    """The one door to simulations: whoever is signed in sees all of the lab's."""
    return Simulation.objects.all() if archived else Simulation.objects.filter(is_archived=False)


def history(simulation: Simulation) -> RunQuerySet:
    """The newest runs of a simulation."""
    return _newest(Run.objects.briefly().select_related("simulation"), simulation)


def history_rows(simulation: Simulation) -> list[Run]:
    """The same, with what a row of a page shows."""
    return list(_newest(Run.objects.all().rows(), simulation))


def _newest(runs: RunQuerySet, simulation: Simulation) -> RunQuerySet:
    return runs.filter(deleted_at=None, simulation=simulation).order_by("-created_at", "-id")[:HISTORY]


def dashboard(simulations: Iterable[Simulation]) -> list[tuple[Simulation, Run | None]]:
    """Each simulation with its newest run: two queries, however many there are."""
    rows = list(simulations)
    newest = (
        Run.objects.filter(deleted_at=None, simulation=OuterRef("pk")).order_by("-created_at", "-id").values("pk")[:1]
    )
    last = dict(Simulation.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", Subquery(newest)))
    runs = Run.objects.briefly().in_bulk([run_id for run_id in last.values() if run_id is not None])
    return [(row, runs.get(last[row.pk])) for row in rows]


def counts(now: datetime) -> dict[str, Any]:
    """The figures above the dashboard, each from an index or a handful of rows."""
    live = Run.objects.filter(deleted_at=None)
    decided = Simulation.objects.aggregate(good=Sum("completed_runs"), bad=Sum("failed_runs"))
    good, total = decided["good"] or 0, (decided["good"] or 0) + (decided["bad"] or 0)
    return {
        "running": live.filter(status__in=sorted(PLAYING)).count(),
        "queued": live.filter(status=Status.QUEUED).count(),
        "day": live.filter(created_at__gte=now - timedelta(days=1)).count(),
        "success_rate": round(100 * good / total, 1) if total else None,
    }


def next_queued(without: Collection[int] = ()) -> int | None:
    """The run to play next: highest priority, then oldest."""
    return next(iter(next_queued_ids(1, without)), None)


def next_queued_ids(most: int, without: Collection[int] = ()) -> list[int]:
    """The runs to play next, in their order."""
    ripe = Q(not_before=None) | Q(not_before__lte=now())
    waiting = Run.objects.filter(ripe, status=Status.QUEUED, deleted_at=None).exclude(pk__in=without)
    if full := full_simulations():
        waiting = waiting.exclude(simulation__in=full)
    return list(waiting.order_by("-priority", "id").values_list("pk", flat=True)[:most])


def full_simulations() -> list[int]:
    """Simulations that play as many runs at once as they may. Asked often: it counts what is played, not all runs."""
    playing = Counter(playing_runs().values_list("simulation_id", flat=True))
    limited = Simulation.objects.filter(pk__in=playing, max_parallel__isnull=False) if playing else []
    return [simulation.pk for simulation in limited if playing[simulation.pk] >= (simulation.max_parallel or 0)]


def playing_runs() -> RunQuerySet:
    """What is being played, in no order: the index of statuses answers."""
    return Run.objects.filter(status__in=sorted(PLAYING), deleted_at=None).order_by()


def has_room(run_id: int) -> bool:
    """Whether the run's simulation may play one more. Locks a limited simulation until the transaction ends."""
    limited = Simulation.objects.select_for_update(of=("self",)).filter(runs=run_id, max_parallel__isnull=False)
    simulation = limited.order_by().first()
    if simulation is None or simulation.max_parallel is None:
        return True
    return playing_runs().filter(simulation=simulation).count() < simulation.max_parallel


def silent(seconds: float) -> list[tuple[int, UUID]]:
    """(id, lease) of runs whose player has not been heard of for so long, by the database's clock."""
    quiet = playing_runs().filter(heartbeat_at__lt=Now() - timedelta(seconds=seconds))
    return [(pk, lease) for pk, lease in quiet.values_list("pk", "lease") if lease is not None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of a queued run: its place, 1 being next, and why it is not played yet, for the person who waits."""

    position: int
    reason: str


def waiting(run: Run) -> Waiting | None:
    """What a run waits for; None unless it is queued."""
    return Waiting(queue_position(run), _why_waiting(run)) if run.status == Status.QUEUED else None


def _why_waiting(run: Run) -> str:
    if run.not_before is not None and run.not_before > now():
        return f"waits until {run.not_before:%H:%M:%S} UTC before it is tried again"
    limit = run.simulation.max_parallel
    if limit is not None and run.simulation_id in full_simulations():
        return f"this simulation plays {limit} run{'s' if limit > 1 else ''} at a time"
    return "waiting for a free worker"


def played_by(player: str) -> list[tuple[int, UUID]]:
    """(id, lease) of the runs that a server or worker is playing, as far as the table knows."""
    theirs = playing_runs().filter(player=player)
    return [(pk, lease) for pk, lease in theirs.values_list("pk", "lease") if lease is not None]


def changed_since(moment: datetime) -> list[tuple[int, int, str]]:
    """(id, version, state) of runs that changed since: what other processes did without a word to this one."""
    changed = Run.objects.filter(changed_at__gte=moment).values_list("pk", "version", "status", "deleted_at")
    return [(pk, version, status if gone is None else "deleted") for pk, version, status, gone in changed]


def queue_position(run: Run) -> int:
    """1 for the run that is played next."""
    earlier = Q(priority__gt=run.priority) | Q(priority=run.priority, pk__lt=run.pk)
    return 1 + Run.objects.filter(earlier, status=Status.QUEUED, deleted_at=None).count()


def turns_after(run: Run, after: int, limit: int) -> list[Turn]:
    """The turns that follow number `after`, in order."""
    return list(Turn.objects.filter(run=run, number__gt=after).order_by("number")[:limit])


def numbered_turns(run: Run, after: int, limit: int) -> list[tuple[int, Turn]]:
    """The turns that follow number `after`, each with its number."""
    return [(turn.number, turn) for turn in turns_after(run, after, limit)]


def now() -> datetime:
    """The server's clock, which the pages tick by."""
    return timezone.now()


def filtered(
    runs: RunQuerySet, *, status: str | None = None, trigger: str | None = None, since: str | None = None
) -> RunQuerySet:
    """The runs of a status, of a trigger, created within the last days ("7d")."""
    if status is not None:
        runs = runs.filter(status=status)
    if trigger is not None:
        runs = runs.filter(trigger=trigger)
    if since is not None:
        runs = runs.filter(created_at__gte=now() - timedelta(days=int(since.removesuffix("d"))))
    return runs


def turns_before(run: Run, before: int | None, limit: int) -> list[Turn]:
    """The newest turns, or those before number `before`, newest first."""
    turns = Turn.objects.filter(run=run) if before is None else Turn.objects.filter(run=run, number__lt=before)
    return list(turns.order_by("-number")[:limit])


def decisions_after(run: Run, after: int, limit: int, *, outcome: str | None = None, agent: str = "") -> list[Decision]:
    """Kept decisions with a number greater than `after`, in order."""
    found = Decision.objects.filter(run=run, number__gt=after)
    if outcome is not None:
        found = found.filter(outcome=outcome)
    if agent:
        found = found.filter(agent=agent)
    return list(found.order_by("number")[:limit])


def shows_world(run: Run) -> bool:
    """Whether there is, or may yet come, a picture of the run's world."""
    if run.is_terminal:
        return Frame.objects.filter(run=run).exists()
    try:
        return registry.load(run.scenario).view is not Scenario.view
    except (registry.UnknownScenario, registry.BrokenScenario):
        return False


def frames_after(run: Run, after: int, limit: int) -> list[Frame]:
    """Kept views of turns with a number greater than `after`, in order."""
    return list(Frame.objects.filter(run=run, turn__gt=after).order_by("turn")[:limit])


def problems_worst_first(run: Run, severity: str | None = None) -> QuerySet[Problem]:
    """Kept problems: critical ones first, then in the order in which they came."""
    found = Problem.objects.filter(run=run)
    if severity is not None:
        found = found.filter(severity=severity)
    ranks = [When(severity=name, then=Value(rank)) for rank, name in enumerate(SEVERITIES)]
    return found.order_by(Case(*ranks, default=Value(len(ranks))), "id")


@dataclass(frozen=True, slots=True)
class TitledParam:
    """A parameter as a page shows it."""

    title: str
    value: Any
    help: str


def titled_params(owner: Run | Simulation) -> list[TitledParam]:
    """Its parameters with the titles their scenario gives them; by their names when its code is gone."""
    try:
        fields = registry.load(owner.scenario).Params.model_fields
    except (registry.UnknownScenario, registry.BrokenScenario):
        fields = {}
    named = [name for name in fields if name in owner.params]  # in their author's order: PostgreSQL keeps none
    titled = [TitledParam(fields[n].title or n, owner.params[n], fields[n].description or "") for n in named]
    return titled + [TitledParam(name, value, "") for name, value in owner.params.items() if name not in fields]


def titles_of_params(run: Run) -> dict[str, str]:
    """The titles of its parameters by name, in their author's order."""
    try:
        fields = registry.load(run.scenario).Params.model_fields
    except (registry.UnknownScenario, registry.BrokenScenario):
        fields = {}
    ordered = [*(name for name in fields if name in run.params), *(name for name in run.params if name not in fields)]
    return {name: (fields[name].title if name in fields else None) or name for name in ordered}


def last_run_of(person: User, simulation: Simulation) -> Run | None:
    """What this person ran last with it by hand: the next form begins with it."""
    theirs = Run.objects.filter(simulation=simulation, deleted_at=None, created_by=person, trigger=Trigger.MANUAL)
    return theirs.order_by("-created_at", "-id").first()
