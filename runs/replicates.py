"""Replicates: runs that differ in nothing but their seeds. Lists of runs and comparisons group by this one rule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F

from runs.models import Run, RunQuerySet
from runs.states import Status, Trigger


@dataclass(frozen=True)
class Replicates:
    """Runs of the same simulation, scenario, version, parameters, turns and files, in the order in which they came."""

    runs: list[Run]

    @property
    def first(self) -> Run:
        return self.runs[0]

    @cached_property
    def counted(self) -> list[Run]:
        """What statistics are of: completed runs, one of each seed. A seed played twice is no second replicate."""
        completed = [run for run in self.runs if run.status == Status.COMPLETED]
        completed.sort(key=lambda run: run.trigger == Trigger.VERIFY)  # a replay stands behind what it repeats
        chosen = {run.seed: run for run in reversed(completed)}
        return [run for run in self.runs if run is chosen.get(run.seed)]

    @property
    def apart(self) -> list[tuple[Run, str]]:
        """The other runs, and why they are not counted."""
        stands = {run.seed: run for run in self.counted}
        return [(run, _why(run, stands.get(run.seed))) for run in self.runs if run not in self.counted]


def groups(runs: Iterable[Run]) -> list[Replicates]:
    """The runs, as `readable` reads them, in groups of replicates; each group stands where its first run stood."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(_all_but_the_seed(run), []).append(run)
    return [Replicates(members) for members in found.values()]


def readable(runs: RunQuerySet) -> RunQuerySet:
    """The runs with the digests of their files as `files`: all that is read of their environments."""
    return runs.defer("environment").annotate(files=F("environment__files"))


def files_of(run: Run) -> dict[str, str]:
    """SHA-256 of each file that the run was played with, by name. Of a run that `readable` read."""
    return getattr(run, "files", None) or {}


def _all_but_the_seed(run: Run) -> str:
    spec = [run.simulation_id, run.scenario, run.scenario_version, run.params, run.turns, files_of(run)]
    return json.dumps(spec, sort_keys=True)


def _why(run: Run, other: Run | None) -> str:
    if run.status == Status.COMPLETED:
        return f"the same seed as run {other.pk}" if other else ""
    status = run.get_status_display().lower()
    return f"{status}; run {other.pk} has its seed and completed" if other else status
