"""Reads: which experiments there are, where each stands, what its iterations found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from experiments.models import Experiment
from runs.models import JournalEntry, Run
from runs.states import PLAYING, Status, Trigger
from simweb.access.doors import Caller
from simweb.scenarios.optimization.records import IterationRecord

LONGEST_SEARCH = 200
RUNNING = frozenset({Status.QUEUED, *PLAYING})


class Spent(NamedTuple):
    """None is not known: nothing has ended, no model was asked, or nobody knows its price."""

    seconds: float | None
    tokens: int | None
    cost_usd: float | None


class Standing(NamedTuple):
    """An experiment with the run that counts, its latest attempt, None when it was removed; and what all attempts took."""

    experiment: Experiment
    run: Run | None
    spent: Spent

    @property
    def status(self) -> str:
        """`running` from the queue on, else how the run ended."""
        if self.run is None:
            return str(Status.CANCELLED)
        return "running" if self.run.state in RUNNING else self.run.status

    @property
    def result(self) -> dict[str, Any] | None:
        """What came of it, once its run is completed."""
        return self.run.output_data if self.run else None


def visible(caller: Caller, *, deleted: bool = False) -> QuerySet[Experiment]:
    """The one door to experiments: whoever is signed in sees all of the lab's; the deleted only when asked for too."""
    found = Experiment.objects.select_related("simulation", "created_by")
    return found if deleted else found.filter(deleted_at=None)


def matching(experiments: QuerySet[Experiment], text: str) -> QuerySet[Experiment]:
    """Those whose number, name or proposer the text is, or stands in."""
    text = text.strip()[:LONGEST_SEARCH]
    if not text:
        return experiments
    number = number_in(text.removeprefix("#"))
    by_number = Q() if number is None else Q(pk=number)
    return experiments.filter(by_number | Q(name__icontains=text) | Q(proposer=text))


def number_in(text: str) -> int | None:
    """The number of an experiment that somebody wrote; None for what can be none."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def run_of(experiment: Experiment) -> Run | None:
    """Its run: of several attempts the last; replays that verify it do not count."""
    return _attempts([experiment]).first()


def standings(experiments: Iterable[Experiment]) -> list[Standing]:
    """Each with its run, in two queries."""
    listed = list(experiments)
    attempts: dict[int, list[Run]] = {}
    for run in _attempts(listed):
        attempts.setdefault(run.simulation_id, []).append(run)
    return [_standing(experiment, attempts.get(experiment.simulation_id, [])) for experiment in listed]


def iterations(run: Run | None) -> list[IterationRecord]:
    """The iterations of a run so far, as its journal has them; of one that failed, the last came to no end."""
    if run is None:
        return []
    kept = JournalEntry.objects.filter(run=run, kind__in=("checkpoint", "unfinished")).order_by("id")
    return [IterationRecord.from_json(data) for data in kept.values_list("data", flat=True)]


def iterations_after(run: Run | None, after: int, limit: int) -> list[tuple[int, IterationRecord]]:
    """Those that follow a place in the journal, in order, each with its own."""
    if run is None:
        return []
    kept = JournalEntry.objects.filter(run=run, kind__in=("checkpoint", "unfinished"), pk__gt=after).order_by("id")
    return [(pk, IterationRecord.from_json(data)) for pk, data in kept.values_list("pk", "data")[:limit]]


def counts(run: Run | None) -> Mapping[str, int]:
    """How many runs there are in each state; an optimisation wants one."""
    states = ("queued", "running", "completed", "failed", "cancelled")
    found = dict.fromkeys(states, 0)
    if run is not None:
        found["running" if run.state in PLAYING else run.status] += 1
    return {"wanted": 1, **found}


def _standing(experiment: Experiment, attempts: Sequence[Run]) -> Standing:
    seconds = [run.duration_ms / 1000 for run in attempts if run.duration_ms is not None]
    tokens = [run.total_tokens for run in attempts if run.total_tokens is not None]
    costs = [run.total_cost_usd for run in attempts if run.total_cost_usd is not None]
    spent = Spent(
        round(sum(seconds), 3) if seconds else None,
        sum(tokens) if tokens else None,
        float(sum(costs)) if costs else None,
    )
    return Standing(experiment, attempts[0] if attempts else None, spent)


def _attempts(experiments: Iterable[Experiment]) -> QuerySet[Run]:
    simulations = [experiment.simulation_id for experiment in experiments]
    runs = Run.objects.filter(simulation__in=simulations).exclude(trigger=Trigger.VERIFY)
    return runs.select_related("simulation", "created_by").defer("log", "error_traceback").order_by("-id")
