"""`python -m tests.postgres`: the database tests once more, on PostgreSQL. Part of `make test`."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg

ADDRESS = os.environ.get("SIMWEB_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
FOLDERS = ("tests/runs", "tests/metrics", "tests/performance", "tests/access")


def main() -> int:
    """The tests' exit status; 0 with a reason where there is no PostgreSQL and none is required."""
    try:
        psycopg.connect(ADDRESS, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        required = "services" in os.environ.get("SIMWEB_REQUIRE", "")
        print(f"{'Failed' if required else 'Skipped'}: the tests on PostgreSQL, because {error}")  # noqa: T201
        return int(required)
    print(f"The database tests again, on PostgreSQL ({', '.join(FOLDERS)}):", flush=True)  # noqa: T201
    command = [sys.executable, "-m", "pytest", "--create-db", *FOLDERS]
    return subprocess.run(command, env={**os.environ, "DATABASE_URL": ADDRESS}).returncode


if __name__ == "__main__":
    sys.exit(main())
