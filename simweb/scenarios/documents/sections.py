"""A block of fields in a scenario file: takes the fields out one by one and notes all that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from simweb.engine import Fault
from simweb.scenarios.documents.suggestions import did_you_mean, shortened, shown
from simweb.scenarios.documents.yaml_text import UNREADABLE, Document, Path


class Complaints:
    """All that is wrong with a document, in the order of its lines."""

    def __init__(self, document: Document, other_words: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.document = document
        self.other_words = other_words or {}  # of other files and programs, and the fields that are meant by them
        self.found = list(document.faults)

    def add(self, message: str, path: Path) -> None:
        """Note what is wrong at this path."""
        self.found.append(Fault(message, path, self.document.line(path)))

    def sorted(self) -> list[Fault]:
        """From the first line to the last."""
        return sorted(self.found, key=lambda fault: fault.line or 0)


class Section:
    """Fields that stand together. Each method takes one out by its name; what cannot be used is noted, and the default returned.

    A field without a value is one that is not given. `close` notes the fields that nobody asked for.
    """

    def __init__(self, complaints: Complaints, path: Path, fields: Mapping[str, Any]) -> None:
        self.complaints = complaints
        self.path = path
        self.fields = fields
        self.asked: dict[str, None] = {}

    def raw(self, key: str) -> Any:
        """The value as it stands, or None."""
        self.asked[key] = None
        value = self.fields.get(key)
        return None if value is UNREADABLE else value

    def has(self, key: str) -> bool:
        """Whether the field is given, if only with a value that cannot be read."""
        self.asked[key] = None
        return self.fields.get(key) is not None

    def complain(self, key: str, message: str) -> None:
        """Note what is wrong with a field."""
        self.complaints.add(message, (*self.path, key))

    def required(self, key: str) -> bool:
        """Whether the field is given; notes it when it is not."""
        if self.has(key):
            return True
        self.complain(key, f'"{key}" is missing here.')
        return False

    def integer(self, key: str, default: int, least: int, most: int, *, required: bool = False) -> int:
        """A whole number within bounds."""
        value = self.optional_integer(key, least, most, required=required)
        return default if value is None else value

    def optional_integer(self, key: str, least: int, most: int, *, required: bool = False) -> int | None:
        """A whole number within bounds, or None where there is none."""
        if required and not self.required(key):
            return None
        value = self.raw(key)
        if value is None:
            return None
        whole = whole_number(value)
        if whole is None or not least <= whole <= most:
            self.complain(key, f"Write a whole number from {least:,} to {most:,} here, not {shown(value)}.")
            return None
        return whole

    def number(self, key: str, default: float, least: float, most: float, *, required: bool = False) -> float:
        """A number within bounds."""
        if required and not self.required(key):
            return default
        value = self.raw(key)
        if value is None:
            return default
        if not is_number(value) or not least <= value <= most:
            self.complain(key, f"Write a number from {least:,} to {most:,} here, not {shown(value)}.")
            return default
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.complain(key, f"Write true or false here, not {shown(value)}.")
            return default
        return value

    def word(self, key: str, known: Collection[str], *, required: bool = False) -> str:
        """One of the known words, or an empty text."""
        if required and not self.required(key):
            return ""
        value = self.raw(key)
        if value is None:
            return ""
        if not isinstance(value, str) or value not in known:
            hint = did_you_mean(str(value), known)
            self.complain(key, f"Write {alternatives(known)} here, not {shown(value)}.{hint}")
            return ""
        return value

    def bank(self, key: str, names: Collection[str]) -> str:
        """The name of a bank that exists, or an empty text."""
        if not self.required(key):
            return ""
        value = self.raw(key)
        if value is None:
            return ""
        if not isinstance(value, str) or value not in names:
            self.complain(key, no_bank(value, names))
            return ""
        return value

    def section(self, key: str, *, required: bool = False) -> Section | None:
        """The block of fields of this name."""
        if required and not self.required(key):
            return None
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.complain(key, f"Write a block of fields here, not {shown(value)}.")
            return None
        return Section(self.complaints, (*self.path, key), value)

    def items(self, key: str) -> list[Any]:
        """The items of a list; none where there is no list."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.complain(key, f"Write a list here, each item after a dash, not {shown(value)}.")
            return []
        return value

    def sections(self, key: str) -> Iterator[Section]:
        """The blocks of a list."""
        for index, item in enumerate(self.items(key)):
            path = (*self.path, key, index)
            if isinstance(item, dict):
                yield Section(self.complaints, path, item)
            elif item is not UNREADABLE:
                self.complaints.add(f"Write a block of fields here, not {shown(item)}.", path)

    def by_bank(self, key: str, names: Collection[str], owner: str) -> Iterator[tuple[str, Section]]:
        """Of a block that says something of each of the other banks: the bank, and the block."""
        block = self.section(key)
        if block is None:
            return
        for name in block.fields:
            if name not in names:
                block.complain(name, no_bank(name, names))
            elif name == owner:
                block.complain(name, f"{owner} cannot stand among its own counterparties. Remove this line.")
            else:
                yield name, block

    def close(self) -> None:
        """Note the fields that are not known here."""
        for key in self.fields:
            if key not in self.asked:
                meant = next((word for word in self.complaints.other_words.get(key, ()) if word in self.asked), "")
                hint = f' Did you mean "{meant}"?' if meant else did_you_mean(key, self.asked)
                known = "" if hint else f" Known here: {', '.join(self.asked)}."
                self.complain(key, f'"{shortened(key)}" is not a field that is known here.{hint}{known}')


def is_number(value: Any) -> bool:
    """A number, and not true or false, which Python counts among them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole_number(value: Any) -> int | None:
    """Of 5, 5.0 and 5e0 the number 5; of anything else None."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def no_bank(value: Any, names: Collection[str]) -> str:
    """What to say of a name that no bank has."""
    if is_number(value):
        return f'Names of banks are texts. Put this one in quotes: "{value}".'
    return f"There is no bank {shown(value)}.{did_you_mean(str(value), names)}"


def alternatives(words: Collection[str]) -> str:
    """`a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
