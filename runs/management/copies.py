"""Copies of the database: a file of SQLite, whole although it is written to meanwhile, and put back in its place."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

ENDS = ("", "-wal", "-shm")  # what belongs to a database in WAL mode; without the second, the newest rows are missing
ELSEWHERE = "DATABASE_URL names a PostgreSQL, which has tools of its own. Call, {}:\n  {}"


def database_file(when: str, instead: str) -> Path:
    """Of this server. Raises CommandError, with what to call instead and when, for a database that is no file."""
    if connection.vendor != "sqlite":
        raise CommandError(ELSEWHERE.format(when, instead))
    return Path(settings.DATABASES[DEFAULT_DB_ALIAS]["NAME"])


def copy(source: Path, target: Path) -> None:
    """Copy a database as it is at this moment; who writes to it need not wait. Raises CommandError."""
    beside = target.with_name(f"{target.name}.partial")
    try:
        beside.unlink(missing_ok=True)
        with closing(_opened(source)) as old, closing(sqlite3.connect(beside)) as new:
            old.backup(new)  # in one step: a snapshot, which no writer makes it begin anew
            new.execute("PRAGMA journal_mode=DELETE")  # one file, and nothing that belongs to it
        beside.rename(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise CommandError(f"{source} cannot be copied to {target}: {error}.") from None


def check(file: Path) -> None:
    """Raise CommandError unless this is a whole database of simweb, and none of a newer version."""
    try:
        with closing(_opened(file)) as database:
            [[state], *_] = database.execute("PRAGMA quick_check").fetchall()
            applied = set(database.execute("SELECT app, name FROM django_migrations").fetchall())
            database.execute("SELECT 1 FROM runs_run LIMIT 1")
    except sqlite3.Error as error:
        raise CommandError(f"{file} is no backup of simweb: {error}.") from None
    if state != "ok":
        raise CommandError(f"{file} is damaged: {state}.")
    loader = MigrationLoader(None, ignore_no_migrations=True)
    unknown = {(app, name) for app, name in applied if app in loader.migrated_apps} - set(loader.disk_migrations)
    if unknown - set(loader.replacements):
        raise CommandError(f"{file} was made by a newer simweb than this one: it would not know what to do with it.")


def put_in_place(file: Path, place: Path) -> Path | None:
    """Make a copy of `file` the database; the one before is kept beside it, under the name that is returned."""
    made = place.with_name(f"{place.name}.restored")
    shutil.copyfile(file, made)
    before = place.with_name(f"{place.name}.before-{timezone.now():%Y%m%d-%H%M%S}")
    had_one = place.exists()
    for end in ENDS:
        with suppress(FileNotFoundError):
            Path(f"{place}{end}").rename(f"{before}{end}")
    made.rename(place)
    return before if had_one else None


def _opened(file: Path) -> sqlite3.Connection:
    """To be read only; where there is none, none is made."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
