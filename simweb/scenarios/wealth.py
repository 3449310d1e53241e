"""Boltzmann wealth: agents hand each other single units of money; wealth grows unequal all by itself."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from simweb.engine import Decision, Metric, Params, Problem, Scenario, TurnReport, View
from simweb.scenarios.giving import anybody_else, give_by_draw, give_in_turn
from simweb.scenarios.inequality import gini, spread
from simweb.scenarios.walk import Walk

FIRST_GIVES = Decision(agent="first to act", intent="give one unit", chosen="give", outcome="success")
FIRST_KEEPS = Decision(
    agent="first to act", intent="give one unit", chosen="keep", outcome="failure", error="It could not."
)


class WealthParams(Params):
    """How many agents, what they begin with, and whom they can meet."""

    agents: int = Field(100, ge=2, le=10_000_000, title="Agents", json_schema_extra={"unit": "agents"})
    start: int = Field(1, ge=0, le=1_000_000, title="Money at the start", description="Units every agent begins with.")
    grid: int = Field(0, ge=0, le=10_000, title="Grid", description="Side to walk on; below 2, all meet all.")
    activation: Literal["shuffled", "drawn"] = Field(
        "shuffled",
        validate_default=True,
        title="Activation",
        description="Shuffled: every agent once a turn, as in Mesa. Drawn: as many random agents, some more than once.",
    )

    @field_validator("activation")
    @classmethod
    def _walks_are_shuffled(cls, activation: str, info: ValidationInfo) -> str:
        if activation == "drawn" and info.data.get("grid", 0) > 1:
            raise ValueError("on a grid agents are activated shuffled")
        return activation


class Wealth(Scenario):
    """Agents, in random order, give one unit to a random other if they have any; on a grid, to one met at a random step."""

    key = "wealth"
    title = "Boltzmann wealth"
    description = "Agents hand single units to random others. Equal at first, unequal for ever after."
    default_turns = 100
    Params = WealthParams
    metrics = (
        Metric("turn.wealth.gini", "Gini", lambda c: gini(c.scenario.wealth), unit="0–1", description="Inequality."),
        Metric("turn.wealth.richest", "Richest agent", lambda c: c.scenario.wealth.max(), unit="units"),
        Metric("turn.wealth.broke_share", "Broke agents", lambda c: (c.scenario.wealth == 0).mean(), unit="share"),
    )
    default_metric_keys = ("turn.actions.total", "turn.wealth.gini", "turn.wealth.broke_share", "run.actions.total")

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.wealth = np.full(params.agents, params.start, dtype=np.int64)
        self.walk = Walk(params.agents, params.grid, rng) if params.grid > 1 else None

    def turn(self) -> TurnReport:
        if self.params.activation == "drawn":
            return self.report(give_by_draw(self.wealth, self.rng))
        n = len(self.wealth)
        order = self.rng.permutation(n)  # agents are numbered anew, in the order in which they act
        self.wealth = self.wealth[order]
        receiver = self.walk.step(order) if self.walk else anybody_else(np.arange(n), self.rng)
        gives = give_in_turn(self.wealth, receiver) & (receiver != np.arange(n))  # who met nobody gives to itself
        self.wealth += np.bincount(receiver[gives], minlength=n) - gives
        return self.report(int(gives.sum()), FIRST_GIVES if gives[0] else FIRST_KEEPS)

    def report(self, given: int, *decisions: Decision) -> TurnReport:
        """How much was given, and one decision in many; a turn without any gift is a doubt."""
        doubts = [] if given else [Problem("minor", "nobody gave: nobody had anything, or met anybody")]
        return TurnReport({"give": given}, doubts, decisions=decisions)

    def view(self) -> View:
        return spread(self.wealth)
