"""`python -m tests`: everything, as `make test` does it. What shares no port and no processor goes two at a time."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.postgres import HASTY, missing

TWO_AT_A_TIME = ("-n", "2", "--dist", "loadfile")
WITH_DATABASE = ("tests/metrics", "tests/runs", "tests/performance", "tests/access")
FAST = (*TWO_AT_A_TIME, "tests/engine", "tests/test_architecture.py", *WITH_DATABASE)
ON_SQLITE_ANYWAY = ("--ignore", "tests/performance/test_tracing.py")  # its processes have a database of their own
ALONE = ("tests/web", "tests/faults", "tests/services")


def main() -> int:
    """The tests' exit status. Without a PostgreSQL its part is left out, with the reason, unless it is required."""
    failed = [part("On SQLite", *FAST), part("In a browser, with faults, with services", *ALONE)]
    if reason := missing():
        required = "services" in os.environ.get("SIMWEB_REQUIRE", "")
        print(f"{'Failed' if required else 'Skipped'}: the tests on PostgreSQL, because {reason}")  # noqa: T201
        return int(any(failed) or required)
    failed.append(
        part("On PostgreSQL", "--create-db", *TWO_AT_A_TIME, *ON_SQLITE_ANYWAY, *WITH_DATABASE, DATABASE_URL=HASTY)
    )
    return int(any(failed))


def part(title: str, *arguments: str, **environment: str) -> bool:
    """Whether something in it failed."""
    print(f"{title}:", flush=True)  # noqa: T201
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
