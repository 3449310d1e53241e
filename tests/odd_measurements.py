"""Worlds that measure what tables and charts easily get wrong. Named to every process by SIMWEB_SCENARIOS."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
from pydantic import Field

from simweb.engine import Decision, Metric, Params, Problem, Scenario, Severity, TurnReport

LARGE = 2**53 + 1  # no float is equal to it


class OddParams(Params):
    pass


class OddTables(Scenario):
    """Mappings with holes and blank names, parts and metrics of one name, tables, names that spreadsheets calculate."""

    key, title, Params = "odd-tables", "Odd tables", OddParams
    number = 0
    metrics = (
        Metric("turn.odd.holes", "Holes", lambda c: {"good": 1, "bad": math.nan, "fine": 3}, kind="mapping"),
        Metric("turn.odd.blank", "Blank name", lambda c: {"": c.turn, "other": 10 * c.turn}, kind="mapping"),
        Metric("turn.odd.part", "Parts", lambda c: {"twice": 1, "once": 2}, kind="mapping"),
        Metric("turn.odd.part.twice", "Twice", lambda c: 100 + c.turn),
        Metric("actions.step", "An action's name", lambda c: -c.turn),
        Metric("turn.odd.large", "Large", lambda c: LARGE + c.turn),
        Metric("turn.odd.huge", "Huge", lambda c: 10**30 + c.turn if c.turn == 1 else 0.5),
        Metric("turn.odd.count", "Count", lambda c: c.turn),
        Metric("turn.odd.table", "Table", lambda c: [{"who": "#1", "n": c.turn}, {"who": "b"}], kind="table"),
        Metric(
            "turn.odd.names", "Names", lambda c: {"=1+1": 1, "#tag": 2, "a,b;c": 3, "@x": 4, "-y": -5}, kind="mapping"
        ),
    )
    default_metric_keys = tuple(metric.key for metric in metrics)

    def turn(self) -> TurnReport:
        self.number += 1
        return TurnReport({"step": 7})


class OddCharts(Scenario):
    """Numbers of every size, and numbers that are there now and then only."""

    key, title, Params = "odd-charts", "Odd charts", OddParams
    number = 0
    metrics = (
        Metric("turn.size.large", "Large", lambda c: 123_456 + c.turn),
        Metric("turn.size.exact", "Exact", lambda c: 123_456.789),
        Metric("turn.size.small", "Small", lambda c: 0.0001 * (c.turn % 5)),
        Metric("turn.size.tiny", "Tiny", lambda c: 1e-40 * c.turn),
        Metric("turn.size.vast", "Vast", lambda c: 1e300 * (c.turn % 7)),
        Metric("turn.size.most", "Most", lambda c: 1.7e308 if c.turn % 2 else 0.9e308),
        Metric("turn.size.million", "Million", lambda c: 98_765_432 + c.turn),
        Metric("turn.size.lone", "Lone", lambda c: c.turn if c.turn % 10 == 5 else None),
    )
    default_metric_keys = tuple(metric.key for metric in metrics)

    def turn(self) -> TurnReport:
        self.number += 1
        return TurnReport({"step": 1})


class ConstantParams(Params):
    value: float = Field(0.1, title="Value")


class Constant(Scenario):
    """Measures the same in every turn, whatever its seed."""

    key, title, Params = "constant", "Constant", ConstantParams
    metrics = (Metric("turn.constant.value", "Value", lambda c: c.scenario.params.value),)
    default_metric_keys = ("turn.constant.value",)

    def turn(self) -> TurnReport:
        return TurnReport({"step": 1})


class Early(Scenario):
    """Counts down from a number that its seed decides, and is finished at 0."""

    key, title, Params = "early", "Early", OddParams
    metrics = (Metric("turn.early.left", "Left", lambda c: c.scenario.left),)

    def __init__(self, params: Params, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.left = int(rng.integers(3, 10))

    def turn(self) -> TurnReport:
        self.left -= 1
        return TurnReport({"step": 1})

    @property
    def finished(self) -> bool:  # type: ignore[override]
        return self.left == 0


class Flaky(Scenario):
    """Fails with seed 7 the first time that a process of this machine tries."""

    key, title, Params = "flaky", "Flaky", OddParams
    number = 0

    def turn(self) -> TurnReport:
        self.number += 1
        mark = Path(os.environ["SIMWEB_DATA_DIR"]) / "flaked"
        if self.number == 3 and self.rng.bit_generator.seed_seq.entropy == 7 and not mark.exists():
            mark.touch()
            raise RuntimeError("the first time fails")
        return TurnReport({"step": 1})


class Worried(Scenario):
    """A critical problem and a warning in every turn, and a decision that fails."""

    key, title, Params = "worried", "Worried", OddParams
    number = 0

    def turn(self) -> TurnReport:
        self.number += 1
        worries: list[tuple[Severity, str]] = [("critical", f"fire {self.number}"), ("warning", f"smoke {self.number}")]
        problems = [Problem(severity, told) for severity, told in worries]
        failed = Decision(agent="a", intent=f"exit {self.number}", chosen="door", outcome="failure", error="locked")
        return TurnReport({"step": 1}, problems=problems, decisions=[failed])


class OneFailure(Scenario):
    """Nothing is wrong but one decision."""

    key, title, Params = "one-failure", "One failure", OddParams

    def turn(self) -> TurnReport:
        return TurnReport({"step": 1}, decisions=[Decision(agent="a", intent="exit", chosen="door", outcome="failure")])


SCENARIOS = (Worried, OneFailure, OddTables, OddCharts, Constant, Early, Flaky)
SETTING = ",".join(f"{scenario.key}=tests.odd_measurements:{scenario.__name__}" for scenario in SCENARIOS)
