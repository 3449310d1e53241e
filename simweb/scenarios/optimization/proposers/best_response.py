"""Best response: the cheapest policy against what the others do, by search over its numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from simweb.scenarios.optimization.constraints import ParameterRule, grid_of
from simweb.scenarios.optimization.proposers.protocol import Proposal, Request

GOLDEN = (math.sqrt(5) - 1) / 2
CostOf = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class BestResponse:
    """One number after the other: all points of a grid, then golden section (Kiefer 1953) around the cheapest, in `refine` steps.

    Of several that cost the same, it keeps what is, or else takes the lowest on the grid.
    """

    grid: int
    refine: int

    def propose(self, request: Request) -> Proposal:
        """The cheapest that was found, unless that is what the agent does already."""
        values = dict(request.values)
        for rule in request.tunable_or_refuse():
            values[rule.name] = self._best(rule, values, request)
        if values == request.values:
            return Proposal(None, "Nothing cheaper was found.")
        told = ", ".join(f"{rule.name} {values[rule.name]:.6g}" for rule in request.tunable)
        return Proposal(request.changed(values), f"The cheapest that was found: {told}.")

    def _best(self, rule: ParameterRule, values: dict[str, float], request: Request) -> float:
        known: dict[float, float] = {}

        def cost_of(value: float) -> float:
            if value not in known:
                known[value] = request.cost_of(request.changed({**values, rule.name: value}))
            return known[value]

        cost_of(values[rule.name])
        points = grid_of(rule, self.grid)
        for point in points:
            cost_of(point)
        if rule.param_type == "float" and self.refine:
            cheapest = min(points, key=cost_of)
            place = points.index(cheapest)
            self._narrow(points[max(place - 1, 0)], points[min(place + 1, len(points) - 1)], cost_of)
        return min(known, key=lambda value: known[value])  # the first of those that cost the same

    def _narrow(self, low: float, high: float, cost_of: CostOf) -> None:
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        for _ in range(self.refine):
            if cost_of(left) <= cost_of(right):
                high, right = right, left
                left = high - GOLDEN * (high - low)
            else:
                low, left = left, right
                right = low + GOLDEN * (high - low)
