"""A list of payments of a person's own: text with a payment a line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from simweb.engine import Fault, Faulty
from simweb.scenarios.documents.suggestions import did_you_mean, shown
from simweb.scenarios.payments.files.amount_text import read_amount, read_cents
from simweb.scenarios.payments.files.business_day import BusinessDay, read_day, read_time
from simweb.scenarios.payments.files.list_header import EXAMPLE, Header, read_header, split
from simweb.scenarios.payments.market import HIGHEST_PRIORITY, MOST_TICKS, Listed, Market

MOST_PAYMENTS = 200_000
MOST_CHARACTERS = 30_000_000
MOST_NOTED = 10_000  # faults, after which the rest of a list is not read
MOST_ADVICE = 100  # different unknown names of banks of which the likeliest is looked for

NO_DAY = 'Say which times of day the ticks divide, in a line above the header, such as "# day: 07:00-18:00".'
WHOLE = re.compile("[0-9]{1,9}")
DAY_LINE = re.compile(r"#\s*day\s*:(.*)", re.IGNORECASE)
FLAGS = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}


def read_payments(text: str, market: Market) -> tuple[Listed, ...]:
    """The payments of a list, in its order. Raises Faulty with all lines that are wrong, each with its number and its column.

    The first line is a header; see `list_header.HEADINGS` for the columns and their other names. Columns are separated by
    commas, semicolons or tabs, and may be quoted. Blank lines and those that begin with # are skipped.

    * `amount`: without decimals cents, with exactly two decimals units of the currency, and the same in all lines;
      `amount_cents`: always cents. What can be read in two ways is refused (see `amount_text.read_amount`).
    * `tick` of the run, from 0; with a column `day`, of that day. Or `time`, HH:MM or HH:MM:SS: the day's ticks divide it
      evenly from opening to closing, as a line `# day: 07:00-18:00` above the header says; without it times are refused.
    * `day` counts from 1, and may be left out of a list by ticks, or for a run of one day.
    * `deadline`: ticks after the arrival, or a time of the same day; `deadline_tick`: a tick of the run; else a tenth of a day,
      but at least 5 ticks. Where the market caps deadlines, the last tick of the day is the latest; the tick after the arrival is
      always the earliest.
    * `priority` 0 to 10, else 5; `divisible` true or false, else false.

    Two lines that are alike are two payments.
    """
    if len(text) > MOST_CHARACTERS:
        raise Faulty([Fault(f"The list has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read.")])
    rows = _rows(text)
    day, first = _opening(rows)
    if first is None:
        raise Faulty([Fault(f'The list is empty. Write "{EXAMPLE}" and below it a payment on each line.', (), 1)])
    header = read_header(first[1], first[0], market)
    if day is None and "time" in header.places:
        raise Faulty([Fault(NO_DAY, (), first[0])])
    reading = _Reading(market, day, header)
    for number, line in rows:
        if reading.is_full(number):
            break
        reading.take(number, line)
    return reading.payments()


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip(' \t,;"'))


def _opening(rows: Iterator[tuple[int, str]]) -> tuple[BusinessDay | None, tuple[int, str] | None]:
    """The day as a comment above the header sets it, if one does, and the header."""
    day: BusinessDay | None = None
    for number, line in rows:
        if not line.lstrip().startswith("#"):
            return day, (number, line)
        if said := DAY_LINE.fullmatch(line.strip().rstrip(",;\t")):
            try:
                day = read_day(said[1].strip())
            except ValueError as error:
                raise Faulty([Fault(str(error), (), number)]) from None
    return day, None


class _Reading:
    """What has been understood of a list so far."""

    def __init__(self, market: Market, day: BusinessDay | None, header: Header) -> None:
        self.market, self.header = market, header
        self.day_is_said, self.day = day is not None, day or BusinessDay()
        self.names = dict.fromkeys(market.names)
        self.advice: dict[str, str] = {}
        self.found: list[Listed] = []
        self.faults: list[Fault] = []
        self.without_decimals: list[tuple[int, str]] = []
        self.has_decimals = False
        self.lines = 0
        self.number = 0
        self.said: dict[str, str] = {}  # by this line

    def payments(self) -> tuple[Listed, ...]:
        """All of them. Raises Faulty where something is wrong."""
        if self.has_decimals:
            for number, text in self.without_decimals:
                message = (
                    f"Other amounts have decimals, so {text} can be cents or units. Write {text}.00 if it is units."
                )
                self.faults.append(Fault(message, (self.header.title("amount"),), number))
        if not self.lines:
            self.faults.append(Fault("There is no payment below the header. Write one on each line.", (), 1))
        if self.faults:
            raise Faulty(sorted(self.faults, key=lambda fault: fault.line or 0))
        return tuple(self.found)

    def is_full(self, number: int) -> bool:
        """Whether no more lines are read, which is noted."""
        if self.lines >= MOST_PAYMENTS:
            self.faults.append(Fault(f"The list has more than {MOST_PAYMENTS:,} payments. Leave some out.", (), number))
            return True
        if len(self.faults) >= MOST_NOTED:
            self.faults.append(
                Fault("There is so much wrong with the lines above that the rest was not read.", (), number)
            )
            return True
        return False

    def take(self, number: int, line: str) -> None:
        """Note a line's payment, or what is wrong with it."""
        if line.lstrip().startswith("#"):
            if DAY_LINE.fullmatch(line.strip()):
                self.faults.append(Fault("The line of the day must stand above the header. Move it there.", (), number))
            return
        self.number = number
        self.lines += 1
        if self._split(line):
            self._payment()

    def _split(self, line: str) -> bool:
        try:
            cells = split(line, self.header.separator)
        except csv.Error:
            self.faults.append(
                Fault("A quotation mark is not closed here, or stands inside a cell. Mend it.", (), self.number)
            )
            return False
        wanted, count = len(self.header.titles), len(cells)
        if count < wanted or any(cells[wanted:]):
            hint = " Put amounts with commas in quotes." if self.header.separator == "," and count > wanted else ""
            message = f"This line has {count} columns, the header {wanted}.{hint}"
            self.faults.append(Fault(message, (), self.number))
            return False
        self.said = {field: cells[place] for field, place in self.header.places.items()}
        return True

    def _payment(self) -> None:
        before = len(self.faults)
        sender, receiver = self._bank("sender"), self._bank("receiver")
        if sender and sender == receiver:
            self._note("receiver", f"{sender} cannot pay itself. Name another bank.")
        amount = self._amount()
        tick, seconds = self._arrival()
        deadline = self._deadline(tick, seconds)
        priority = self._whole("priority", 0, HIGHEST_PRIORITY, 5)
        divisible = self._flag()
        if len(self.faults) == before:
            self.found.append(Listed(sender, receiver, amount, tick, deadline, priority, divisible))

    def _note(self, field: str, message: str) -> None:
        self.faults.append(Fault(message, (self.header.title(field),), self.number))

    def _bank(self, field: str) -> str:
        name = self.said.get(field, "")
        if name in self.names:
            return name
        if not name:
            self._note(field, "The name of a bank is missing here.")
            return ""
        if name not in self.advice and len(self.advice) < MOST_ADVICE:
            self.advice[name] = did_you_mean(name, self.names)
        self._note(field, f"There is no bank {shown(name)}.{self.advice.get(name, '')}")
        return ""

    def _amount(self) -> int:
        field = "amount" if "amount" in self.said else "amount_cents"
        text = self.said.get(field, "")
        try:
            if field == "amount_cents":
                return read_cents(text)
            cents, decimals = read_amount(text)
        except ValueError as error:
            self._note(field, str(error))
            return 0
        if decimals:
            self.has_decimals = True
        else:
            self.without_decimals.append((self.number, text))
        return cents

    def _whole(self, field: str, least: int, most: int, default: int | None = None) -> int:
        text = self.said.get(field, "")
        if not text and default is not None:
            return default
        if not WHOLE.fullmatch(text) or not least <= int(text) <= most:
            self._note(field, f"Write a whole number from {least:,} to {most:,} here, not {shown(text)}.")
            return least
        return int(text)

    def _arrival(self) -> tuple[int, int | None]:
        """The tick of the run; by time of day, the seconds after midnight, too."""
        market = self.market
        start = (self._whole("day", 1, market.days) - 1) * market.ticks_per_day if "day" in self.said else 0
        if "tick" in self.said:
            length = market.ticks_per_day if "day" in self.said else market.ticks
            return start + self._whole("tick", 0, length - 1), None
        try:
            seconds = read_time(self.said.get("time", ""))
            if seconds == self.day.closing:
                raise ValueError("The day closes at this time. Write an earlier one.")
            return start + self.day.tick(seconds, market.ticks_per_day), seconds
        except ValueError as error:
            self._note("time", str(error))
            return start, None

    def _deadline(self, tick: int, seconds: int | None) -> int:
        per_day = self.market.ticks_per_day
        first_of_day = tick // per_day * per_day
        if self.said.get("deadline_tick"):
            deadline = self._deadline_tick(tick)
        elif ":" in self.said.get("deadline", ""):
            deadline = first_of_day + self._time_of_deadline(tick - first_of_day, seconds)
        else:
            deadline = tick + self._whole("deadline", 1, MOST_TICKS, max(per_day // 10, 5))
        if self.market.deadline_cap_at_eod:
            deadline = min(deadline, first_of_day + per_day - 1)
        return max(deadline, tick + 1)

    def _deadline_tick(self, tick: int) -> int:
        deadline = self._whole("deadline_tick", 0, MOST_TICKS)
        if deadline <= tick:
            self._note("deadline_tick", f"Tick {deadline} is not after the arrival in tick {tick}. Write a later one.")
        return deadline

    def _time_of_deadline(self, arrival: int, seconds: int | None) -> int:
        """The tick of the day. A time later than the arrival but in its tick is the arrival's tick."""
        if not self.day_is_said:
            self._note("deadline", NO_DAY)
            return arrival
        try:
            due = read_time(self.said.get("deadline", ""))
            tick = self.day.tick(due, self.market.ticks_per_day)
        except ValueError as error:
            self._note("deadline", str(error))
            return arrival
        too_early = due <= seconds if seconds is not None else "tick" in self.said and tick <= arrival
        if too_early:
            self._note("deadline", "The deadline must be later than the arrival.")
        return tick

    def _flag(self) -> bool:
        text = self.said.get("divisible", "")
        if text.casefold() not in FLAGS:
            self._note("divisible", f"Write true or false here, not {shown(text)}.")
        return FLAGS.get(text.casefold(), False)
