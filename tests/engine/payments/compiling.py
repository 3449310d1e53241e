"""Compiled rules for the tests: compiled once, whoever asks first, and kept beside the tests' other caches."""

from __future__ import annotations

from functools import cache

import pytest

from simweb.scenarios.payments import compiled, tables
from simweb.scenarios.payments.system import warm_up


@cache
def machine_code() -> tables.Tables:
    """Skips where Numba is missing."""
    pytest.importorskip("numba")
    warm_up()
    (compiled.folder() / compiled.DONE).touch()
    return tables.machine_code()
