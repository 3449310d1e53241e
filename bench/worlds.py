"""Two worlds that do next to nothing, so that what is measured is simweb: one as fast as it can, one at a given pace."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from pydantic import Field

from simweb.engine import Params, Scenario, TurnReport

SETTING = "trivial=bench.worlds:Trivial,paced=bench.worlds:Paced"


class Trivial(Scenario):
    """One action a turn."""

    key = "trivial"
    title = "Trivial"

    def turn(self) -> TurnReport:
        return TurnReport({"act": 1})


class PacedParams(Params):
    """How fast."""

    seconds: float = Field(0.1, ge=0, le=10, title="Seconds per turn")
    busy: bool = Field(False, title="Keep a core busy", description="Compute all that time instead of sleeping.")


class Paced(Scenario):
    """A turn takes a given time, asleep or at work."""

    key = "paced"
    title = "Paced"
    Params = PacedParams

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.due = time.monotonic()

    def turn(self) -> TurnReport:
        self.due += self.params.seconds
        while (left := self.due - time.monotonic()) > 0:
            if not self.params.busy:
                time.sleep(left)
        return TurnReport({"act": 1})
