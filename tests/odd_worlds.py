"""Worlds whose authors make every mistake there is in what they report."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from simweb.engine import Decision, Metric, Option, Params, Problem, Scenario, Settled, TurnReport, View

LONG = 5_000_000
ROWS = [{"items": 1, "": "x" * 10_000}, {"values": 2, "keys": 3}]


class Mute(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise ValueError("no words")


class Leaving(Exception):
    """Ends the process when it is read."""

    def __str__(self) -> str:
        sys.exit("no words")


class Unspeakable(BaseException):
    """Neither text nor anything else."""

    def __repr__(self) -> str:
        raise ValueError("no words")

    __str__ = __repr__


def leave(reason: Any) -> Any:
    """What raises it, as an expression."""
    raise reason


def decided(**more: Any) -> TurnReport:
    """A report of one decision."""
    return TurnReport({"decide": 1}, decisions=[Decision(agent="ada", intent="choose", outcome="success", **more)])


ENDS: dict[str, Callable[[], Any]] = {
    "exit": lambda: sys.exit("bad config"),
    "exit-silently": lambda: sys.exit(),
    "interrupt": lambda: leave(KeyboardInterrupt("by the model")),
    "cancelled": lambda: leave(asyncio.CancelledError("no longer wanted")),
    "generator-exit": lambda: leave(GeneratorExit("gone")),
    "mute": lambda: leave(Mute()),
    "leaving": lambda: leave(Leaving()),
    "unspeakable": lambda: leave(Unspeakable()),
    "surrogate": lambda: leave(RuntimeError("half a \ud800 character and \0")),
    "long": lambda: leave(RuntimeError("begin" + "x" * LONG + "end")),
    "nothing": lambda: None,
    "no-problem": lambda: TurnReport({}, problems=["oops"]),  # type: ignore[list-item]
}
SAYS: dict[str, Callable[[], Any]] = {
    "cost-huge": lambda: TurnReport({}, cost_usd=1e12),
    "cost-nan": lambda: TurnReport({}, cost_usd=float("nan")),
    "cost-negative": lambda: TurnReport({}, cost_usd=-1),
    "cost-text": lambda: TurnReport({}, cost_usd="much"),  # type: ignore[arg-type]
    "cost-numpy": lambda: TurnReport({}, cost_usd=np.float32(0.5), tokens=np.int64(3)),
    "cost-adds-up": lambda: TurnReport({}, cost_usd=60_000_000.0),
    "tokens-huge": lambda: TurnReport({}, tokens=2**70),
    "tokens-fraction": lambda: TurnReport({}, tokens=2.5),  # type: ignore[arg-type]
    "tokens-negative": lambda: TurnReport({}, tokens=-5),
    "decision-cost": lambda: decided(cost_usd=1e15, tokens=2**60, latency_ms=float("inf")),
    "decision-numpy": lambda: decided(
        cost_usd=np.float64(0.25), tokens=np.int32(7), options=[Option("a", confidence=np.float32(0.5))]
    ),
    "settled-cost": lambda: TurnReport(
        {},
        decisions=[Decision(agent="ada", intent="x", key="k")],
        settled=[Settled("k", "success", cost_usd=float("nan"))],
    ),
    "start-nan": lambda: decided(start_ms=float("nan"), node=7, latency_ms=1),
    "start-negative": lambda: decided(start_ms=-1, node="n\0\ud800"),
    "start-late": lambda: decided(start_ms=1e15, node="n" * 10_000, latency_ms=1e14),
    "start-text": lambda: decided(start_ms="soon", node=""),
    "actions": lambda: TurnReport({"minus": -1, "half": 2.5, "nan": float("nan"), "fine": 3.0, "many": 2**80}),  # type: ignore[dict-item]
    "surrogates": lambda: TurnReport(
        {"go \ud800": 1},
        problems=[Problem("critical", "a \udfff b", source="\0")],
        decisions=[
            Decision(
                agent="a\ud800",
                intent="i\0",
                reasoning="\ud800",
                context={"\ud800": ["\udfff"]},
                options=[Option("\0")],
            )
        ],
    ),
    "long": lambda: TurnReport(
        {"act" * LONG: 1},
        problems=[Problem("warning", "begin" + "p" * LONG + "end", root_cause="c" * LONG)],
        decisions=[
            Decision(
                agent="a" * LONG,
                intent="i" * LONG,
                reasoning="begin" + "r" * LONG + "end",
                outcome="failure",
                error="e" * LONG,
            )
        ],
    ),
    "environment": lambda: sys.stdout.write(f"{sorted(os.environ.items())}\n") and TurnReport({}),
    "file": lambda: Path(os.environ["SIMWEB_DATA_DIR"], "written-by-a-model").touch() or TurnReport({}),
    "prints": lambda: sys.stdout.write("\x1b[31mred\x1b[0m\n 10%\r100%\n" + "ü" * 70_000 + "\n") and TurnReport({}),
    "empty-names": lambda: TurnReport({"": 1}, decisions=[Decision(agent="", intent="")]),
}


class Odd(Scenario):
    """Says one odd thing a turn; ends in its third turn, if it is to end."""

    key = "odd"
    title = "Odd"
    default_turns = 4
    metrics = (
        Metric("turn.odd.names", "Names", lambda c: {"": 1, "\ud800": 2, "items": 3, "a,b": 4}, kind="mapping"),
        Metric("turn.odd.rows", "Rows", lambda c: [{"items": 1, "values": "\ud800", "keys": None}], kind="table"),
        Metric("turn.odd.large", "Large", lambda c: 10**300 * c.turn),
        Metric("turn.odd.true", "True", lambda c: np.True_),
        Metric("run.odd.rows", "Rows of the run", lambda c: ROWS, scope="run", kind="table"),
        Metric("run.odd.empty", "Nothing", lambda c: {}, scope="run", kind="mapping"),
    )
    default_metric_keys = tuple(metric.key for metric in metrics)

    class Params(Params):
        says: str = Field("empty-names", title="Says")
        ends: str = Field("", title="Ends")

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.number = 0
        self.narrative = f"It was {params.says}. \ud800" + "n" * 10_000

    def turn(self) -> TurnReport:
        self.number += 1
        if self.number == 3 and self.params.ends:
            return ENDS[self.params.ends]()
        return SAYS[self.params.says]()

    def view(self) -> View:
        return View("bars", {"heights": [1.0], "labels": ["\ud800"], "curve": []}, ["\0"])


class Anything(Scenario):
    """Reports whatever a text says, in JSON as Python reads it: NaN, Infinity, halves of characters."""

    key = "anything"
    title = "Anything"
    default_turns = 2
    metrics = (
        Metric("turn.any.number", "Number", lambda c: c.scenario.said["number"]),
        Metric("turn.any.mapping", "Mapping", lambda c: c.scenario.said["mapping"], kind="mapping"),
        Metric("turn.any.table", "Table", lambda c: c.scenario.said["table"], kind="table"),
        Metric("run.any.number", "Number of the run", lambda c: c.scenario.said["number"], scope="run"),
        Metric(
            "run.any.mapping", "Mapping of the run", lambda c: c.scenario.said["mapping"], scope="run", kind="mapping"
        ),
        Metric("run.any.table", "Table of the run", lambda c: c.scenario.said["table"], scope="run", kind="table"),
    )
    default_metric_keys = tuple(metric.key for metric in metrics)

    class Params(Params):
        says: str = Field("{}", title="Says", max_length=1_000_000)

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.said = {"number": 1, "mapping": {}, "table": [], "view": None, **json.loads(params.says)}
        self.narrative = self.said.get("narrative", "")
        self.output_data = self.said.get("output")

    def turn(self) -> TurnReport:
        if "raises" in self.said:
            raise RuntimeError(self.said["raises"])
        report = {name: self.said[name] for name in ("actions", "tokens", "cost_usd") if name in self.said}
        decisions = [Decision(**decision) for decision in self.said.get("decisions", [])]
        problems = [Problem("critical", text, source=text) for text in self.said.get("problems", [])]
        return TurnReport(**{"actions": {}, **report}, decisions=decisions, problems=problems)

    def view(self) -> View | None:
        said = self.said["view"]
        return None if said is None else View("bars", {"heights": said, "labels": said, "curve": said}, [said])
