"""Constraints: what a proposed policy may use, as an experiment file says it. A subject says what they mean in its world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DIGITS = 10  # of a number on a grid: 0.15, not 0.15000000000000002

ParamType = Literal["int", "float", "enum"]


@dataclass(frozen=True, slots=True)
class ParameterRule:
    """A parameter that a policy may have, and its values: bounds are included; an `enum` has `allowed_values`."""

    name: str
    param_type: ParamType = "float"
    min_value: float | None = None
    max_value: float | None = None
    allowed_values: tuple[Any, ...] = ()
    description: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Of a float that a search may change."""
        return self.min_value or 0.0, self.max_value or 0.0

    @property
    def whole_bounds(self) -> tuple[int, int]:
        """The least and the greatest whole number within the bounds."""
        low, high = self.bounds
        return math.ceil(low), math.floor(high)

    @property
    def is_bounded(self) -> bool:
        """Whether a search knows between which numbers."""
        return self.param_type == "enum" or (self.min_value is not None and self.max_value is not None)

    def allows(self, value: float) -> bool:
        """Whether a bounded rule allows the number."""
        low, high = self.bounds
        return value in self.allowed_values if self.param_type == "enum" else low <= value <= high


@dataclass(frozen=True, slots=True)
class PolicyConstraints:
    """None leaves fields unconstrained; a tree that is not named in `allowed_actions` is unconstrained."""

    allowed_parameters: tuple[ParameterRule, ...] = ()
    allowed_fields: tuple[str, ...] | None = None
    allowed_actions: Mapping[str, tuple[str, ...]] | None = None
    lsm_enabled: bool = True


def grid_of(rule: ParameterRule, count: int) -> list[float]:
    """So many numbers, evenly from one bound to the other, in order: of whole numbers as many as there are; of choices, all."""
    if rule.param_type == "enum":
        return sorted(rule.allowed_values)
    if rule.param_type == "int":
        least, most = rule.whole_bounds
        steps = min(count - 1, most - least) or 1
        return sorted({least + round(step * (most - least) / steps) for step in range(steps + 1)})
    low, high = rule.bounds
    steps = count - 1
    return [round(low + step * (high - low) / steps, DIGITS) for step in range(steps)] + [high]
