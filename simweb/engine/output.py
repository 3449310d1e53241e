"""Output: what a scenario returns beside its metrics, as plain JSON of bounded size."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from simweb.engine.numbers import plain
from simweb.engine.scenario import Problem
from simweb.engine.texts import LONG_CHARACTERS, NAME_CHARACTERS, keepable, text_of

OUTPUT_CHARACTERS = 64_000
MOST_VALUES = 50_000  # more have more characters than are kept
DEEPEST = 20
FIX = f"Return less: {OUTPUT_CHARACTERS:,} characters of JSON are kept, in order of the names."


def output_of(said: Any) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The object as JSON that every database can keep, and what is doubtful about it; None where nothing was returned.

    NumPy's numbers and arrays are plain ones; NaN, infinity and what is too large are null; what has no JSON is its text.
    What does not fit is left out, name by name, and that is a Problem.
    """
    if said is None:
        return None, []
    if not isinstance(said, Mapping):
        return None, [_doubt(f"output_data is left out: expected a dict, got {type(said).__name__}", "Return a dict.")]
    kept: dict[str, Any] = {}
    left_out: list[str] = []
    size = len("{}")
    try:
        for key, value in said.items():
            name = keepable(key, NAME_CHARACTERS)
            told = {name: _kept(value)}
            length = len(json.dumps(told))
            if told[name] is _TOO_MUCH or size + length > OUTPUT_CHARACTERS:
                left_out.append(name)
                continue
            kept |= told
            size += length
    except Exception as error:  # a mapping may raise whatever it likes
        return None, [_doubt(f"output_data is left out: {type(error).__name__}: {text_of(error)}", "")]
    names = ", ".join(repr(name) for name in left_out[:5])
    more = f" and {len(left_out) - 5:,} more" if len(left_out) > 5 else ""
    return kept, [_doubt(f"output_data lacks {names}{more}: too large", FIX)] if left_out else []


_TOO_MUCH = "too much"


def _kept(value: Any) -> Any:
    try:
        return _Plain().of(value)
    except _TooMuch:
        return _TOO_MUCH


class _TooMuch(Exception):
    """There is no end to the value, or none that could be kept."""


class _Plain:
    """Takes a value apart; one that never ends, or holds itself, is given up."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def of(self, value: Any, depth: int = 0) -> Any:
        """The value as JSON. Raises _TooMuch."""
        self._left -= 1
        if self._left < 0:
            raise _TooMuch
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return keepable(value, LONG_CHARACTERS)
        if isinstance(value, np.ndarray | np.generic):
            return self.of(value.tolist(), depth + 1)
        if isinstance(value, Mapping | list | tuple | Set):
            return self._inside(value, depth + 1)
        try:
            return plain(value)
        except ValueError:
            return None
        except TypeError:
            return keepable(value, LONG_CHARACTERS)

    def _inside(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            return f"<{type(value).__name__} that lies deeper than {DEEPEST} levels>"
        if isinstance(value, Mapping):
            return {keepable(key, NAME_CHARACTERS): self.of(item, depth) for key, item in value.items()}
        return [self.of(item, depth) for item in value]


def _doubt(description: str, fix: str) -> Problem:
    return Problem("warning", description, suggested_fix=fix)
