"""`python -m tests`: everything, as `make test` does it. What shares nothing but the processor goes three at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.postgres import HASTY, missing

SIDE_BY_SIDE = ("-n", "3", "--dist", "loadgroup", "-p", "tests.groups")  # on two cores: who asks a server mostly waits
WITH_DATABASE = ("tests/metrics", "tests/runs", "tests/performance", "tests/access")
FAST = (
    *SIDE_BY_SIDE,
    "tests/doors",
    "tests/engine",
    "tests/experiments",
    "tests/test_architecture.py",
    *WITH_DATABASE,
)  # the longest first
TWO_BROWSERS = ("-n", "2", "--dist", "loadgroup", "-p", "tests.groups")
BROWSER, SERVERS = (*TWO_BROWSERS, "tests/web"), ("tests/faults", "tests/services")
# What asks no database, has one of its own, or is about processes and not about rows.
ALIKE_ANYWHERE = (
    *("tests/performance/test_tracing.py", "tests/access/test_settings.py", "tests/access/test_addresses.py"),
    *("tests/runs/test_local_executor.py", "tests/runs/test_no_child.py", "tests/runs/test_log.py"),
    *(
        "tests/runs/test_typed.py",
        "tests/runs/test_states.py",
        "tests/runs/test_webhooks.py",
        "tests/runs/test_mail.py",
    ),
    "tests/runs/test_api_document.py",
)
ON_POSTGRES = ("--create-db", *SIDE_BY_SIDE, *(f"--ignore={path}" for path in ALIKE_ANYWHERE), *WITH_DATABASE)


def main() -> int:
    """The tests' exit status. Without a PostgreSQL its part is left out, with the reason, unless it is required."""
    failed = [run("On SQLite, and with faults and services", [FAST, SERVERS]), run("In a browser", [BROWSER])]
    if reason := missing():
        required = "services" in os.environ.get("SIMWEB_REQUIRE", "")
        print(f"{'Failed' if required else 'Skipped'}: the tests on PostgreSQL, because {reason}")  # noqa: T201
        return int(any(failed) or required)
    failed.append(run("On PostgreSQL", [ON_POSTGRES], DATABASE_URL=HASTY))
    return int(any(failed))


def run(title: str, parts: Sequence[tuple[str, ...]], **environment: str) -> bool:
    """Run the parts side by side and tell what they said, one after the other. Whether something failed."""
    print(f"{title}:", flush=True)  # noqa: T201
    env = {**os.environ, **environment}
    first, *others = map(_pytest, parts)
    with ThreadPoolExecutor() as pool:
        told = {"env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        beside = [pool.submit(subprocess.run, command, **told) for command in others]
        failed = [subprocess.run(first, env=env).returncode != 0]
        for done in beside:
            print(done.result().stdout, flush=True)  # noqa: T201
            failed.append(done.result().returncode != 0)
    return any(failed)


def _pytest(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


if __name__ == "__main__":
    sys.exit(main())
