"""Constraints: what a proposed policy may use, as an experiment file says it. A subject says what they mean in its world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class PolicyConstraints:
    """None leaves fields unconstrained; a tree that is not named in `allowed_actions` is unconstrained."""

    allowed_parameters: tuple[ParameterRule, ...] = ()
    allowed_fields: tuple[str, ...] | None = None
    allowed_actions: Mapping[str, tuple[str, ...]] | None = None
    lsm_enabled: bool = True
