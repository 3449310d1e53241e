"""From a time of day to a tick: the ticks of a day divide the time from opening to closing evenly."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simweb.scenarios.documents.suggestions import shown

MIDNIGHT = 24 * 60 * 60
TIME = re.compile("([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
SPAN = re.compile("([0-9:]+) *[-–] *([0-9:]+)")


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """`opening` and `closing` are seconds after midnight. With 10 ticks from 07:00 to 17:00, tick 3 begins at 10:00."""

    opening: int = 0
    closing: int = MIDNIGHT

    def tick(self, seconds: int, ticks_per_day: int) -> int:
        """The tick of the day in which this time lies; of the closing time, the last one. Raises ValueError outside the day."""
        if not self.opening <= seconds <= self.closing:
            raise ValueError(
                f"{clock(seconds)} is outside the day, which goes from {clock(self.opening)} to {clock(self.closing)}. "
                'Write another time, or another day in a line above the header: "# day: 07:00-18:00".'
            )
        return min((seconds - self.opening) * ticks_per_day // (self.closing - self.opening), ticks_per_day - 1)


def read_day(text: str) -> BusinessDay:
    """The day in `07:00-18:00`. Raises ValueError with what to write."""
    span = SPAN.fullmatch(text.strip())
    if span is None:
        raise ValueError(f'Write the day from opening to closing, such as "# day: 07:00-18:00", not {shown(text)}.')
    opening, closing = read_time(span[1]), read_time(span[2])
    if opening >= closing:
        raise ValueError(f"The day must open before it closes; {text} does not.")
    return BusinessDay(opening, closing)


def read_time(text: str) -> int:
    """Seconds after midnight of `HH:MM` or `HH:MM:SS`, up to 24:00. Raises ValueError with what to write."""
    if time := TIME.fullmatch(text):
        hours, minutes, seconds = int(time[1]), int(time[2]), int(time[3] or 0)
        total = (hours * 60 + minutes) * 60 + seconds
        if minutes < 60 and seconds < 60 and total <= MIDNIGHT:
            return total
    raise ValueError(f"Write a time of day such as 09:30 or 09:30:15, not {shown(text)}.")


def clock(seconds: int) -> str:
    """`09:30`, or `09:30:15` where the seconds matter."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{rest:02}" if rest else "")
