"""Worlds that say more than anybody reads, write where they should not, and leave in places where nobody expects it."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, field_validator

from simweb.engine import Decision, Metric, Params, Problem, Scenario, TurnReport, View

MEBIBYTE = 1024 * 1024
TOO_LONG = 9 * MEBIBYTE  # a message that nobody reads; what is below 8 MiB is read
NAMES = [f"{number:0200d}" for number in range(60_000)]
CELLS = [{"values": number, "text": "t" * 4_000} for number in range(3_000)]
DECISION = Decision(agent="a", intent="i", outcome="success", reasoning="r" * 16_000, context={"c": "c" * 60_000})


def write_into_pipes(data: bytes) -> TurnReport:
    """Into every pipe of this process that it has not opened itself."""
    for file in Path("/proc/self/fd").iterdir():
        if int(file.name) > 2 and os.path.realpath(file).rpartition("/")[2].startswith("pipe:"):
            os.write(int(file.name), data)
    return TurnReport({})


def share(mebibytes: int) -> TurnReport:
    """Fill memory that other processes could see, and hold it."""
    shared = mmap.mmap(-1, mebibytes * MEBIBYTE)
    for start in range(0, len(shared), mmap.PAGESIZE):
        shared[start] = 1
    time.sleep(60)
    return TurnReport({}, tokens=len(shared))


def spread(mebibytes: int) -> TurnReport:
    """The same in processes of its own."""
    code = f"import time; held = bytearray(b'x' * ({mebibytes} * {MEBIBYTE // 4})); time.sleep(60)"
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    for child in children:
        child.wait()
    return TurnReport({})


TURNS: dict[str, Callable[[], Any]] = {
    "decisions": lambda: TurnReport({}, decisions=[DECISION] * 150),
    "problems": lambda: TurnReport({}, problems=[Problem("critical", "p" * 4_000)] * 3_000),
    "actions": lambda: TurnReport(dict.fromkeys(NAMES, 1)),
    "pipe": lambda: write_into_pipes(b"x" * TOO_LONG),
    "no-json": lambda: write_into_pipes(b"{]\n"),
    "no-message": lambda: write_into_pipes(b"[1]\n"),
    "deep": lambda: write_into_pipes(b"[" * 200_000 + b"\n"),
    "input": lambda: input("name? "),
    "share": lambda: share(500),
    "spread": lambda: spread(500),
    "exit-lines": lambda: sys.exit("y\n" * (20 * MEBIBYTE)),
}
MEASURED: dict[str, Callable[[], Any]] = {"rows": lambda: CELLS, "names": lambda: [dict.fromkeys(NAMES, 1)]}


class RudeParams(Params):
    """What to do in the second turn, or elsewhere."""

    how: str = Field("", title="How")
    numbers: list[int] = Field([], title="Numbers")

    @field_validator("how")
    @classmethod
    def bear_with(cls, how: str) -> str:
        """Some values cannot be borne, at great length."""
        if how == "check":
            raise ValueError("x" * TOO_LONG)
        return how


class Rude(Scenario):
    """Polite but for one thing."""

    key = "rude"
    title = "Rude"
    default_turns = 3
    Params = RudeParams
    metrics = (
        Metric("turn.rude.table", "Table", lambda c: c.scenario.measured(c.turn), kind="table"),
        Metric("turn.rude.goes", "Goes", lambda c: int(Path("/proc/self/oom_score_adj").read_text())),
        Metric("run.rude.table", "Table of the run", lambda c: c.scenario.measured(0), scope="run", kind="table"),
    )
    default_metric_keys = tuple(metric.key for metric in metrics)

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        if params.how == "construct":
            sys.exit("at construction")
        self.number = 0

    def turn(self) -> TurnReport:
        self.number += 1
        return TURNS.get(self.params.how, lambda: TurnReport({"go": 1}))() if self.number == 2 else TurnReport({})

    def measured(self, turn: int) -> Any:
        """Small tables, but for the one that is asked for."""
        how = {2: self.params.how, 0: self.params.how.removeprefix("run-")}.get(turn, "")
        return MEASURED[how]() if how in MEASURED and (turn or self.params.how.startswith("run-")) else []

    def checkpoint(self) -> dict[str, Any] | None:
        return {"all": "c" * TOO_LONG} if self.params.how == "checkpoint" and self.number == 2 else None

    def view(self) -> View | None:
        if self.params.how == "view-exit":
            sys.exit("in a view")
        if self.params.how == "view":
            return View("bars", {"heights": [1.0] * 2_000_000, "labels": [], "curve": []})
        return None


SETTING = "rude=tests.rude_worlds:Rude"
