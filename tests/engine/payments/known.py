"""Known answers: published costs, the costs computed from the description, and Castro's closed form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.engine.payments.castro import DEMANDS, GRID

KNOWN: dict[str, Any] = json.loads(Path(__file__).with_name("known_answers.json").read_text())
Bill = tuple[int, int]
Costs = dict[tuple[float, float], Bill]

EXP1_COSTS = {
    (0.5, 0.5): (5000, 5000),
    (0, 0.2): (0, 2000),
    (0.2, 0.3): (2000, 3000),
    (0.1, 0.2): (1000, 2000),
    (0, 0.18): (0, 2800),
    (0.001, 0.17): (10, 2700),
    (0, 0.15): (0, 2500),
    (0.02, 0.15): (200, 2500),
    (0.02, 0): (3200, 7000),
    (0, 0): (3000, 7000),
    (0.018, 0.03): (3180, 7300),
    (0.018, 0.1): (3180, 7000),  # the 5 000 jumps the queued 15 000
    (0.15, 0.15): (1500, 2500),
}
EXP3_COSTS = {
    (0.5, 0.5): (4995, 4995),
    (0.2, 0.2): (1998, 1998),
    (0.3, 0.4): (2997, 3996),
    (0.01, 0.3): (12099, 6997),
    (0.009, 0.29): (12090, 6898),
    (0.05, 0.3): (12501, 6997),
    (0.1, 0.01): (20999, 20099),
    (0.2, 0): (5998, 12000),
    (0.4, 0): (3996, 8000),
    (0, 0): (20000, 20000),
    (0.25, 0.25): (2499, 2499),
}


def closed_form(own: str, other: str, put_in: int, others: int) -> int:
    """10 % of liquidity, 20 % of what is sent late, 40 % of what is borrowed."""
    first, second = DEMANDS[own]
    comes_in = min(others, DEMANDS[other][0])
    return (put_in + 2 * max(first - put_in, 0) + 4 * max(first + second - comes_in - put_in, 0)) // 10


def best_of_a(costs: Costs, others: float) -> list[float]:
    cheapest = min(costs[own, others][0] for own in GRID)
    return [own for own in GRID if costs[own, others][0] == cheapest]


def best_of_b(costs: Costs, others: float) -> list[float]:
    cheapest = min(costs[others, own][1] for own in GRID)
    return [own for own in GRID if costs[others, own][1] == cheapest]


def nash(costs: Costs) -> list[tuple[float, float]]:
    return [(fa, fb) for fa, fb in costs if fa in best_of_a(costs, fb) and fb in best_of_b(costs, fa)]
