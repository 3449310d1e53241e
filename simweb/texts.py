"""Texts that no database can keep, NUL and lone surrogates, are refused at the door, whichever door it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from simweb.engine.texts import UNKEEPABLE


def can_be_kept(value: Any) -> bool:
    """True when every text in the value, however deep, can be written to a database."""
    if isinstance(value, dict):
        return all(can_be_kept(key) and can_be_kept(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(can_be_kept, value))
    return not isinstance(value, str) or not UNKEEPABLE.search(value)


class JsonParser(Parser):
    """Of the API's bodies. What it raises becomes a 400."""

    def parse_body(self, request: HttpRequest) -> Any:
        data = super().parse_body(request)
        if not can_be_kept(data):
            raise ValueError("texts may hold neither NUL nor lone surrogates")
        return data
