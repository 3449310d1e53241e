"""Worlds with much to tell: what they spent, which nodes decided, how long it took, what came of it."""

from __future__ import annotations

import time
from dataclasses import replace

from pydantic import Field

from simweb.engine import Decision, Problem, TurnReport
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


class Worried(Toy):
    """A decision a turn, under one of two keys that are used again and again; problems come from them, from turn 60 on."""

    key = "worried"
    title = "Worried"
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
