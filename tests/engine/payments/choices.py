"""Choices read off random bytes: many for one draw of Hypothesis, and zeros, to which it shrinks, choose what is plain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Every choice takes a byte; when none is left, the first option is taken."""

    def __init__(self, data: bytes) -> None:
        self.left = iter(data)

    def pick(self, options: Sequence[T]) -> T:
        return options[next(self.left, 0) % len(options)]

    def between(self, least: int, greatest: int) -> int:
        """Both included."""
        return self.pick(range(least, greatest + 1))

    def often(self) -> bool:
        return self.pick([False, True, True])

    def seldom(self) -> bool:
        return self.pick([False, False, False, True])

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """Up to so many different ones."""
        chosen = [self.pick(options) for _ in range(self.between(0, most))]
        return list(dict.fromkeys(chosen))
