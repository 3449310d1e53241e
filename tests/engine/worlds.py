"""Toy worlds for the tests of the engine; some of them are broken on purpose."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from pydantic import Field

from simweb.engine import Context, Metric, Params, Scenario, TurnReport


class CounterParams(Params):
    """How far to count."""

    stop: int = Field(1000, ge=1, title="Stop")


class Counter(Scenario):
    """Counts turns, rolls a die each turn, and is finished at `stop`."""

    key = "counter"
    title = "Counter"
    Params = CounterParams
    metrics = (
        Metric("turn.die.roll", "Roll", lambda c: c.scenario.roll),
        Metric("run.die.sum", "Sum", lambda c: sum(c.series["turn.die.roll"]), "run", requires=("turn.die.roll",)),
    )

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.number = self.roll = 0

    def turn(self) -> TurnReport:
        self.number += 1
        self.roll = int(self.rng.integers(1, 7))
        self.finished = self.number == self.params.stop
        return TurnReport({"count": 1, "roll": self.roll})


class Chatty(Counter):
    """Prints, as authors of models do, and as libraries written in C do."""

    key = "chatty"
    title = "Chatty"

    def turn(self) -> TurnReport:
        print("hello from the model")  # noqa: T201
        os.write(1, b"hello from C\n")
        return super().turn()


class Bomb(Counter):
    """Raises in its third turn."""

    key = "bomb"
    title = "Bomb"

    def turn(self) -> TurnReport:
        report = super().turn()
        if self.number == 3:
            raise RuntimeError("boom")
        return report


class MisnamedMetric(Counter):
    """Its metric requires one that is not there."""

    key = "misnamed"
    title = "Misnamed"
    metrics = (Metric("turn.a.b", "A", lambda c: 1, requires=("turn.no.where",)),)


NOT_A_SCENARIO = 3


def scenario_with(*metrics: Metric, defaults: Iterable[str] = ()) -> type[Scenario]:
    """A counter with these metrics."""

    class WithMetrics(Counter):
        key = "with-metrics"
        title = "With metrics"

    WithMetrics.metrics = metrics
    WithMetrics.default_metric_keys = tuple(defaults)
    return WithMetrics


def recording(calls: list[str], key: str, requires: Iterable[str] = (), scope: Any = "turn") -> Metric:
    """A metric that notes each call of it."""

    def compute(context: Context) -> int:
        calls.append(key)
        return len(calls)

    return Metric(key, key, compute, scope=scope, requires=tuple(requires))


def constant(key: str, value: Any, **more: Any) -> Metric:
    """A metric that is always `value`."""
    return Metric(key, key, lambda c: value, **more)


def raising(key: str, error: Callable[[], Exception]) -> Metric:
    """A metric that always raises."""

    def compute(context: Context) -> int:
        raise error()

    return Metric(key, key, compute)
