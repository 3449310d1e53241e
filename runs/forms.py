"""Forms made from a scenario's parameters: what is shown comes from their JSON Schema, what is accepted from their model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.conf import settings
from django.http import QueryDict

from runs.specs import BadSpec
from simweb.engine import Scenario

Kind = Literal["integer", "number", "boolean", "choice", "text"]
PREFIX = "param-"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field: how it is drawn, what it holds, what is wrong with it."""

    name: str
    title: str
    kind: Kind
    value: Any
    help: str = ""
    unit: str = ""
    bounds: str = ""
    choices: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    placeholder: str = ""

    @property
    def checked(self) -> bool:
        return self.value in (True, "on", "true", "True")


def param_fields(
    scenario: type[Scenario], values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> list[FormField]:
    """The scenario's parameters in the order in which their author wrote them."""
    schema = scenario.Params.model_json_schema()
    shared = schema.get("$defs", {})
    fields = []
    for name, given in schema.get("properties", {}).items():
        described = _resolved(given, shared)
        value = values.get(name, described.get("default"))
        fields.append(_field(name, described, value, (errors or {}).get(f"params.{name}", "")))
    return fields


def run_fields(values: Mapping[str, Any], errors: Mapping[str, str]) -> list[FormField]:
    """Turns, replicates and seed: every run has them."""
    most = settings.MAX_TURNS
    return [
        FormField(
            "turns",
            "Turns",
            "integer",
            values.get("turns"),
            bounds=f"1 to {most:,}",
            error=errors.get("turns", ""),
        ),
        FormField(
            "replicates",
            "Replicates",
            "integer",
            values.get("replicates", 1),
            help="Runs that differ only in their seed.",
            error=errors.get("replicates", ""),
        ),
        FormField(
            "seed",
            "Seed",
            "integer",
            values.get("seed") if values.get("seed") is not None else "",
            help="Same seed, same run. Each further replicate takes the next number.",
            placeholder="drawn and shown",
            error=errors.get("seed", ""),
        ),
    ]


def params_from(scenario: type[Scenario], data: QueryDict) -> dict[str, Any]:
    """The parameters as they were typed. A blank field counts as not given; numbers may group their thousands."""
    typed: dict[str, Any] = {}
    for form_field in param_fields(scenario, {}):
        text = data.get(PREFIX + form_field.name, "").strip()
        if form_field.kind == "boolean":
            typed[form_field.name] = text in {"on", "true"}
        elif text:
            typed[form_field.name] = _ungrouped(text) if form_field.kind in {"integer", "number"} else text
    return typed


def whole_from(data: QueryDict, name: str) -> Any:
    """A whole number as typed: None when blank, the text itself when it is no number, for the check to refuse."""
    text = _ungrouped(data.get(name, "").strip())
    if not text:
        return None
    return int(text) if re.fullmatch("-?[0-9]{1,19}", text) else text


def errors_of(error: BadSpec) -> dict[str, str]:
    """What is wrong by dotted field name, the first thing of each."""
    found: dict[str, str] = {}
    for item in error.errors:
        found.setdefault(".".join(item.loc), item.msg)
    return found


def unplaced(errors: Mapping[str, str], fields: Iterable[FormField]) -> list[str]:
    """Errors that belong to no field on the page."""
    placed = {f"params.{form_field.name}" for form_field in fields} | {"turns", "replicates", "seed", "name"}
    return [message for place, message in errors.items() if place not in placed]


def _field(name: str, described: Mapping[str, Any], value: Any, error: str) -> FormField:
    least = described.get("minimum", described.get("exclusiveMinimum"))
    most = described.get("maximum", described.get("exclusiveMaximum"))
    options = described.get("enum")
    kinds: dict[str, Kind] = {"integer": "integer", "number": "number", "boolean": "boolean"}
    titles = described.get("choices", {})
    return FormField(
        name=name,
        title=described.get("title", name),
        kind="choice" if options else kinds.get(described.get("type", ""), "text"),
        value="" if value is None else value,
        help=described.get("description", ""),
        unit=described.get("unit", ""),
        bounds=_bounds(least, most),
        choices=[(str(option), titles.get(str(option), _worded(str(option)))) for option in options or ()],
        error=error,
        placeholder="" if described.get("default") in (None, "") else f"{described['default']}",
    )


def _resolved(described: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """A property with its reference followed, and `X or null` taken for X."""
    for option in described.get("anyOf", ()):
        if option.get("type") != "null":
            described = {**option, **{key: value for key, value in described.items() if key != "anyOf"}}
    reference = described.get("$ref") or next(
        (part["$ref"] for part in described.get("allOf", ()) if "$ref" in part), None
    )
    if reference is None:
        return dict(described)
    return {**shared.get(reference.rsplit("/", 1)[-1], {}), **described}


def _bounds(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"{least:,} to {most:,}"
    return f"at least {least:,}" if least is not None else f"at most {most:,}" if most is not None else ""


def _worded(option: str) -> str:
    return option.replace("_", " ").replace("-", " ").capitalize()


def _ungrouped(text: str) -> str:
    return text.replace(",", "").replace(" ", "").replace("\u202f", "").replace("\u00a0", "")
