"""From what a person or program asked for to a spec that can be played; every refusal names the field and what to change."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runs.models import Run
from simweb.engine import Scenario, Spec, UnknownMetric, registry, select_keys
from simweb.engine.play import MAX_SEED

# Drawn seeds are short enough to read out; given ones may be as large as JSON carries safely.
DRAWN_SEEDS = 2**31
MAX_REPLICATES = 100
WORDED = {
    "less_than_equal": "Must be at most {le}.",
    "greater_than_equal": "Must be at least {ge}.",
    "less_than": "Must be less than {lt}.",
    "greater_than": "Must be more than {gt}.",
    "int_parsing": "Must be a whole number.",
    "int_type": "Must be a whole number.",
    "int_from_float": "Must be a whole number.",
    "float_parsing": "Must be a number.",
    "float_type": "Must be a number.",
    "bool_parsing": "Must be true or false.",
    "finite_number": "Must be a finite number.",
    "literal_error": "Must be one of {expected}.",
    "enum": "Must be one of {expected}.",
    "extra_forbidden": "There is no such parameter.",
    "missing": "Is required.",
    "string_type": "Must be a text.",
    "list_type": "Must be a list.",
    "dict_type": "Must be an object.",
    "model_type": "Must be an object.",
    "model_attributes_type": "Must be an object.",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: where, as a path of names, and what to change."""

    loc: tuple[str, ...]
    msg: str


class BadSpec(ValueError):
    """The request cannot become a run; one FieldError for each thing that is wrong."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{'.'.join(error.loc)}: {error.msg}" for error in errors))
        self.errors = errors


def build_spec(
    scenario: type[Scenario],
    *,
    params: Mapping[str, Any],
    turns: Any,
    seed: Any,
    metric_keys: Iterable[str] | None,
    replicates: Any = 1,
) -> Spec:
    """The checked spec of the first replicate, every parameter and the seed spelled out.

    Raises BadSpec with everything that is wrong at once.
    """
    errors: list[FieldError] = []
    checked: dict[str, Any] = {}
    try:
        checked = scenario.Params.model_validate(dict(params)).model_dump(mode="json")
    except ValidationError as error:
        errors.extend(field_errors(error, "params"))
    turns = _whole(turns, "turns", 1, settings.MAX_TURNS, errors)
    replicates = _whole(replicates, "replicates", 1, MAX_REPLICATES, errors)
    most = MAX_SEED + 1 - replicates  # the last replicate's seed must be one, too
    seed = secrets.randbelow(DRAWN_SEEDS) if seed is None else _whole(seed, "seed", 0, most, errors)
    keys: tuple[str, ...] = ()
    try:
        keys = select_keys(scenario, metric_keys)
    except UnknownMetric as unknown:
        errors.append(FieldError(("metric_keys",), f"Unknown metric {unknown.key!r} for {scenario.key}."))
    if errors:
        raise BadSpec(errors)
    return Spec(scenario=scenario.key, params=checked, seed=seed, turns=turns, metric_keys=keys)


def spec_of(run: Run) -> Spec:
    """The spec that the run was made from."""
    return Spec(run.scenario, run.params, run.seed, run.turns, run.metric_keys)


def load_scenario(key: str) -> type[Scenario]:
    """The scenario's class; BadSpec, worded for a person, when it is unknown or broken."""
    try:
        return registry.load(key)
    except (registry.UnknownScenario, registry.BrokenScenario) as error:
        raise BadSpec([FieldError(("scenario",), f"{str(error)[0].upper()}{str(error)[1:]}.")]) from None


def field_errors(error: ValidationError, *prefix: str) -> list[FieldError]:
    """Pydantic's errors in our words."""
    return [FieldError((*prefix, *map(str, item["loc"])), _worded(item)) for item in error.errors(include_url=False)]


def _worded(item: ErrorDetails) -> str:
    pattern = WORDED.get(item["type"])
    if pattern is not None:
        return pattern.format(**item.get("ctx", {}))
    return item["msg"].removeprefix("Value error, ").removesuffix(".") + "."


def _whole(value: Any, name: str, least: int, most: int, errors: list[FieldError]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        errors.append(FieldError((name,), f"Must be a whole number from {least} to {most}."))
        return least
    return value
