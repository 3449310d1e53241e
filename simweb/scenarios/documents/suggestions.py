"""What a person may have meant by a word that is not known."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

SHOWN = 60  # characters of what a person wrote


def shown(value: Any) -> str:
    """A value as a message quotes it."""
    if isinstance(value, dict):
        return "several fields"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return shortened(f"{value}")
    return f'"{shortened(str(value))}"'


def shortened(text: str) -> str:
    """At most SHOWN characters, on one line."""
    line = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text[: SHOWN + 1])
    return line if len(line) <= SHOWN else line[:SHOWN] + "…"


def closest(word: str, known: Collection[str]) -> str:
    """The known word that is most like this one, or nothing."""
    plain = {name.casefold(): name for name in known}
    likely = get_close_matches(word[:SHOWN].casefold(), plain, n=1)
    return plain[likely[0]] if likely else ""


def did_you_mean(word: Any, known: Collection[str]) -> str:
    """` Did you mean "tick"?`, or nothing where no known word is like this one."""
    likely = closest(str(word), known)
    return f' Did you mean "{likely}"?' if likely else ""
