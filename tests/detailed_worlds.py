"""Worlds with much to tell: what they spent, which nodes decided, how long it took, what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import Field

from simweb.engine import Decision, Problem, Settled, TurnReport
from tests.scenarios import Toy


class SlowParams(Toy.Params):
    seconds: float = Field(0, ge=0, le=10, title="Seconds", description="That a turn takes, or the first.")


class Spending(Toy):
    """Nothing is known of what its first turn spent; the second spends 20 tokens, the third 30, and so on."""

    key = "spending"
    title = "Spending"

    Params = SlowParams

    def turn(self) -> TurnReport:
        report = super().turn()
        time.sleep(self.params.seconds)
        if self.number == 1:
            return report
        return replace(report, tokens=10 * self.number, cost_usd=0.1)


class Fretful(Toy):
    """A decision a turn, under one of two keys that are used again and again; problems come from them, from turn 60 on."""

    key = "fretful"
    title = "Fretful"
    Params = SlowParams

    def turn(self) -> TurnReport:
        report = super().turn()
        number = self.number
        time.sleep(self.params.seconds if number == 1 else 0)
        decision = Decision(agent="ada", intent=f"choice {number}", outcome="success", key=f"k{number % 2}")
        problem = Problem("warning", f"worry {number}", decision=f"k{number % 2}")
        lost = Problem("minor", f"of nobody {number}", decision="no such key")
        minor = [Problem("minor", f"trifle {part}") for part in range(2)]
        return replace(report, decisions=[decision], problems=[problem, lost] if number >= 60 else minor)


class Graph(Toy):
    """Two agents who walk through a graph, and return what they found."""

    key = "graph"
    title = "Graph"
    Params = SlowParams

    WALKS = (("plan", "draft"), ("plan", ""), ("act", "plan"), ("plan", "draft"), ("act", "draft"))

    def turn(self) -> TurnReport:
        report = super().turn()
        time.sleep(self.params.seconds)
        nodes = self.WALKS[(self.number - 1) % len(self.WALKS)]
        decisions = [
            Decision(
                agent=agent,
                intent=f"work {self.number}",
                node=node,
                latency_ms=100,
                outcome="pending",
                key=f"{agent} {self.number}",
            )
            for agent, node in zip(("ada", "bob"), nodes, strict=True)
        ]
        settled = [Settled(f"ada {self.number}", "success", summary="Went well.", latency_ms=50, tokens=3)]
        self.output_data = {"turns": np.int64(self.number), "found": {"best": np.array([1, 2]), "none": float("nan")}}
        critical = [Problem("critical", "The house burns.")] if self.number == 2 else []
        return replace(report, decisions=decisions, settled=settled, problems=critical)


class Parallel(Toy):
    """Says when its decisions began: all at once, 7 ms after the turn."""

    key = "parallel"
    title = "Parallel"

    def turn(self) -> TurnReport:
        agents = ("ada", "bob", "cy")
        decisions = [
            Decision(agent=agent, intent="think", start_ms=7, latency_ms=1000, outcome="success") for agent in agents
        ]
        return replace(super().turn(), decisions=decisions)


class Wandering(Toy):
    """A node more in every decision, 300 decisions a turn."""

    key = "wandering"
    title = "Wandering"

    def turn(self) -> TurnReport:
        first = 300 * self.number
        decisions = [Decision(agent="ada", intent="go on", node=f"node {first + step}") for step in range(300)]
        return replace(super().turn(), decisions=decisions)


def endless() -> list[Any]:
    """A list that holds itself, twice."""
    told: list[Any] = []
    told += [told, told]
    return told


class Bad(dict):
    """Cannot be read."""

    def items(self) -> Any:
        raise ValueError("no items")


RETURNS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "empty": dict,
    "odd-names": lambda: {"": 1, "items": 2, 3: "three", "\ud800": "\0", None: None},
    "odd-numbers": lambda: {"nan": float("nan"), "huge": 10**400, "bool": np.True_, "half": np.float32(0.5)},
    "a-set": lambda: {"set": {1}, "tuple": (1, "x"), "object": object, "bytes": b"\0"},
    "large": lambda: {"small": 1, "large": ["x" * 1000] * 1000, "after": 2},
    "endless": lambda: {"fine": 1, "endless": endless()},
    "deep": lambda: {"deep": json_deep()},
    "a-list": lambda: [1, 2],
    "bad": lambda: Bad(x=1),
}


def json_deep() -> Any:
    """Lists in lists, a thousand times."""
    told: list[Any] = []
    for _ in range(1000):
        told = [told]
    return told


class Returning(Toy):
    """Returns one of RETURNS."""

    key = "returning"
    title = "Returning"

    class Params(Toy.Params):
        returns: str = Field("nothing", title="Returns")

    def turn(self) -> TurnReport:
        self.output_data = RETURNS[self.params.returns]()
        return super().turn()
