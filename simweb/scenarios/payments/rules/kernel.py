"""kernel: marks a function of the rules. In the compiled copy of this package it makes machine code; here it does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

COPY = "simweb.scenarios.payments.compiled_rules"  # the name under which `compiled.py` loads this package again
F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """The function as it is; in the compiled copy, its machine code."""
    return _compiled(function) if _compiled else function


def inlined(function: F) -> F:
    """The same, where it is called often or from one place: its code stands there, as a call would hand over all tables."""
    return _inlined(function) if _inlined else function


_compiled: Any = None
_inlined: Any = None
if __name__.startswith(COPY):
    from numba import njit

    # No rule makes a table, so none needs Numba's counting of references: with it, each call of a kernel counts nineteen
    # tables up and down, and a play takes eight times as long.
    options: dict[str, Any] = {"cache": True, "_nrt": False, "nogil": True}
    _compiled = njit(**options)
    _inlined = njit(**options, forceinline=True)
