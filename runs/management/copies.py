"""Copies of the database: a file of SQLite, whole although it is written to meanwhile, and put back in its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, connection
from django.utils import timezone

from simweb import schema

BESIDE = ("-wal", "-shm", "-journal")  # what may belong to a database; without the first, the newest rows are missing
# What was ended since the backup would be valid again.
END_WAYS_IN = {"django_session": "DELETE FROM django_session", "access_signinlink": "DELETE FROM access_signinlink"}
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
            applied = database.execute("SELECT app, name FROM django_migrations").fetchall()
            database.execute("SELECT 1 FROM runs_run LIMIT 1")
    except sqlite3.Error as error:
        raise CommandError(f"{file} is no backup of simweb: {error}.") from None
    if state != "ok":
        raise CommandError(f"{file} is damaged: {state}.")
    if schema.unknown_among(applied):
        raise CommandError(f"{file} was made by a newer simweb than this one: it would not know what to do with it.")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: where the database before is kept, if there was one, and how many tokens are valid again."""

    before: Path | None
    tokens: int


def put_in_place(file: Path, place: Path) -> Restored:
    """Make a copy of `file` the database, with nobody signed in; the one before is kept beside it. At every moment there
    is a whole database in the place. Raises CommandError.
    """
    place = place.resolve()
    made = place.with_name(f"{place.name}.restored")
    copy(file, made)
    try:
        tokens = _forget_who_is_signed_in(made)
        before = _keep_beside(place) if place.exists() else None
        os.replace(made, place)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(f"{file} cannot be put in the place of {place}: {error}.") from None
    return Restored(before, tokens)


def _forget_who_is_signed_in(file: Path) -> int:
    """How many tokens there are, which stay."""
    with closing(sqlite3.connect(file)) as database:
        tables = {name for [name] in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables & END_WAYS_IN.keys():
            database.execute(END_WAYS_IN[table])
        database.commit()
        if "access_token" not in tables:
            return 0
        [tokens] = database.execute("SELECT COUNT(*) FROM access_token").fetchone()
        return int(tokens)


def _keep_beside(place: Path) -> Path:
    """A second name for the database, which stays where it is. What lay beside it belongs to no other: that goes along."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(place)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # whole without what lies beside it, unless it is damaged
    before = place.with_name(f"{place.name}.before-{timezone.now():%Y%m%d-%H%M%S}")
    try:
        os.link(place, before)
    except FileExistsError:
        raise
    except OSError:  # a file system that knows no second names
        shutil.copyfile(place, before)
    for end in BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{place}{end}").rename(f"{before}{end}")
    return before


def _opened(file: Path) -> sqlite3.Connection:
    """To be read only; where there is none, none is made."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
