"""Runs beside each other: replicates as groups, one metric over the turns, what differs, and by how much."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.statistics import Band, Effect, Sample, band, effect, sample
from runs import queries, replicates, series
from runs.models import Run
from runs.replicates import Replicates, files_of
from runs.series import Measured
from runs.specs import BadSpec, FieldError
from runs.states import Status
from runs.templatetags.show import in_a_line
from runs.verification import first_difference
from simweb.access.doors import Caller
from simweb.engine import Metric, catalogue, registry

MOST_RUNS = 200
MOST_TURNS = 2_000_000
CAPTIONED = 3
NAME_MARK = "/"  # "turn.actions.counts_by_type/like" is one name of a mapping


@dataclass(frozen=True)
class Group(Replicates):
    """Replicates under a label. Statistics are of `counted`; the others are shown apart."""

    label: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A parameter that is not the same in all groups, with its value in each."""

    name: str
    title: str
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """A line of the metric table: the sample of each group, and its effect against the first."""

    metric: str
    title: str
    how: str  # "run", "last turn" or "mean of turns"
    samples: list[Sample]
    effects: list[Effect]

    @property
    def cells(self) -> list[tuple[Sample, Effect]]:
        return list(zip(self.samples, self.effects, strict=True))


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where two runs first part; turn and metric are None as `first_difference` has them; `same` if they never do."""

    turn: int | None
    metric: str | None

    @property
    def same(self) -> bool:
        return self.turn is None and self.metric is None


@dataclass
class Comparison:
    """Runs in their groups and one metric of theirs; what is not asked for is not read.

    `carry`: a run that was finished before its last turn counts with its last value in the turns it did not need.
    """

    runs: list[Run]
    metric: str
    carry: bool
    groups: list[Group] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    last: dict[int, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def measured(self) -> dict[int, Measured]:
        """The chosen metric by run."""
        if not self.metric:
            return {}
        key, mark, name = self.metric.partition(NAME_MARK)
        found = series.measured_by([run.pk for run in self.runs], key)
        return {pk: one.of_name(name) for pk, one in found.items()} if mark else found

    @cached_property
    def turns(self) -> NDArray[np.int64]:
        """Every turn that any of the runs has, in order."""
        return np.unique(np.concatenate([np.zeros(0, np.int64), *(one.turns for one in self.measured.values())]))

    def numbers(self, run: Run) -> NDArray[np.float64]:
        """The run's values at `turns`; NaN where it has none."""
        numbers = np.full(len(self.turns), np.nan)
        if found := self.measured.get(run.pk):
            numbers[np.searchsorted(self.turns, found.turns)] = found.line()
        return numbers

    @cached_property
    def bands(self) -> list[Band]:
        """Each group's mean and 95 % interval at `turns`, and of how many runs they are."""
        rows = [[self._carried(run) if self.carry else self.numbers(run) for run in one.counted] for one in self.groups]
        return [band(np.array(row, dtype=float).reshape(len(row), len(self.turns))) for row in rows]

    def _carried(self, run: Run) -> NDArray[np.float64]:
        numbers = self.numbers(run)
        if run in self.finished_early and (found := self.measured.get(run.pk)):
            numbers[(self.turns > found.turns[-1]) & (self.turns <= run.turns)] = found.line()[-1]
        return numbers

    @cached_property
    def finished_early(self) -> list[Run]:
        """Those counted that completed before the last turn they were given."""
        return [run for group in self.groups for run in group.counted if run.turns_done < run.turns]

    @cached_property
    def left_out(self) -> list[str]:
        """The measurements that are tables: they are not compared."""
        rows = [*self.last.values(), *(run.run_metrics or {} for run in self.runs)]
        return sorted({key for values in rows for key, value in values.items() if isinstance(value, list)})

    @cached_property
    def differences(self) -> list[Difference]:
        """The parameters that differ, and what else sets the groups apart."""
        firsts = [group.first for group in self.groups]
        rows = [
            Difference("simulation", "Simulation", [run.simulation.name for run in firsts]),
            Difference("scenario", "Scenario", [f"{run.scenario} {run.scenario_version}" for run in firsts]),
            Difference("turns", "Turns", [run.turns for run in firsts]),
        ]
        files = {name: [files_of(run).get(name) for run in firsts] for run in firsts for name in files_of(run)}
        rows += [Difference(name, f"File {name}", values) for name, values in files.items()]
        titles = {name: title for run in firsts for name, title in queries.titles_of_params(run).items()}
        rows += [Difference(name, title, [run.params.get(name) for run in firsts]) for name, title in titles.items()]
        return [row for row in rows if len({json.dumps(value, sort_keys=True) for value in row.values}) > 1]

    @cached_property
    def captions(self) -> list[str]:
        """What sets each group apart, in a few words, and how many of its runs completed."""
        told = []
        for place, group in enumerate(self.groups):
            parts = [
                f"{row.title} {in_a_line(row.values[place])}" for row in self.differences if row.name != "simulation"
            ]
            good = sum(run.state is Status.COMPLETED for run in group.runs)
            some = [*parts[:CAPTIONED], *(["…"] if len(parts) > CAPTIONED else [])]
            told.append(" · ".join([*some, f"{good} of {len(group.runs)} completed"]))
        return told

    @cached_property
    def table(self) -> list[Measurement]:
        """Run metrics, then last value and mean of turn metrics; every number that any of the runs has."""
        titles = {key: metric.title for key, metric in known_metrics(self.runs).items()}
        whole = {run.pk: flat(run.run_metrics or {}) for run in self.runs}
        last = {pk: flat(values) for pk, values in self.last.items()}
        keys = sorted({key for values in self.last.values() for key, value in values.items() if is_number(value)})
        means = series.means_by([run.pk for run in self.runs], keys) if keys else {}
        mean = {pk: dict(zip(keys, values, strict=True)) for pk, values in means.items()}
        rows: list[Measurement] = []
        for how, values in (("run", whole), ("last turn", last), ("mean of turns", mean)):
            for key in sorted({key for found in values.values() for key in found}):
                rows.append(self._measurement(key, titled(key, titles), how, values))
        return sorted(rows, key=lambda row: (row.how != "run", row.metric, row.how))

    def _measurement(self, key: str, title: str, how: str, values: dict[int, dict[str, Any]]) -> Measurement:
        samples = [
            sample(np.array([values.get(run.pk, {}).get(key) for run in group.counted], dtype=float))
            for group in self.groups
        ]
        return Measurement(key, title, how, samples, [effect(samples[0], other) for other in samples])

    @cached_property
    def divergence(self) -> Divergence | None:
        """Where they part, when they are two."""
        if len(self.runs) != 2:
            return None
        one, other = self.runs
        if one.fingerprint and one.fingerprint == other.fingerprint:
            return Divergence(None, None)
        return Divergence(*first_difference(one.pk, other.pk))


def compare(runs: Sequence[Run], metric: str = "", *, carry: bool = True) -> Comparison:
    """The runs beside each other. Raises BadSpec for a metric that none of them measured, and for too much to read."""
    if sum(run.turns_done for run in runs) > MOST_TURNS:
        raise BadSpec([FieldError(("runs",), f"They have more than {MOST_TURNS:,} turns together: compare fewer.")])
    last = series.last_by([run.pk for run in runs])
    options = _options(runs, last)
    if metric and metric not in options:
        raise BadSpec([FieldError(("metric",), f"None of these runs measured {metric} turn by turn.")])
    headlines = [run.simulation.headline_metric for run in runs if run.simulation.headline_metric in options]
    chosen = metric or next(iter([*headlines, *options]), "")
    return Comparison(list(runs), chosen, carry, _groups(runs), options, last)


def find_runs(caller: Caller, ids: Iterable[int]) -> tuple[list[Run], list[int]]:
    """The runs in the order asked for, and the numbers of which there is none."""
    wanted = list(dict.fromkeys(ids))
    known = [pk for pk in wanted if pk < 2**63]
    visible = queries.visible_runs(caller).defer("log", "error_traceback", "narrative")
    found = replicates.readable(visible).in_bulk(known)
    return [found[pk] for pk in wanted if pk in found], [pk for pk in wanted if pk not in found]


def read_ids(texts: Iterable[str]) -> tuple[list[int], list[str]]:
    """Numbers of runs as people write them, and what is no number."""
    words = [word for text in texts for word in re.split(r"[\s,;]+", text) if word]
    good = [word for word in words if word.isascii() and word.isdigit()]
    return [int(word) for word in good], [word for word in words if word not in good]


def known_metrics(runs: Iterable[Run]) -> dict[str, Metric]:
    """The metrics of the runs' scenarios, as far as their code is still there."""
    known: dict[str, Metric] = {}
    for key in dict.fromkeys(run.scenario for run in runs):
        try:
            known.update(catalogue(registry.load(key)))
        except (registry.UnknownScenario, registry.BrokenScenario):
            continue
    return known


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def flat(values: dict[str, Any]) -> dict[str, float]:
    """The numbers among measurements; a mapping's under "key/name"."""
    found = {key: value for key, value in values.items() if is_number(value)}
    for key, value in values.items():
        if isinstance(value, dict):
            found.update({f"{key}{NAME_MARK}{name}": item for name, item in value.items() if is_number(item)})
    return found


def titled(key: str, titles: dict[str, str]) -> str:
    """The title of a metric, or of one name of a mapping."""
    metric, mark, name = key.partition(NAME_MARK)
    return f"{titles.get(metric, metric)}: {name}" if mark else titles.get(metric, metric)


def _options(runs: Sequence[Run], last: dict[int, dict[str, Any]]) -> dict[str, str]:
    titles = {key: metric.title for key, metric in known_metrics(runs).items()}
    keys = {key for values in last.values() for key in flat(values)}
    return {key: titled(key, titles) for key in sorted(keys, key=lambda key: (NAME_MARK in key, key))}


def _groups(runs: Sequence[Run]) -> list[Group]:
    return [Group(one.runs, _label(place)) for place, one in enumerate(replicates.groups(runs))]


def _label(place: int) -> str:
    """A, B, … Z, A2, B2, …"""
    lap, letter = divmod(place, 26)
    return f"{chr(65 + letter)}{lap + 1 if lap else ''}"
