"""Texts that no database can keep, NUL and lone surrogates, are refused at the door, whichever door it is."""

from __future__ import annotations

import json
import math
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from simweb.engine.texts import UNKEEPABLE

MOST_DIGITS = 310  # the largest float has 309


def can_be_kept(value: Any) -> bool:
    """True when every text in the value, however deep, can be written to a database."""
    if isinstance(value, dict):
        return all(can_be_kept(key) and can_be_kept(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(can_be_kept, value))
    return not isinstance(value, str) or not UNKEEPABLE.search(value)


def read_json(data: bytes) -> Any:
    """Strict JSON, with or without a byte-order mark, in UTF-8, UTF-16 or UTF-32. Raises ValueError.

    NaN and Infinity are no JSON, and numbers of hundreds of digits are nothing that anybody can use.
    """
    try:
        return json.loads(data, parse_constant=_no_constant, parse_int=_whole, parse_float=_fraction)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number has more than {MOST_DIGITS} digits")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is larger than any number here")
    return number


class JsonParser(Parser):
    """Of the API's bodies. What it raises becomes a 400."""

    def parse_body(self, request: HttpRequest) -> Any:
        data = read_json(request.body)
        if not can_be_kept(data):
            raise ValueError("texts may hold neither NUL nor lone surrogates")
        if not isinstance(
            data, dict | None
        ):  # a list has no attributes: a schema of optional fields would take it for {}
            raise ValueError("an object is expected, such as {}")
        return data
