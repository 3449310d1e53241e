"""A world as many authors write one: chance from the global generators, and loops over sets of texts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from simweb.engine import Metric, Scenario, TurnReport

AT_IMPORT = random.random() + np.random.random()


class Careless(Scenario):
    """Asks for no generator of its own."""

    key = "careless"
    title = "Careless"
    default_turns = 3
    metrics = (
        Metric("turn.careless.drawn", "Drawn", lambda c: c.scenario.drawn),
        Metric("turn.careless.first", "Length of the first name", lambda c: c.scenario.first),
        Metric("turn.careless.asked", "Drawn from its own", lambda c: c.scenario.asked),
        Metric("run.careless.imported", "Drawn at import", lambda c: AT_IMPORT, scope="run"),
    )
    default_metric_keys = tuple(metric.key for metric in metrics)

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.start = random.random()

    def turn(self) -> TurnReport:
        names = {"n" * length + str(self.start) for length in range(1, 200)}
        self.first = len(next(iter(names)))
        self.drawn = self.start + random.random() + np.random.random() + np.random.rand()
        self.asked = float(self.rng.random())
        return TurnReport({"draw": 4})
