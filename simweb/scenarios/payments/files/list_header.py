"""The header of a list of payments: what separates its columns, and what each of them says."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

from simweb.engine import Fault, Faulty
from simweb.scenarios.documents.suggestions import did_you_mean, shortened
from simweb.scenarios.payments.market import Market

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}

# What a column can say, and how people head it; upper and lower case, spaces, hyphens and underscores are alike.
HEADINGS: Mapping[str, str] = {
    "sender": "sender from payer from_agent from_bank sender_id sending_bank payer_bank debtor debtor_bank originator",
    "receiver": "receiver to payee to_agent to_bank receiver_id receiving_bank payee_bank creditor creditor_bank recipient",
    "amount": "amount value payment_amount payment_value",
    "amount_cents": "amount_cents value_cents amount_in_cents cents",
    "tick": "tick arrival_tick",
    "time": "time time_of_day arrival_time entry_time submission_time introduction_time settlement_time",
    "day": "day day_number business_day",
    "deadline": "deadline deadline_ticks ticks_to_deadline due due_time deadline_time latest_time latest_settlement_time",
    "deadline_tick": "deadline_tick due_tick latest_tick",
    "priority": "priority prio urgency",
    "divisible": "divisible is_divisible splittable",
    "": "id payment_id transaction_id tx_id reference ref note comment description",  # for people; not read
}
FIELDS = {heading: field for field, headings in HEADINGS.items() for heading in headings.split()}
EXAMPLE = "sender,receiver,amount,tick,deadline,priority"


@dataclass(frozen=True, slots=True)
class Header:
    """`places` has the column of each thing that the list says, `titles` the headings as they were written."""

    separator: str
    places: Mapping[str, int]
    titles: tuple[str, ...]

    def title(self, field: str) -> str:
        """How the person headed this column."""
        return self.titles[self.places[field]]


def read_header(line: str, number: int, market: Market) -> Header:
    """The header on this line. Raises Faulty with all that is wrong with it."""
    separator = max(SEPARATORS, key=lambda separator: _known(line, separator))
    if _known(line, separator) < 2:
        message = (
            f'This is no header. Write "{EXAMPLE}", or as many of these as your list has, above the first payment.'
        )
        raise Faulty([Fault(message, (), number)])
    titles = tuple(split(line, separator))
    while titles and not titles[-1]:
        titles = titles[:-1]  # a spreadsheet's empty columns
    places: dict[str, int] = {}
    faults = []
    for place, title in enumerate(titles):
        field = FIELDS.get(plain(title))
        if field is None:
            faults.append(
                f'The column "{shortened(title)}" is not known.{did_you_mean(plain(title), FIELDS)} Rename it or remove it.'
            )
        elif field in places:
            faults.append(f'The columns "{titles[places[field]]}" and "{title}" say the same. Keep one of them.')
        elif field:
            places[field] = place
    faults += _missing(places, market)
    if faults:
        raise Faulty([Fault(message, (), number) for message in faults])
    return Header(separator, places, titles)


def _missing(places: Mapping[str, int], market: Market) -> list[str]:
    faults = [f'The column "{field}" is missing.' for field in ("sender", "receiver") if field not in places]
    for one, other in (("amount", "amount_cents"), ("tick", "time")):
        if one in places and other in places:
            faults.append(f'Give the column "{one}" or "{other}", not both.')
        if one not in places and other not in places:
            faults.append(f'The column "{one}" or "{other}" is missing.')
    if "deadline" in places and "deadline_tick" in places:
        faults.append('Give the column "deadline" (ticks after the arrival, or a time) or "deadline_tick", not both.')
    if "time" in places and "day" not in places and market.days > 1:
        faults.append(f'The run has {market.days} days. Add a column "day", from 1 to {market.days}.')
    return faults


def _known(line: str, separator: str) -> int:
    try:
        return sum(plain(title) in FIELDS for title in split(line, separator))
    except csv.Error:
        return 0


def split(line: str, separator: str) -> list[str]:
    """The cells of a line. Raises csv.Error for quotes that are not closed."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    [cells] = csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True)
    return [cell.strip() for cell in cells]


def plain(title: str) -> str:
    """`Payment Value` as `payment_value`."""
    return re.sub(r"[\s_-]+", "_", title.strip().casefold())
