"""Charts of performance as HTML: a bar for each hour or day, and behind each bar the runs that it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from performance.trends import HOUR, Point
from performance.windows import Span
from runs.models import Simulation
from runs.templatetags.show import amount, cost, took

DECIDED = "(status:completed OR status:failed)"
LABELS = 6
OUTCOMES = [("completed", "completed"), ("failed", "failed"), ("cancelled", "cancelled")]
TIMES = [("average", "average"), ("p95", "95th percentile")]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, from the bottom up: its kind, and its height in per cent of the chart's."""

    kind: str
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """`words` say what it shows; a bar without runs leads nowhere."""

    words: str
    address: str
    segments: list[Segment]
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` is what a bar of full height would be; `legend` names the kinds; `rows` are the same as a table."""

    title: str
    top: str
    bars: list[Bar]
    legend: list[tuple[str, str]]
    columns: list[str]
    rows: list[tuple[str, list[str]]]


def asked(span: Span, simulation: Simulation | str | None, *terms: str, sort: str = "") -> str:
    """The address of the runs behind a number: the same span, the same filter, so that the counts agree."""
    slug = simulation.slug if isinstance(simulation, Simulation) else simulation
    words = [f"simulation:{slug}"] if slug else []
    words += [f"started>={_moment(span.start)}", f"started<{_moment(span.end)}", "-trigger:verify", *terms]
    return f"{reverse('runs')}?{urlencode({'q': ' '.join(words), **({'sort': sort} if sort else {})})}"


def charts(points: Sequence[Point], simulation: Simulation | None) -> list[Chart]:
    """Runs by outcome, how long they took, and, where any are known, tokens and cost."""
    found = [
        _chart("Runs", points, simulation, OUTCOMES, _outcomes, amount, stacked=True),
        _chart("Duration", points, simulation, TIMES, _times, took),
    ]
    if any(point.tokens for point in points):
        found.append(_chart("Tokens", points, simulation, [("tokens", "tokens")], lambda point: [point.tokens], amount))
    if any(point.cost_usd for point in points):
        found.append(_chart("Cost", points, simulation, [("cost", "US dollars")], lambda point: [point.cost_usd], cost))
    return found


def _outcomes(point: Point) -> list[Any]:
    return [point.successful, point.failed, point.cancelled]


def _times(point: Point) -> list[Any]:
    return [point.avg_ms, point.p95_ms]


def _chart(
    title: str,
    points: Sequence[Point],
    simulation: Simulation | None,
    kinds: list[tuple[str, str]],
    values: Callable[[Point], list[Any]],
    written: Callable[[Any], str],
    *,
    stacked: bool = False,
) -> Chart:
    found = [[value or 0 for value in values(point)] for point in points]
    highest = max((sum(row) if stacked else max(row) for row in found), default=0)
    has_values = any(value for point in points for value in (point.total, point.cancelled * stacked))
    step = -(-len(points) // LABELS)
    bars, rows = [], []
    for place, (point, row) in enumerate(zip(points, found, strict=True)):
        told = [written(value) for value in values(point)]
        words = ", ".join(f"{text} {name}" for text, (_, name) in zip(told, kinds, strict=True))
        label = _label(point.span.start, hourly=point.span.end - point.span.start == HOUR)
        has_runs = point.total or point.cancelled
        bars.append(
            Bar(
                f"{label}: {words}" if has_runs else f"{label}: no runs",
                asked(point.span, simulation, "" if stacked else DECIDED) if has_runs else "",
                _segments(kinds, row, float(highest), stacked=stacked),
                label if place % step == 0 else "",
            )
        )
        rows.append((label, told))
    return Chart(title, written(highest) if has_values else "", bars, kinds, [name for _, name in kinds], rows)


def _segments(kinds: list[tuple[str, str]], row: list[Any], highest: float, *, stacked: bool) -> list[Segment]:
    """On top of each other, or, when they are not parts of a whole, each as far as it goes beyond the one before."""
    below, found = 0.0, []
    for (kind, _), value in zip(kinds, row, strict=True):
        height = float(value) if stacked else max(0.0, float(value) - below)
        below += height
        if height:
            found.append(Segment(kind, round(100 * height / highest, 3)))
    return found


def _label(start: datetime, *, hourly: bool) -> str:
    return f"{start:%H:%M}" if hourly else f"{start.day} {start:%b}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
