"""A server with the worlds of `tests/scenarios.py` on a database of its own, of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from tests.postgres import ADDRESS, HASTY, missing
from tests.requirements import require
from tests.web.server import Server


@contextmanager
def serving(folder: Path, database: str, **settings: str) -> Iterator[Server]:
    """Started, on "sqlite" or "postgresql"; skips where there is none."""
    if database == "sqlite":
        yield from _started(Server(folder, SIMWEB_WORKERS="2", **settings))
        return
    reason = missing()
    require("services", not reason, f"no PostgreSQL here: {reason}")
    name = f"simweb_doors_{uuid4().hex[:12]}"
    with psycopg.connect(ADDRESS, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        address = HASTY.replace(ADDRESS, f"{ADDRESS.rpartition('/')[0]}/{name}")
        yield from _started(Server(folder, SIMWEB_WORKERS="2", DATABASE_URL=address, **settings))
    finally:
        with psycopg.connect(ADDRESS, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _started(server: Server) -> Iterator[Server]:
    try:
        server.link = server.start()
        yield server
    finally:
        server.stop()
