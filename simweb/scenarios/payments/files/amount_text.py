"""Amounts of money as people and spreadsheets write them. One that can be read in two ways is refused."""

from __future__ import annotations

import re

from simweb.scenarios.documents.suggestions import shown
from simweb.scenarios.payments.market import MOST_AMOUNT

LONGEST = 40

SEPARATOR = "[ \u00a0\u2009\u202f'’_.,]"
DIGITS = re.compile("[0-9]+")
GROUPS = re.compile(f"[1-9][0-9]{{0,2}}({SEPARATOR})[0-9]{{3}}(?:\\1[0-9]{{3}})*")
DECIMALS = re.compile(
    f"([0-9]+|[1-9][0-9]{{0,2}}(?P<groups>{SEPARATOR})[0-9]{{3}}(?:(?P=groups)[0-9]{{3}})*)(?P<point>[.,])([0-9]{{2}})"
)

WANTED = "Write 1234.56, always with two decimals, for units of the currency, or 123456 for cents"


def read_cents(text: str) -> int:
    """A whole number of cents; thousands may be separated. Raises ValueError with what to write."""
    if len(text) <= LONGEST and (DIGITS.fullmatch(text) or GROUPS.fullmatch(text)):
        return _within_bounds(text, _digits(text))
    raise ValueError(
        f"Write whole cents here, such as 123456, not {shown(text)}. Amounts with decimals go into a column amount."
    )


def read_amount(text: str) -> tuple[int, bool]:
    """Cents, and whether the amount was written in units with decimals.

    A number without decimals is cents: 1234, 1 234 567 and 1,234,567. One with exactly two is units: 1234.56, 1,234.56,
    1.234,56 and 1 234,56. Anything else is refused: 1,234 and 1.234, of which nobody knows whether they have thousands or
    decimals; one, three or more decimals; signs and currencies. Raises ValueError with what to write.
    """
    if len(text) <= LONGEST and DIGITS.fullmatch(text):
        return _within_bounds(text, _digits(text)), False
    if len(text) <= LONGEST and (groups := GROUPS.fullmatch(text)):
        if groups[1] in ".," and text.count(groups[1]) == 1:
            plain = text.replace(groups[1], "")
            decimals = text.replace(",", ".")
            raise ValueError(
                f"{text} can be {plain} or {decimals}. Write {plain} for cents, or {plain}.00 for units of the currency."
            )
        return _within_bounds(text, _digits(text)), False
    if len(text) <= LONGEST and (units := DECIMALS.fullmatch(text)) and units["point"] != units["groups"]:
        return _within_bounds(text, _digits(text)), True
    raise ValueError(f"{WANTED}, not {shown(text)}.")


def _digits(text: str) -> int:
    return int(re.sub("[^0-9]", "", text))


def _within_bounds(text: str, cents: int) -> int:
    if not 1 <= cents <= MOST_AMOUNT:
        raise ValueError(f"An amount is from 1 to {MOST_AMOUNT:,} cents; {text} is not.")
    return cents
