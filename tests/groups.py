"""Which tests go to one process when two share the work: a pytest plugin, as `tests/__main__.py` asks for it.

A file's tests stay together, for its fixtures' sake; those at the doors go by their server, of which there are two a database.
"""

from __future__ import annotations

from zlib import crc32

import pytest

SERVERS = 2  # of each database


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every test into its group."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    asked = getattr(item, "callspec", None)
    server = asked.params.get("server") if asked else None
    return f"doors on {server} {crc32(item.path.name.encode()) % SERVERS}" if server else str(item.path)
