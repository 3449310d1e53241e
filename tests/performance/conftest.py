"""A moment that stands still, and simulations to look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from runs.models import Simulation
from runs.simulations import create_simulation

NOW = datetime(2026, 11, 20, 14, 30, 15, 250_000, tzinfo=UTC)
SetNow = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> SetNow:
    """The clock says NOW until it is set; nothing is remembered from the test before."""

    def set_now(moment: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    cache.clear()
    set_now(NOW)
    return set_now


@pytest.fixture
def other(db: None) -> Simulation:
    return create_simulation(name="Another toy", scenario="toy", slug="another-toy")
