"""Waiting for a condition, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 10, every: float = 0.01) -> T:
    """The first true answer of `condition`; fails the test when none comes in time."""
    until = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"after {seconds} s it still is not so: {condition}")
        time.sleep(every)
    return answer


async def wait_until_async(condition: Callable[[], Awaitable[T]], seconds: float = 10) -> T:
    """As `wait_until`, on the event loop."""
    until = time.monotonic() + seconds
    while not (answer := await condition()):
        if time.monotonic() > until:
            raise AssertionError(f"after {seconds} s it still is not so: {condition}")
        await asyncio.sleep(0.01)
    return answer
