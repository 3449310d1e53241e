"""Texts and lists of texts in a section of a document; what is wrong with them is noted there."""

from __future__ import annotations

from typing import Any

from simweb.scenarios.documents.sections import Section, is_number
from simweb.scenarios.documents.suggestions import shown
from simweb.scenarios.documents.yaml_text import UNREADABLE

LONGEST_NAME = 100
LONGEST_TEXT = 100_000


def text(section: Section, key: str, default: str = "", *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
    """A text; of one that is required, not an empty one."""
    if required and not section.required(key):
        return default
    value = section.raw(key)
    if value is None:
        return default
    if not isinstance(value, str):
        quoted = f' If it is a name, put it in quotes: "{value}".' if is_number(value) else ""
        section.complain(key, f"Write a text here, not {shown(value)}.{quoted}")
    elif len(value) > longest:
        section.complain(key, f"This has {len(value):,} characters; at most {longest:,} are read.")
    elif required and not value.strip():
        section.complain(key, "Write a text here; this one is empty.")
    else:
        return value
    return default


def texts(section: Section, key: str, *, what: str) -> tuple[str, ...]:
    """The texts of a list, each once; `what` is what one of them is called."""
    found: list[str] = []
    for number, item in enumerate(section.items(key)):
        path = (*section.path, key, number)
        if item is UNREADABLE:
            continue
        if not isinstance(item, str) or not item.strip():
            section.complaints.add(f"Write the name of {what} here, not {shown(item)}.", path)
        elif item in found:
            section.complaints.add(f"{shown(item)} stands here twice. Remove one of them.", path)
        else:
            found.append(item)
    return tuple(found)


def is_readable(value: Any) -> bool:
    """Whether nothing in it has been complained about already."""
    if isinstance(value, dict):
        return all(map(is_readable, value.values()))
    if isinstance(value, list):
        return all(map(is_readable, value))
    return value is not UNREADABLE
