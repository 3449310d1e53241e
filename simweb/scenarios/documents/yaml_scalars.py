"""Single values of YAML, read as people mean them; what YAML 1.1 would silently read as something else is refused."""

from __future__ import annotations

import math
import re

from simweb.scenarios.documents.suggestions import shortened

MOST_DIGITS = 30
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
FLAGS = {word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())}
OLD_FLAGS = frozenset({"y", "n", "yes", "no", "on", "off"})

WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
GROUPED = re.compile(r"[-+]?[1-9][0-9]{0,2}(_[0-9]{3})+")
DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]{1,5})?")
NOT_FINITE = re.compile(r"[-+]?\.?(inf|nan|infinity)", re.IGNORECASE)
OTHER_BASE = re.compile(r"[-+]?0[box][0-9a-f_]+", re.IGNORECASE)
LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+(\.[0-9_]*)?")
UNDERSCORED = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?_?")
SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")

Scalar = None | bool | int | float | str


def read_plain(text: str) -> Scalar:
    """The value that stands without quotes. Raises ValueError, with what to write instead, for one that is read in two ways."""
    if text in NOTHING:
        return None
    if text in FLAGS:
        return FLAGS[text]
    if text.casefold() in OLD_FLAGS:
        raise ValueError(f'Write true or false instead of {text}; if it is a name, put it in quotes: "{text}".')
    if text[0] not in "+-.0123456789":
        _refuse_not_finite(text)
        return text
    return _number(text)


def _number(text: str) -> int | float | str:
    """What begins like a number."""
    if len(text) > MOST_DIGITS and WHOLE.fullmatch(text):
        raise ValueError(f"{shortened(text)} has more than {MOST_DIGITS} digits; write a smaller number.")
    if WHOLE.fullmatch(text) or GROUPED.fullmatch(text):
        return int(text.replace("_", ""))
    if any(c.isdigit() for c in text) and DECIMAL.fullmatch(text):
        return _finite(text)
    _refuse_not_finite(text)
    _refuse_traps(text)
    return text


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{shortened(text)} is too large; write a smaller number.")
    return value


def _refuse_not_finite(text: str) -> None:
    if NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a number that can be reckoned with; write a finite one.")


def _refuse_traps(text: str) -> None:
    name = f'if it is a name, put it in quotes: "{shortened(text)}"'
    if LEADING_ZERO.fullmatch(text):
        raise ValueError(
            f"{shortened(text)} begins with a 0, which can mean an octal number; leave the 0 out, or {name}."
        )
    if OTHER_BASE.fullmatch(text):
        raise ValueError(f"{shortened(text)} is not a decimal number; write it in decimal digits, or {name}.")
    if UNDERSCORED.fullmatch(text):
        raise ValueError(f"{shortened(text)} has underscores in unusual places; write only digits, or {name}.")
    if SEXAGESIMAL.fullmatch(text):
        raise ValueError(f"{shortened(text)} can mean a number to the base 60; write a plain number, or {name}.")
