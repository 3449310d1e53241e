"""Where the PostgreSQL of the tests is."""

from __future__ import annotations

import os

import psycopg

ADDRESS = os.environ.get("SIMWEB_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
# What a test commits need not outlive the machine.
HASTY = f"{ADDRESS}{'&' if '?' in ADDRESS else '?'}options=-c%20synchronous_commit%3Doff"


def missing() -> str:
    """Why there is none; nothing when there is one."""
    try:
        psycopg.connect(ADDRESS, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return str(error)
    return ""
