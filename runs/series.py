"""One metric over the turns of runs: from the packed series where there is one, else taken out of the turns by the database.

What turns have spent is a series, too: tokens and USD of each turn, and of all turns up to it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Aggregate, DecimalField, F, Func, Q, Sum, TextField, Value
from numpy.typing import NDArray

from metrics.series import Lines, kept_places, lines_of
from runs.blocks import unpacked
from runs.models import Run, Turn

Points = list[tuple[int, float | None]]
# Of each series of spending: the turn's column, and whether it is summed up over the turns.
SPENDING = {
    "tokens": ("tokens", False),
    "cost_usd": ("cost_usd", False),
    "total_tokens": ("tokens", True),
    "total_cost_usd": ("cost_usd", True),
}
COST_PLACES = 6
MOST_POINTS = 500_000  # of all lines of an answer together, as far as each has its first and last


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


class Mean(Aggregate):
    """The mean of plain values, however large: a sum of floats may be more than a float holds."""

    output_field = DecimalField()
    allow_distinct = False

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        # A power of two costs no digit; and no run has so many turns that the sum overflows again.
        template = "(AVG(CAST(%(expressions)s AS REAL) * 9.094947017729282e-13) * 1099511627776.0)"
        return self.as_sql(compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="AVG((%(expressions)s)::numeric)", **more)

    def get_db_converters(self, connection: Any) -> list[Any]:
        return [lambda value, *_: None if value is None else float(value)]


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
    """What a run measured, turn by turn, in order: a line of numbers under None, or a mapping's lines by name; NaN is none."""

    turns: NDArray[np.int64]
    lines: Lines

    @property
    def is_mapping(self) -> bool:
        return None not in self.lines

    def of_name(self, name: str) -> Measured:
        """The series of one name of a mapping."""
        return Measured(self.turns, {None: self.line(name)})

    def line(self, name: str | None = None) -> NDArray[np.float64]:
        """The numbers under this name, one a turn."""
        return self.lines.get(name, np.full(len(self.turns), np.nan))

    def points(self, most: int, name: str | None = None) -> Points:
        """At most so many [turn, value] of a line, thinned so that peaks survive."""
        line = self.line(name)
        places = kept_places(line, most)
        turns, values = self.turns[places].tolist(), line[places].tolist()
        return [(turn, None if value != value else value) for turn, value in zip(turns, values, strict=True)]


@dataclass(frozen=True, slots=True)
class MeasuredSeries:
    """One turn metric of a run: a number's points, or a mapping's points by name."""

    kind: str
    points: Points
    by_name: dict[str, Points]


def thinned(run: Run, metric: str, after: int, most: int, until: int | None = None) -> MeasuredSeries | None:
    """The metric over the turns after number `after`, and up to `until`; None when the run did not measure it by turn.

    A name of SPENDING is a series of every run, empty while nothing is known.
    """
    if metric in SPENDING:
        found = spent(run, metric, after, until)
        return MeasuredSeries("number", found.points(most) if found else [], {})
    first = Turn.objects.filter(run=run).order_by("number").values_list("metrics", flat=True).first()
    if first is None:
        return MeasuredSeries("number", [], {}) if metric.startswith("turn.") else None
    if metric not in first:
        return None
    measured = measured_by([run.pk], metric, after, until).get(run.pk)
    if measured is None:
        return MeasuredSeries("number", [], {})
    if not measured.is_mapping:
        return MeasuredSeries("number", measured.points(most), {})
    names = [name for name in measured.lines if name is not None]
    each = points_each(most, len(names))
    return MeasuredSeries("mapping", [], {name: measured.points(each, name) for name in names})


def points_each(most: int, lines: int) -> int:
    """How many points a line may have, of so many that are told together."""
    return min(most, max(4, MOST_POINTS // max(1, lines)))


def spent(run: Run, name: str, after: int = 0, until: int | None = None) -> Measured | None:
    """What the turns after number `after`, and up to `until`, have spent; None when the run is not known to spend anything.

    A turn of which nothing is known has no value, and adds nothing to a total.
    """
    column, is_total = SPENDING[name]
    if getattr(run, f"total_{column}") is None:
        return None
    wanted = Turn.objects.filter(run=run, number__gt=after).order_by().values("run")
    if until is not None:
        wanted = wanted.filter(number__lte=until)
    found = wanted.annotate(numbers=JsonList("number"), spent=JsonList(column)).values_list("numbers", "spent")
    lists = next(iter(found), None)  # `first` would order, and so group, by the turn
    if lists is None:
        return None
    measured = _in_order(*map(json.loads, lists))
    if not is_total:
        return measured
    before = Turn.objects.filter(run=run, number__lte=after).aggregate(spent=Sum(column))["spent"]
    line = measured.line()
    is_known = np.full(len(line), before is not None) | np.logical_or.accumulate(~np.isnan(line))
    totals = np.round(np.nancumsum(line) + float(before or 0), COST_PLACES)
    return Measured(measured.turns, {None: np.where(is_known, totals, np.nan)})


def measured_by(runs: Collection[int], metric: str, after: int = 0, until: int | None = None) -> dict[int, Measured]:
    """The metric over the turns after number `after`, and up to `until`, of each run that has any, in two queries.

    What is packed comes from the blocks, the rest from the turns. Known keys only.
    """
    blocks = unpacked(runs, metric, after, until)
    wanted = Q(run__in=[run for run in runs if run not in blocks], number__gt=after)
    for run, (_, last, _) in blocks.items():
        wanted |= Q(run=run, number__gt=max(after, last))
    if until is not None:
        wanted &= Q(number__lte=until)
    rows = Turn.objects.filter(wanted).order_by().values("run")
    texts = rows.annotate(numbers=JsonList("number"), measured=JsonList(Member("metrics", metric)))
    found = texts.values_list("run", "numbers", "measured")
    rest = {run: _in_order(json.loads(numbers), json.loads(values)) for run, numbers, values in found}
    packed = {run: _cut(block, after, until) for run, block in blocks.items()}
    return rest | {run: _after_another(one, rest[run]) if run in rest else one for run, one in packed.items()}


def _in_order(numbers: list[int], values: list[Any]) -> Measured:
    turns, lines = np.array(numbers, dtype=np.int64), lines_of(values)
    if np.all(turns[1:] > turns[:-1]):
        return Measured(turns, lines)
    order = turns.argsort()
    return Measured(turns[order], {name: line[order] for name, line in lines.items()})


def _cut(block: tuple[int, int, Lines], after: int, until: int | None) -> Measured:
    first, last, lines = block
    start, end = max(first, after + 1), last if until is None else min(last, until)
    part = slice(start - first, end - first + 1)
    return Measured(np.arange(start, end + 1), {name: line[part] for name, line in lines.items()})


def _after_another(one: Measured, other: Measured) -> Measured:
    mapped = sorted({name for name in (*one.lines, *other.lines) if name is not None})
    names: list[str | None] = [*mapped] if mapped else [None]
    turns = np.concatenate([one.turns, other.turns])
    return Measured(turns, {name: np.concatenate([one.line(name), other.line(name)]) for name in names})


def means_by(runs: Collection[int], metrics: Sequence[str]) -> dict[int, list[float | None]]:
    """Each run's means over its turns of these metrics, numbers all of them, in one query. Known keys only."""
    turns = Turn.objects.filter(run__in=runs).order_by().values("run")
    means = {f"mean_{place}": Mean(MemberText("metrics", key)) for place, key in enumerate(metrics)}
    return {run: list(found) for run, *found in turns.annotate(**means).values_list("run", *means)}


def last_by(runs: Collection[int]) -> dict[int, dict[str, Any]]:
    """What each run measured in its newest turn, in one query."""
    newest = Turn.objects.filter(run__in=runs, number=F("run__turns_done")).order_by()
    return dict(newest.values_list("run", "metrics"))
