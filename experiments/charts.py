"""Charts of an optimisation: a line for each agent over the iterations, with the fate of every proposal on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simweb.scenarios.optimization.records import IterationRecord

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 24
COLOURS = 8
Json = Mapping[str, Any]
MOST_LABELS = 12


class Point(NamedTuple):
    """A place of the drawing; `words` says what is there."""

    x: float
    y: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One agent's, in one of the eight colours of series."""

    name: str
    colour: int
    path: str
    marks: list[Point]


class Level(NamedTuple):
    """A value to compare with, all the way across, in the colour of its agent."""

    y: float
    words: str
    colour: int


@dataclass(frozen=True, slots=True)
class Chart:
    """`x_labels` and `y_labels` are (place, text); `rows` are the same values as a table."""

    title: str
    unit: str
    lines: list[Line]
    x_labels: list[tuple[float, str]]
    y_labels: list[tuple[float, str]]
    heads: list[str]
    rows: list[list[str]]
    levels: list[Level] = field(default_factory=list)
    has_marks: bool = True
    has_failed: bool = False
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def charts_of(records: Sequence[IterationRecord], reference: Json | None = None) -> list[Chart]:
    """Costs, each parameter that there is, and what could be saved alone; nothing before the first iteration.

    `reference` is that of a result: where it has one equilibrium, its costs and numbers are levels to compare with.
    """
    if not records:
        return []
    nash = reference["nash"] if reference else []
    [point] = nash if len(nash) == 1 else [{"costs": {}, "parameters": {}}]
    costs = {agent: [record.costs_per_agent[agent] for record in records] for agent in records[0].costs_per_agent}
    drawn = [_chart("Cost", "cents", records, costs, point["costs"])]
    names = sorted({name for numbers in records[-1].parameters.values() for name in numbers})
    for name in names:
        values = {
            agent: [record.parameters[agent].get(name) for record in records]
            for agent in costs
            if name in records[-1].parameters[agent]
        }
        levels = {agent: numbers[name] for agent, numbers in point["parameters"].items() if name in numbers}
        drawn.append(_chart(name.replace("_", " ").capitalize(), "", records, values, levels, name))
    gaps = {agent: [(record.exploitability or {}).get(agent) for record in records] for agent in costs}
    if any(value is not None for line in gaps.values() for value in line):
        drawn.append(_chart("Could save alone", "cents", [], gaps, {}))
    return drawn


def _chart(
    title: str,
    unit: str,
    records: Sequence[IterationRecord],
    values: Mapping[str, Sequence[float | None]],
    levels: Mapping[str, float],
    parameter: str = "",
) -> Chart:
    proposed = [one for record in records for one in record.proposals if one.parameters and parameter in one.parameters]
    known = [value for line in values.values() for value in line if value is not None]
    known += [*levels.values(), *((one.parameters or {})[parameter] for one in proposed)]
    low, high = min(0.0, *known), max(*known, 0.0) or 1.0
    count = len(next(iter(values.values())))
    scale = _Scale(count, low, high)
    lines = [
        Line(agent, number % COLOURS + 1, scale.path(line), list(_marks(records, agent, line, parameter, scale)))
        for number, (agent, line) in enumerate(values.items())
    ]
    return Chart(
        title,
        unit,
        lines,
        scale.x_labels(),
        scale.y_labels(),
        ["Iteration", *values],
        [[str(number + 1), *(_told(line[number]) for line in values.values())] for number in range(count)],
        [
            Level(scale.y(levels[agent]), f"In equilibrium, {agent}: {_told(levels[agent])}", number % COLOURS + 1)
            for number, agent in enumerate(values)
            if agent in levels
        ],
        has_marks=any(line.marks for line in lines),
        has_failed=any(mark.kind == "failed" for line in lines for mark in line.marks),
    )


def _marks(
    records: Sequence[IterationRecord], agent: str, line: Sequence[float | None], parameter: str, scale: _Scale
) -> Iterable[Point]:
    """On the cost, where it was proposed; on a parameter, what was proposed."""
    for number, record in enumerate(records):
        for one in record.proposals:
            if one.agent != agent or one.fate == "none" or (parameter and parameter not in (one.parameters or {})):
                continue
            value = (one.parameters or {})[parameter] if parameter else line[number]
            if value is not None:
                words = f"Iteration {record.iteration}, {agent}: {one.fate} {one.reason}"
                yield Point(scale.x(number), scale.y(value), one.fate, words)


class _Scale:
    """From iterations and values to places of the drawing."""

    def __init__(self, count: int, low: float, high: float) -> None:
        self.count, self.low = count, low
        self.step = _step((high - low) / 4 or 1.0)
        self.high = low + self.step * -(-(high - low) // self.step) if high > low else low + 1

    def x(self, number: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * number / max(1, self.count - 1), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)

    def path(self, line: Sequence[float | None]) -> str:
        """SVG's own words: M begins a stretch, L goes on; where nothing is known there is a gap."""
        steps, begins = [], True
        for number, value in enumerate(line):
            if value is not None:
                steps.append(f"{'M' if begins else 'L'}{self.x(number)} {self.y(value)}")
            begins = value is None
        return " ".join(steps)

    def x_labels(self) -> list[tuple[float, str]]:
        every = max(1, -(-self.count // MOST_LABELS))
        return [(self.x(number), str(number + 1)) for number in range(0, self.count, every)]

    def y_labels(self) -> list[tuple[float, str]]:
        count = round((self.high - self.low) / self.step)
        return [(self.y(value), _told(value)) for value in (self.low + self.step * n for n in range(count + 1))]


def _step(rough: float) -> float:
    """The next of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** int(f"{rough:e}".partition("e")[2])
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * (1 - 1e-9))


def _told(value: float | None) -> str:
    return "—" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"
