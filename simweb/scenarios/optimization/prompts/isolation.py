"""Isolation: the second look at what an agent is told, after fragments were chosen by their owners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from simweb.scenarios.optimization.prompts.fragments import PUBLIC, Fragment, told_to

HIDDEN = "[hidden]"
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)")
Numbers = frozenset[float]


@dataclass(frozen=True)
class Guard:
    """Guards what others own: where a text names one of them, that one's numbers are hidden, however they are written.

    `private` are the numbers of each agent, of which its own are its to see. What the subject vouches for stays as it is.
    """

    agent: str
    private: Mapping[str, Numbers] = field(default_factory=dict, repr=False)

    def passed(self, fragments: Iterable[Fragment]) -> list[Fragment]:
        """The fragments that the agent may see, as it may see them."""
        return [
            one if one.is_vouched else replace(one, text=self.cleaned(one.text))
            for one in told_to(self.agent, fragments)
        ]

    def cleaned(self, text: str) -> str:
        """The text with what it tells of others hidden."""
        return "\n".join(map(self._line, text.split("\n")))

    def _line(self, line: str) -> str:
        theirs: set[float] = set()
        for owner, numbers in self.private.items():
            if owner != self.agent and owner in line and re.search(rf"(?<!\w){re.escape(owner)}(?!\w)", line):
                theirs |= numbers
        if not theirs:
            return line
        return NUMBER.sub(lambda found: HIDDEN if _value(found.group()) in theirs else found.group(), line)


def private_numbers(fragments: Iterable[Fragment]) -> dict[str, Numbers]:
    """By agent: whatever number stands in its own fragments is its own."""
    found: dict[str, set[float]] = {}
    for fragment in fragments:
        if fragment.owner != PUBLIC:
            found.setdefault(fragment.owner, set()).update(numbers_in(fragment.text))
    return {owner: frozenset(numbers) for owner, numbers in found.items()}


def numbers_in(text: str) -> set[float]:
    """The values of all numbers in a text."""
    return {_value(found.group()) for found in NUMBER.finditer(text)}


def _value(written: str) -> float:
    return float(written.replace(",", ""))
