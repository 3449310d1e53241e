"""From what a person or program asked for to a spec that can be played; every refusal names the field and what to change."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runs.models import Run, Simulation
from runs.typed import Unreadable
from simweb.engine import Faulty, Scenario, Spec, UnknownMetric, registry, select_keys
from simweb.engine.faults import MOST_FAULTS
from simweb.engine.params import by_names, read_params, spelled_out
from simweb.engine.play import MAX_SEED, canonical_json
from simweb.engine.secrets import MASK, hide, reveal
from simweb.engine.texts import keepable

# Drawn seeds are short enough to read out; given ones may be as large as JSON carries safely.
DRAWN_SEEDS = 2**31
LONGEST_DESCRIPTION = 20_000
MOST_ERRORS = 1_000  # a million take a gigabyte to tell
MAX_REPLICATES = 100
ONLY_THE_MASK = "Is a secret, of which only the mask is here: write the secret itself."
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
    "string_pattern_mismatch": "Is not of the form that it must have: {pattern}.",
    "bool_type": "Must be true or false.",
    "decimal_type": "Must be a number.",
    "decimal_parsing": "Must be a number.",
    "list_type": "Must be a list, such as [1, 2].",
    "set_type": "Must be a list, such as [1, 2].",
    "frozen_set_type": "Must be a list, such as [1, 2].",
    "tuple_type": "Must be a list, such as [1, 2].",
    "dict_type": 'Must be an object, such as {{"name": 1}}.',
    "model_type": 'Must be an object, such as {{"name": 1}}.',
    "date_type": "Must be a date, such as 2026-01-31.",
    "date_parsing": "Must be a date, such as 2026-01-31.",
    "datetime_type": "Must be a date with a time, such as 2026-01-31T12:30:00Z.",
    "datetime_parsing": "Must be a date with a time, such as 2026-01-31T12:30:00Z.",
    "time_type": "Must be a time, such as 12:30:00.",
    "time_parsing": "Must be a time, such as 12:30:00.",
    "time_delta_type": "Must be a duration, such as PT1H30M.",
    "time_delta_parsing": "Must be a duration, such as PT1H30M.",
    "model_attributes_type": 'Must be an object, such as {{"name": 1}}.',
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: where, as a path of names, and what to change; of a text, in which line."""

    loc: tuple[str, ...]
    msg: str
    line: int | None = None


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

    A world that has a length of its own has at most so many turns, and just as many when `turns` is None. The parameters are
    input still: whoever plays the spec reads it once. Raises BadSpec with everything that is wrong at once.
    """
    errors: list[FieldError] = []
    checked = _checked_params(scenario, params, errors)
    length = None if errors else length_of(scenario, checked)
    turns = (length or scenario.default_turns) if turns is None else turns
    turns = _whole(turns, "turns", 1, settings.MAX_TURNS, errors)
    turns = turns if length is None else min(turns, length)
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
    """The spec that the run was made from, secrets included."""
    return Spec(run.scenario, reveal(run.params, run.secrets), run.seed, run.turns, run.metric_keys)


def length_of(scenario: type[Scenario], params: Mapping[str, Any]) -> int | None:
    """How many turns the world of these checked parameters has by itself; None where that is for people to say."""
    return scenario.length(read_params(scenario.Params, params))


def known_length(scenario: type[Scenario], params: Mapping[str, Any]) -> int | None:
    """The same of parameters that may be wrong, which then have no length."""
    try:
        return length_of(scenario, params)
    except (ValidationError, TypeError, ValueError):
        return None


def whole_or(scenario: type[Scenario], saved: Run | Simulation) -> int | None:
    """The turns that are saved; None, for the whole, where they are all that the world of the saved parameters has."""
    length = known_length(scenario, reveal(saved.params, saved.secrets))
    return None if length == saved.turns else saved.turns


def merged(scenario: type[Scenario], saved: Run | Simulation, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters that are saved, changed by those that are given. A secret's mask stands for the saved secret."""
    changes = reveal(by_names(scenario.Params, given or {}), saved.secrets)
    return {**reveal(saved.params, saved.secrets), **changes}


def kept_params(scenario: type[Scenario], spec: Spec) -> dict[str, Any]:
    """The columns of a row that keeps the spec's parameters: what may be shown, and the secrets apart from it."""
    params, hidden = hide(scenario.Params, spec.params)
    return {"params": params, "secrets": hidden}


def clean_description(text: str) -> str:
    """The trimmed text, its lines kept. Raises BadSpec when it is too long."""
    if len(text) > LONGEST_DESCRIPTION:
        message = f"A description is at most {LONGEST_DESCRIPTION:,} characters long."
        raise BadSpec([FieldError(("description",), message)])
    return text.replace("\r\n", "\n").strip()


def load_scenario(key: str) -> type[Scenario]:
    """The scenario's class; BadSpec, worded for a person, when it is unknown or broken."""
    try:
        return registry.load(key)
    except (registry.UnknownScenario, registry.BrokenScenario) as error:
        raise BadSpec([FieldError(("scenario",), f"{str(error)[0].upper()}{str(error)[1:]}.")]) from None


def field_errors(error: ValidationError, *prefix: str) -> list[FieldError]:
    """Pydantic's errors in our words; of a text with several faults, one for each. Of very many, how many there are."""
    if error.error_count() > MOST_ERRORS:
        many = f"There are {error.error_count():,} faults, more than can be told one by one. Check how it was made."
        return [FieldError(prefix or ("params",), many)]
    found = []
    for item in error.errors(include_url=False):
        loc = (*prefix, *map(str, item["loc"]))
        raised = item.get("ctx", {}).get("error")
        if isinstance(raised, Faulty):
            loc = (*loc, raised.field) if raised.field else loc
            shown, more = raised.faults[:MOST_FAULTS], len(raised.faults) - MOST_FAULTS
            found += [FieldError((*loc, *map(str, fault.path)), keepable(str(fault)), fault.line) for fault in shown]
            found += [FieldError(loc, f"… and {more:,} more.")] if more > 0 else []
        else:
            found.append(FieldError(loc, _worded(item)))
    return found


def _worded(item: ErrorDetails) -> str:
    pattern = WORDED.get(item["type"])
    if pattern is not None:
        return pattern.format(**item.get("ctx", {}))
    return keepable(item["msg"].removeprefix("Value error, ")).removesuffix(".") + "."


def _checked_params(scenario: type[Scenario], params: Mapping[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    unreadable = {name: value for name, value in params.items() if isinstance(value, Unreadable)}
    errors.extend(FieldError(("params", name), value.why) for name, value in unreadable.items())
    given = {name: value for name, value in params.items() if name not in unreadable}
    try:
        checked = spelled_out(scenario.Params, given)
        canonical_json(checked)
    except ValidationError as error:
        found = field_errors(error, "params")
        errors.extend(item for item in found if item.loc[1:2] not in {(name,) for name in unreadable})
        return {}
    except ValueError:
        errors.append(FieldError(("params",), "Holds a number that is not finite: JSON has none."))
        return {}
    _, hidden = hide(scenario.Params, checked)
    for path, secret in hidden:
        if secret == MASK:
            place = ("params", *map(str, path))
            errors.append(FieldError(place, ONLY_THE_MASK))
    return checked


def _whole(value: Any, name: str, least: int, most: int, errors: list[FieldError]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        hint = f" {value.hint}" if isinstance(value, Unreadable) and value.hint else ""
        errors.append(FieldError((name,), f"Must be a whole number from {least} to {most}.{hint}"))
        return least
    return value
