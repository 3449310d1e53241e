"""Databases as a server's first start leaves them, with a token of an admin: made once, and copied for each test of it."""

from __future__ import annotations

import atexit
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg

from tests.environment import DATA_DIR
from tests.postgres import ADDRESS
from tests.web.server import Server

MAKE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("token", "prepared", role="admin")
"""


def prepare(server: Server) -> str:
    """Give a server that was never started its tables; the token."""
    file, token = _on_sqlite()
    place = Path(server.env["SIMWEB_DATA_DIR"]) / file.name
    with closing(sqlite3.connect(file)) as made, closing(sqlite3.connect(place)) as copy:
        made.backup(copy)
    return token


def create_prepared_database(name: str) -> str:
    """Make a database of this name on PostgreSQL, with all tables; the token."""
    template, token = _on_postgresql()
    _execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return token


@cache
def _on_sqlite() -> tuple[Path, str]:
    folder = Path(mkdtemp(dir=DATA_DIR))
    return folder / "simweb.sqlite3", _made(Server(folder))


@cache
def _on_postgresql() -> tuple[str, str]:
    name = f"simweb_prepared_{uuid4().hex[:12]}"
    _execute(f'CREATE DATABASE "{name}"')
    atexit.register(_execute, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    address = f"{ADDRESS.rpartition('/')[0]}/{name}"
    return name, _made(Server(Path(mkdtemp(dir=DATA_DIR)), DATABASE_URL=address))


def _made(server: Server) -> str:
    return server.manage("shell", "-v", "0", "-c", MAKE).split()[-1]


def _execute(sql: str) -> None:
    with psycopg.connect(ADDRESS, autocommit=True) as database:
        database.execute(sql)
