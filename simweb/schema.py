"""Schema: whether the database was made by this code, an older one, or a newer one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migrations = list[str]


@cache
def _known() -> tuple[set[tuple[str, str]], set[str]]:
    """The migrations of this code, and the rooms that have any."""
    loader = MigrationLoader(None)
    return set(loader.disk_migrations), set(loader.migrated_apps)


def unknown_migrations() -> Migrations:
    """Those that the database has and this code does not: a newer one has been here."""
    return unknown_among(MigrationRecorder(connection).applied_migrations())


def unknown_among(applied: Iterable[tuple[str, str]]) -> Migrations:
    """Of migrations, each a room and a name, those that this code does not have."""
    known, rooms = _known()
    return sorted(f"{room}.{name}" for room, name in applied if room in rooms and (room, name) not in known)


def missing_migrations() -> Migrations:
    """Those that this code has and the database does not."""
    known, _ = _known()
    return sorted(f"{room}.{name}" for room, name in known - set(MigrationRecorder(connection).applied_migrations()))


def refusal() -> str:
    """Why this code must not touch the database, and what to do; blank when it may."""
    if not (unknown := unknown_migrations()):
        return ""
    return (
        f"The database was made by a newer simweb: it has {', '.join(unknown[-3:])}, of which this version knows nothing. "
        "Start the newer version, or restore the backup that was made before it."
    )
