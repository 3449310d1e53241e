"""Machines for the tests of Celery: real processes, nothing stands in for anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.lab import Machines, require_services
from tests.web.server import Lab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.services)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Machines]:
    """A database and a Redis; no server yet, and no worker."""
    require_services()
    machines = Machines(tmp_path)
    try:
        machines.start()
        yield machines
    finally:
        machines.end()


@pytest.fixture
def machines(services: Machines) -> Machines:
    """A web server, PostgreSQL and Redis; no worker yet."""
    services.web.link = services.web.start()
    return services


@pytest.fixture
def token(machines: Machines) -> str:
    return machines.token


@pytest.fixture
def lab(machines: Machines, token: str) -> Iterator[Lab]:
    lab = Lab(machines.web.base, token)
    yield lab
    lab.client.close()
