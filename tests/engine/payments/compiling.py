"""Compiled rules for the tests: compiled once, by whoever asks first; the others wait and load them."""

from __future__ import annotations

import fcntl
from functools import cache

import pytest

from simweb.scenarios.payments import compiled, tables
from simweb.scenarios.payments.system import warm_up


@cache
def machine_code() -> tables.Tables:
    """Skips where Numba is missing."""
    pytest.importorskip("numba")
    compiled.folder().mkdir(parents=True, exist_ok=True)
    with (compiled.folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        warm_up()
        (compiled.folder() / compiled.DONE).touch()
    return tables.machine_code()
