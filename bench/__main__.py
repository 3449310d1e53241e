"""`python -m bench [name …]`: run the measurements and print them as a table."""

from __future__ import annotations

import importlib
import sys

from rich.console import Console
from rich.table import Table

NAMES = (
    "start",
    "http",
    "pages",
    "lists",
    "turns",
    "throughput",
    "click",
    "sockets",
    "live",
    "heartbeat",
    "insight",
    "metrics",
    "compare",
    "performance",
    "payments",
    "optimization",
    "wealth",
    "social",
)


def main() -> None:
    chosen = sys.argv[1:] or NAMES
    unknown = set(chosen) - set(NAMES)
    if unknown:
        sys.exit(f"There is no bench {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.")
    table = Table("What", "Measured", "Goal", title="simweb, measured in this run")
    console = Console()
    for name in chosen:
        console.print(f"measuring {name} …", style="dim")
        for row in importlib.import_module(f"bench.{name}").bench():
            table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
