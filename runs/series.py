"""One metric over the turns of runs: read by one query, its JSON taken apart by the database."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import Aggregate, Avg, F, FloatField, Func, TextField, Value
from django.db.models.functions import Cast
from numpy.typing import NDArray

from metrics.series import kept_places
from runs.models import Run, Turn

KEPT_SECONDS = 3600
Points = list[tuple[int, float | None]]


class Member(Func):
    """A member of a JSON object, as JSON: its numbers keep all their digits, and nothing else is decoded."""

    output_field = TextField()
    template = "(%(expressions)s)"
    arg_joiner = " -> "

    def __init__(self, column: str, key: str) -> None:
        super().__init__(F(column), Value(key))
        self.key = key

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        column, _ = self.get_source_expressions()
        pathed = self.copy()
        pathed.set_source_expressions([column, Value(f"$.{json.dumps(self.key)}")])
        return pathed.as_sql(compiler, connection)


class MemberText(Member):
    """The same as a plain value, which is null where the member is: fit for arithmetic."""

    arg_joiner = " ->> "


class JsonList(Aggregate):
    """All values of a group as the text of one JSON list: a million rows cross into Python as one."""

    output_field = TextField()
    allow_distinct = False

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="JSON_GROUP_ARRAY(%(expressions)s)", **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="(JSON_AGG(%(expressions)s))::text", **more)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run measured, turn by turn, in order; the values are numbers, mappings or None."""

    turns: NDArray[np.int64]
    values: list[Any]

    @property
    def names(self) -> list[str]:
        """The names of a mapping's values; none when it is a number."""
        return sorted({name for value in self.values if isinstance(value, dict) for name in value})

    def of_name(self, name: str) -> Measured:
        """The series of one name of a mapping."""
        return Measured(self.turns, [value.get(name) if isinstance(value, dict) else None for value in self.values])

    def numbers(self) -> NDArray[np.float64]:
        """The values as numbers; what is none is NaN."""
        try:
            return np.array(self.values, dtype=float)
        except (TypeError, ValueError):
            return np.array([value if isinstance(value, int | float) else None for value in self.values], dtype=float)

    def points(self, most: int) -> Points:
        """At most so many [turn, value], thinned so that peaks survive."""
        numbers = self.numbers()
        places = kept_places(numbers, most)
        gaps = np.isnan(numbers)
        return [(int(self.turns[place]), None if gaps[place] else self.values[place]) for place in places]


@dataclass(frozen=True, slots=True)
class MeasuredSeries:
    """One turn metric of a run: a number's points, or a mapping's points by name."""

    kind: str
    points: Points
    by_name: dict[str, Points]


def thinned(run: Run, metric: str, after: int, most: int) -> MeasuredSeries | None:
    """The metric over the turns after number `after`; None when the run did not measure it turn by turn.

    What a run has measured never changes once it is over, so its series, thinned, is kept for the next who look.
    """
    key = sha256(f"{run.pk} {run.created_at} {after} {most} {metric}".encode()).hexdigest()
    if run.is_terminal and (kept := cache.get(key)):
        found: MeasuredSeries = kept
        return found
    first = Turn.objects.filter(run=run).order_by("number").values_list("metrics", flat=True).first()
    if first is None:
        return MeasuredSeries("number", [], {}) if metric.startswith("turn.") else None
    if metric not in first:
        return None
    made = _thinned(run, metric, after, most)
    if run.is_terminal:
        cache.set(key, made, KEPT_SECONDS)
    return made


def _thinned(run: Run, metric: str, after: int, most: int) -> MeasuredSeries:
    measured = measured_by([run.pk], metric, after).get(run.pk)
    if measured is None:
        return MeasuredSeries("number", [], {})
    names = measured.names
    if not names:
        return MeasuredSeries("number", measured.points(most), {})
    return MeasuredSeries("mapping", [], {name: measured.of_name(name).points(most) for name in names})


def measured_by(runs: Collection[int], metric: str, after: int = 0) -> dict[int, Measured]:
    """The metric over the turns after number `after` of each run that has any, in one query. Known keys only."""
    turns = Turn.objects.filter(run__in=runs, number__gt=after).order_by()
    rows = turns.values("run").annotate(numbers=JsonList("number"), measured=JsonList(Member("metrics", metric)))
    found = rows.values_list("run", "numbers", "measured")
    return {run: _in_order(json.loads(numbers), json.loads(values)) for run, numbers, values in found}


def _in_order(numbers: list[int], values: list[Any]) -> Measured:
    turns = np.array(numbers, dtype=np.int64)
    if np.all(turns[1:] > turns[:-1]):
        return Measured(turns, values)
    order = turns.argsort()
    return Measured(turns[order], [values[place] for place in order])


def means_by(runs: Collection[int], metrics: Sequence[str]) -> dict[int, list[float | None]]:
    """Each run's means over its turns of these metrics, numbers all of them, in one query. Known keys only."""
    turns = Turn.objects.filter(run__in=runs).order_by().values("run")
    means = {f"mean_{place}": Avg(Cast(MemberText("metrics", key), FloatField())) for place, key in enumerate(metrics)}
    return {run: list(found) for run, *found in turns.annotate(**means).values_list("run", *means)}


def last_by(runs: Collection[int]) -> dict[int, dict[str, Any]]:
    """What each run measured in its newest turn, in one query."""
    newest = Turn.objects.filter(run__in=runs, number=F("run__turns_done")).order_by()
    return dict(newest.values_list("run", "metrics"))
