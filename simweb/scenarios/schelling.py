"""Schelling segregation: two groups on a torus; mild wishes about neighbours are enough to part them."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from simweb.engine import Context, Decision, Metric, Params, Problem, Scenario, TurnReport, View, grid
from simweb.scenarios.torus import neighbours

EMPTY = 0
UNHAPPY = "turn.segregation.unhappy_share"

MOVES = Decision(agent="first to move", intent="be content", chosen="move", outcome="success", summary="It is.")
MOVES_IN_VAIN = Decision(agent="first to move", intent="be content", chosen="move", outcome="failure", error="In vain.")


def turns_to_settle(context: Context) -> int | None:
    """The first turn after which everybody was content; None when that never came."""
    return next((turn for turn, share in enumerate(context.series[UNHAPPY], 1) if share == 0), None)


class SchellingParams(Params):
    """The town, and what its people wish for."""

    side: int = Field(50, ge=3, le=2000, title="Side of the torus", json_schema_extra={"unit": "cells"})
    density: float = Field(0.9, ge=0.01, le=0.99, title="Density", description="Share of cells lived in.")
    minority: float = Field(0.5, ge=0, le=0.5, title="Minority", description="Share of agents in the smaller group.")
    wanted: float = Field(0.4, ge=0, le=1, title="Wanted", description="Least share of like neighbours to be content.")


class Schelling(Scenario):
    """Each turn all who are not content move to random free cells (Schelling 1971, J. Math. Sociol. 1, 143)."""

    key = "schelling"
    title = "Schelling segregation"
    description = "Two groups move until enough neighbours are like themselves: they part more than anybody asked."
    default_turns = 100
    Params = SchellingParams
    metrics = (
        Metric("turn.segregation.like_share", "Like neighbours", lambda c: c.scenario.like_share, unit="share"),
        Metric(UNHAPPY, "Unhappy agents", lambda c: c.scenario.unhappy_share, unit="share"),
        Metric("run.segregation.turns", "Turns to settle", turns_to_settle, "run", requires=(UNHAPPY,), unit="turns"),
    )
    default_metric_keys = ("turn.actions.total", *(metric.key for metric in metrics))

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        cells = params.side**2
        agents = min(max(round(params.density * cells), 1), cells - 1)
        town = np.full(cells, EMPTY)
        town[:agents] = 1 + (np.arange(agents) < round(params.minority * agents))
        self.town = rng.permutation(town).reshape(params.side, params.side)
        self.look()

    def look(self) -> None:
        """Everybody looks at the neighbours."""
        around = neighbours(lived_in := self.town != EMPTY)
        like = np.where(self.town == 1, neighbours(self.town == 1), neighbours(self.town == 2))
        met = lived_in & (around > 0)
        self.like_share = float((like[met] / around[met]).mean()) if met.any() else None
        self.unhappy = np.flatnonzero(lived_in & (like < self.params.wanted * around))
        self.unhappy_share = float(len(self.unhappy) / lived_in.sum())
        self.finished = len(self.unhappy) == 0

    def turn(self) -> TurnReport:
        free = self.rng.permutation(np.flatnonzero(self.town == EMPTY))
        wanting, town = self.rng.permutation(self.unhappy), self.town.reshape(-1)
        movers, free = wanting[: len(free)], free[: len(wanting)]
        town[free], town[movers] = town[movers], EMPTY
        self.look()
        full = [Problem("minor", f"only {len(free)} of {len(wanting)} could move")] if len(wanting) > len(free) else []
        first = [MOVES_IN_VAIN if free[0] in self.unhappy else MOVES] if len(movers) else []
        return TurnReport({"move": len(movers)}, full, decisions=first)

    def view(self) -> View:
        return grid(self.town, ("empty", "majority", "minority"))
