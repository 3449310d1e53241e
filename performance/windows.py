"""Spans of time. Each is half open and begins at a moment that belongs to it; times are UTC, to the microsecond."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

TimeRange = Literal["1d", "7d", "30d", "90d"]
MetricType = Literal["realtime", "aggregated"]
DAYS: dict[str, int] = {"1d": 1, "7d": 7, "30d": 30, "90d": 90}
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until just before `end`."""

    start: datetime
    end: datetime

    @property
    def days(self) -> Iterator[date]:
        """The days that lie wholly within it."""
        day = (self.start - TICK).date() + DAY
        while midnight(day + DAY) <= self.end:
            yield day
            day += DAY


def midnight(day: date) -> datetime:
    """When it begins."""
    return datetime.combine(day, time(), UTC)


def of_day(day: date) -> Span:
    """The whole of it."""
    return Span(midnight(day), midnight(day + DAY))


def window(time_range: str, now: datetime) -> Span:
    """What a range means at `now`: later than so many days ago, up to and with `now`."""
    return Span(now - DAYS[time_range] * DAY + TICK, now + TICK)


def gaps(span: Span, known: Iterable[date]) -> list[Span]:
    """What is left of the span when these days, each wholly within it, are taken out."""
    found, start = [], span.start
    for day in sorted(known):
        if start < midnight(day):
            found.append(Span(start, midnight(day)))
        start = midnight(day + DAY)
    return [*found, Span(start, span.end)] if start < span.end else found
