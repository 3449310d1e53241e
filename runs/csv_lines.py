"""Lines of CSV, written in one way wherever this server writes any: what a spreadsheet would take for a formula is a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

BOM = "\ufeff"  # by which Excel knows UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r")
QUOTED = re.compile(r'[",;#\r\n]|^\s|\s$')  # "#", since readers that skip comments cut an unquoted cell there
JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def row(cells: Iterable[Any]) -> str:
    """A line of cells; None is an empty one, numbers are as they are, a text that begins like a formula gets a ' before it."""
    return ",".join(map(_cell, cells)) + "\n"


def note(words: str, *cells: Any) -> str:
    """A line that begins with #: words of ours, then cells. It stays one line whatever they hold."""
    told = [" ".join(cell.split()) if isinstance(cell, str) else cell for cell in cells]
    return ",".join([f"# {words}", *map(_cell, told)]) + "\n"


def note_json(words: str, value: Any) -> str:
    """A line that begins with #: words of ours, and a value as JSON, in which no cell of a spreadsheet can begin a formula."""
    text = json.dumps(value, separators=(",", ":"))
    return f"# {words}: {JSON_TEXT.sub(lambda found: _tame(found[0]), text)}\n"


def _tame(text: str) -> str:
    """The same JSON text without separators of cells, and without a beginning that a formula may have."""
    tamed = text.replace(",", r"\u002c").replace(";", r"\u003b")
    return f'"\\u{ord(text[1]):04x}{tamed[2:]}' if text[1] in FORMULA else tamed


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = f"'{value}" if value.startswith(FORMULA) else value
    return '"{}"'.format(text.replace('"', '""')) if QUOTED.search(text) else text
