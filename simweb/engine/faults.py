"""Fault: one thing that is wrong with something a person wrote; Faulty: all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST_FAULTS = 50  # that are told of one text


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` leads to what is wrong, from the whole inwards; `line` counts from 1, and is None where there are no lines."""

    message: str
    path: tuple[str | int, ...] = ()
    line: int | None = None

    def __str__(self) -> str:
        """`line 3, agents[0].policy: There is no policy "Fiffo".`"""
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).removeprefix(".")
        place = ", ".join(filter(None, (f"line {self.line}" if self.line else "", steps)))
        return f"{place}: {self.message}" if place else self.message


class Faulty(ValueError):
    """What was written cannot be used; `faults` has at least one. A validator of parameters may raise it.

    One that sees all parameters says in `field` which of them the faults are about.
    """

    def __init__(self, faults: Iterable[Fault], field: str = "") -> None:
        self.faults = tuple(faults)
        self.field = field
        shown = [str(fault) for fault in self.faults[:MOST_FAULTS]]
        if len(self.faults) > MOST_FAULTS:
            shown.append(f"… and {len(self.faults) - MOST_FAULTS:,} more.")
        super().__init__("\n".join(shown))
