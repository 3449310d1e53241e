"""Metric: a named value a scenario can report; how a choice of metrics becomes an order of computation."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from simweb.engine.numbers import plain
from simweb.engine.scenario import Problem, Scenario, TurnReport
from simweb.engine.texts import NAME_CHARACTERS, keepable, text_of

Scope = Literal["turn", "run"]
Kind = Literal["number", "mapping", "table"]
MOST_FAULTS = 5  # of one value, told by name


class MetricError(ValueError):
    """A scenario's metrics contradict each other: a duplicate, a cycle, an unknown requirement."""


class UnknownMetric(ValueError):
    """A key that the scenario does not have. `key` is the first such key."""

    def __init__(self, key: str, scenario: str) -> None:
        super().__init__(f"unknown metric {key!r} for scenario {scenario!r}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Context:
    """What a metric may read.

    `scenario` is the world after the turn; `report` what happened in it (None at run scope); `turn` its number,
    from 1. `values` holds the metrics required at the same scope, `series` (run scope only) the required
    turn-scope metrics, one entry a turn, None where a turn has no value.
    """

    scenario: Any
    turn: int
    report: TurnReport | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    series: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """A named value. `compute` may return None for "not defined here", such as a rate whose denominator is 0.

    `kind` is checked on every value: `number`; `mapping` of names to numbers; `table`, a list of such rows. A part may be
    None, too; a part that is no finite number becomes None and a Problem, and the others stay.
    """

    key: str
    title: str
    compute: Callable[[Context], Any]
    scope: Scope = "turn"
    description: str = ""
    unit: str = ""
    author: str = "simweb"
    requires: tuple[str, ...] = ()
    kind: Kind = "number"

    @property
    def topic(self) -> str:
        """The middle of the key, by which the selector groups: `turn.opinion.mean` is about opinion."""
        parts = self.key.split(".")
        return parts[1] if len(parts) > 2 else "other"


def _counts(context: Context) -> dict[str, int]:
    assert context.report is not None
    return {name: int(context.report.actions[name]) for name in sorted(context.report.actions)}


def _sum_by_type(context: Context) -> dict[str, int]:
    totals: dict[str, int] = {}
    for counts in context.series["turn.actions.counts_by_type"]:
        for name, count in (counts or {}).items():
            totals[name] = totals.get(name, 0) + count
    return dict(sorted(totals.items()))


BASE_METRICS = (
    Metric(
        "turn.actions.counts_by_type",
        "Actions by type",
        _counts,
        kind="mapping",
        unit="actions",
        description="What agents did in the turn, counted by type.",
    ),
    Metric(
        "turn.actions.total",
        "Actions",
        lambda c: sum(c.values["turn.actions.counts_by_type"].values()),
        requires=("turn.actions.counts_by_type",),
        unit="actions",
        description="All actions of all agents in the turn.",
    ),
    Metric(
        "run.actions.total_by_type",
        "Actions by type, whole run",
        _sum_by_type,
        scope="run",
        kind="mapping",
        requires=("turn.actions.counts_by_type",),
        unit="actions",
        description="What agents did over all turns, counted by type.",
    ),
    Metric(
        "run.actions.total",
        "Actions, whole run",
        lambda c: sum(c.values["run.actions.total_by_type"].values()),
        scope="run",
        requires=("run.actions.total_by_type",),
        unit="actions",
        description="All actions of all agents over all turns.",
    ),
)
BASE_KEYS = tuple(sorted(metric.key for metric in BASE_METRICS))


def catalogue(scenario: type[Scenario]) -> Mapping[str, Metric]:
    """The metrics of a scenario by key, sorted; the four that every scenario has are among them.

    Raises MetricError for a duplicate key, an unknown requirement, a cycle, or a turn-scope metric that needs a run-scope one.
    """
    key: Any = scenario  # mypy takes a class's __hash__ for its instances'
    return _catalogue(key)


@cache
def _catalogue(scenario: Any) -> Mapping[str, Metric]:
    metrics: dict[str, Metric] = {}
    for metric in (*BASE_METRICS, *scenario.metrics):
        if metric.key in metrics:
            raise MetricError(f"metric {metric.key!r} is there twice")
        metrics[metric.key] = metric
    for metric in metrics.values():
        for required in metric.requires:
            if required not in metrics:
                raise MetricError(f"metric {metric.key!r} requires {required!r}, which does not exist")
            if metric.scope == "turn" and metrics[required].scope == "run":
                raise MetricError(f"metric {metric.key!r} of a turn cannot require {required!r} of the whole run")
    _ordered(metrics, metrics)
    for key in scenario.default_metric_keys:
        if key not in metrics:
            raise MetricError(f"default metric {key!r} does not exist")
    return dict(sorted(metrics.items()))


def select_keys(scenario: type[Scenario], keys: Iterable[str] | None) -> tuple[str, ...]:
    """The chosen keys, sorted and without duplicates; the scenario's defaults when none are given.

    Raises UnknownMetric for the first key that the scenario does not have.
    """
    known = catalogue(scenario)
    chosen = list(keys or ()) or list(scenario.default_metric_keys or BASE_KEYS)
    for key in chosen:
        if key not in known:
            raise UnknownMetric(key, scenario.key)
    return tuple(sorted(set(chosen)))


def _ordered(metrics: Mapping[str, Metric], keys: Iterable[str]) -> list[Metric]:
    """`keys` and all they require, each after what it requires; ties in order of key."""
    graph: dict[str, tuple[str, ...]] = {}
    waiting = sorted(keys)
    while waiting:
        key = waiting.pop()
        if key not in graph:
            graph[key] = tuple(sorted(metrics[key].requires))
            waiting.extend(graph[key])
    try:
        order = list(graphlib.TopologicalSorter({key: graph[key] for key in sorted(graph)}).static_order())
    except graphlib.CycleError as error:
        raise MetricError(f"metrics require each other in a circle: {' → '.join(error.args[1])}") from None
    return [metrics[key] for key in order]


class Measurement:
    """Computes the chosen metrics of one run, in order, and nothing that was not asked for."""

    def __init__(self, scenario: Scenario, keys: Iterable[str]) -> None:
        order = _ordered(catalogue(type(scenario)), keys)
        self._scenario = scenario
        self._turn_metrics = [metric for metric in order if metric.scope == "turn"]
        self._run_metrics = [metric for metric in order if metric.scope == "run"]
        needed = {required for metric in self._run_metrics for required in metric.requires}
        self._series: dict[str, list[Any]] = {m.key: [] for m in self._turn_metrics if m.key in needed}

    def measure_turn(self, turn: int, report: TurnReport) -> tuple[dict[str, Any], list[Problem]]:
        """The turn's values by key, and a Problem for each metric that could not be computed."""
        values: dict[str, Any] = {}
        context = Context(self._scenario, turn, report=report, values=values)
        problems = [p for metric in self._turn_metrics if (p := _measure(metric, context, values)) is not None]
        for key, series in self._series.items():
            series.append(values[key])
        return values, problems

    def measure_run(self, turns: int) -> tuple[dict[str, Any], list[Problem]]:
        """The run's values by key, after its last turn."""
        values: dict[str, Any] = {}
        context = Context(self._scenario, turns, values=values, series=self._series)
        problems = [p for metric in self._run_metrics if (p := _measure(metric, context, values)) is not None]
        return values, problems


def _measure(metric: Metric, context: Context, values: dict[str, Any]) -> Problem | None:
    values[metric.key] = None
    if any(required in values and values[required] is None for required in metric.requires):
        return None  # what it builds on has no value here; the cause, if any, is already reported
    try:
        values[metric.key], faults = _checked(metric, metric.compute(context))
    except Exception as error:  # a metric is a guest in the run: whatever it raises, the run goes on
        return Problem("warning", f"{metric.title} has no value: {_reason(error)}", source=metric.key)
    if not faults:
        return None
    more = f"; and {len(faults) - MOST_FAULTS:,} more" if len(faults) > MOST_FAULTS else ""
    told = f"{metric.title} has no value for {'; '.join(faults[:MOST_FAULTS])}{more}"
    return Problem("warning", told, source=metric.key)


def _checked(metric: Metric, value: Any) -> tuple[Any, list[str]]:
    """The value as it is kept, and what is wrong in it.

    Bad parts of a mapping or table are None and the others stay; where no part is good there is no value.
    """
    if value is None:
        return None, []
    if metric.kind == "number":
        return plain(value), []
    if metric.kind == "mapping":
        parts, faults = _parts(value, _part)
        return (None if faults and _is_empty(parts) else parts), faults
    rows, faults = [], []
    for number, row in enumerate(value, 1):
        cells, wrong = _parts(row, _cell)
        rows.append(cells)
        faults += [f"row {number}, {fault}" for fault in wrong]
    return (None if faults and all(map(_is_empty, rows)) else rows), faults


def _is_empty(parts: Mapping[str, Any]) -> bool:
    return all(part is None for part in parts.values())


def _parts(value: Any, check: Callable[[Any], Any]) -> tuple[dict[str, Any], list[str]]:
    parts: dict[str, Any] = {}
    faults = []
    for raw, item in value.items():
        name = keepable(raw, NAME_CHARACTERS)
        if name in parts:
            faults.append(f"{name!r}: there are two of this name; the first is kept")
            continue
        try:
            parts[name] = check(item)
        except Exception as error:
            parts[name] = None
            faults.append(f"{name!r}: {_reason(error)}")
    return parts, faults


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {text_of(error) or 'no message'}"


def _part(value: Any) -> Any:
    return None if value is None else plain(value)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return keepable(value)
    return None if value is None else plain(value)
