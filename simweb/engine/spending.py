"""Spending: the tokens and the money of a run, turn by turn, never more than can be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from simweb.engine.ledger import PRICES, TOTALS, DecisionCounts
from simweb.engine.numbers import MOST_COST_USD, MOST_COUNT, TooLarge, count, quantity
from simweb.engine.scenario import Problem, TurnReport

N = TypeVar("N", int, float)


@dataclass(slots=True)
class Spending:
    """Sums over the turns so far; `decided_*` is how much of its decisions' sums went into earlier turns."""

    tokens: int = 0
    cost_usd: float = 0.0
    decided_tokens: int | None = None
    decided_cost_usd: float | None = None

    def of_turn(
        self, report: TurnReport, decided: DecisionCounts | None
    ) -> tuple[int | None, float | None, list[Problem]]:
        """Tokens and USD of a turn: as reported, else those of its decisions (`decided`: the counts after them, None when it
        had none); None where nothing is known.

        What cannot be kept, or would lead to a sum that cannot, is None and a Problem.
        """
        tokens, cost = report.tokens, report.cost_usd
        if decided is not None:
            tokens = _since(self.decided_tokens, decided.tokens) if tokens is None else tokens
            cost = _since(self.decided_cost_usd, decided.cost_usd) if cost is None else cost
            self.decided_tokens, self.decided_cost_usd = decided.tokens, decided.cost_usd
        doubts: list[Problem] = []
        tokens = _bounded("tokens", tokens, lambda value: count(value, MOST_COUNT - self.tokens), doubts)
        cost = _bounded("cost_usd", cost, lambda value: quantity(value, MOST_COST_USD - self.cost_usd), doubts)
        self.tokens += tokens or 0
        self.cost_usd += cost or 0.0
        return tokens, cost, doubts


def _bounded(name: str, value: Any, bounded: Callable[[Any], N], doubts: list[Problem]) -> N | None:
    if value is None:
        return None
    try:
        return bounded(value)
    except (TypeError, ValueError) as error:
        fix = PRICES if isinstance(error, TooLarge) else TOTALS
        doubts.append(Problem("warning", f"The turn's {name} is left out: {error}", suggested_fix=fix))
        return None


def _since(before: N | None, now: N | None) -> N | None:
    """How much was added; None while nothing is known."""
    return None if now is None else now - (before or 0)
