"""Worlds with much to tell: what they spent, which nodes decided, how long it took, what came of it."""

from __future__ import annotations

import time
from dataclasses import replace

from pydantic import Field

from simweb.engine import TurnReport
from tests.scenarios import Toy


class Spending(Toy):
    """Nothing is known of what its first turn spent; the second spends 20 tokens, the third 30, and so on."""

    key = "spending"
    title = "Spending"

    class Params(Toy.Params):
        seconds: float = Field(0, ge=0, le=10, title="Seconds a turn")

    def turn(self) -> TurnReport:
        report = super().turn()
        time.sleep(self.params.seconds)
        if self.number == 1:
            return report
        return replace(report, tokens=10 * self.number, cost_usd=0.1)
