"""Timeline: decisions as bars over the time of their run, a lane for each agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runs.models import Decision

BAR = 20  # the least that a bar is wide, in pixels: room for its mark, and for a finger beside it
ROW = 24
LEAST_WIDTH = 260


@dataclass(frozen=True, slots=True)
class Bar:
    """A decision, and where its bar lies: percentages of the time that is shown, and which row of its lane."""

    decision: Decision
    left: str
    width: str
    row: int

    @property
    def top(self) -> int:
        """Pixels from the top of its lane."""
        return ROW * self.row


@dataclass(frozen=True, slots=True)
class Lane:
    """The bars of one agent: those that would cover each other lie in rows of their own."""

    agent: str
    bars: list[Bar]

    @property
    def height(self) -> int:
        """Pixels."""
        return ROW * (1 + max(bar.row for bar in self.bars))


@dataclass(frozen=True, slots=True)
class Timeline:
    """Milliseconds since the play began from the first start to the last end; `reported` starts are the scenario's own."""

    lanes: list[Lane]
    first_ms: float
    middle_ms: float
    last_ms: float
    width: int
    reported: int
    laid_out: int


def timeline_of(decisions: Sequence[Decision]) -> Timeline | None:
    """Of these decisions, those of which a start is known; None when there are none."""
    spans = [
        (decision, decision.started_ms, decision.started_ms + (decision.latency_ms or 0.0))
        for decision in decisions
        if decision.started_ms is not None
    ]
    if not spans:
        return None
    first, last = min(start for _, start, _ in spans), max(end for _, _, end in spans)
    by_agent: dict[str, list[tuple[Decision, float, float]]] = {}
    for span in sorted(spans, key=lambda span: (span[1], span[0].number)):
        by_agent.setdefault(span[0].agent, []).append(span)
    width = max(LEAST_WIDTH, BAR * max(map(len, by_agent.values())))
    digits = 0 if last - first >= 1000 else 6  # of milliseconds
    start, middle, end = (round(place, digits) for place in (first, first + (last - first) / 2, last))
    reported = sum(decision.start_reported for decision, _, _ in spans)
    lanes = [Lane(agent, _bars(own, first, last, width)) for agent, own in by_agent.items()]
    return Timeline(lanes, start, middle, end, width, reported, len(spans) - reported)


def _bars(spans: Sequence[tuple[Decision, float, float]], first: float, last: float, width: int) -> list[Bar]:
    """In order of their starts; each in the first row in which it covers no other, at its least width too."""
    whole, least = (last - first) or 1.0, 100 * BAR / width
    free: list[float] = []  # where each row is free again
    bars = []
    for decision, start, end in spans:
        left, wide = 100 * (start - first) / whole, 100 * (end - start) / whole
        row = next((row for row, place in enumerate(free) if place <= left), len(free))
        free[row : row + 1] = [left + max(wide, least)]
        bars.append(Bar(decision, f"{left:.3f}", f"{wide:.3f}", row))
    return bars
