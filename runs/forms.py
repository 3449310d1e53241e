"""Forms made from a scenario's parameters: what is shown comes from their JSON Schema, what is accepted from their model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.http import QueryDict
from pydantic import BaseModel, ValidationError

from runs import typed
from runs.previews import examples_of
from runs.specs import BadSpec
from simweb.engine import Scenario
from simweb.engine.params import spelled_out

PREFIX = "param-"
NONE_SUFFIX = "-none"
LINE = re.compile(r"(line (?P<number>[0-9]+)\b)?(?P<rest>.*)", re.DOTALL)  # as a Fault words itself


@dataclass(frozen=True, slots=True)
class FormField:
    """One field: how it is drawn, what it holds, what is wrong with it."""

    name: str
    title: str
    kind: typed.Kind
    value: Any
    help: str = ""
    unit: str = ""
    bounds: str = ""
    choices: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    placeholder: str = ""
    can_be_none: bool = False
    is_none: bool = False
    multiline: bool = False
    rows: int = 2
    language: str = ""
    upload: str = ""
    uploads_named: bool = False  # each file becomes a text by its name
    only_if: tuple[str, str] | None = None  # another field, and the value with which this one counts
    explanations: list[tuple[str, str]] = field(default_factory=list)  # of the choices
    examples: list[str] = field(default_factory=list)  # titles of texts to start from
    follows: bool = False  # bounds and placeholder are those of other fields' values
    names: list[str] = field(default_factory=list)  # suggested to whoever types

    @property
    def checked(self) -> bool:
        return str(self.value).lower() in typed.TRUE

    @property
    def error_lines(self) -> list[tuple[str, str]]:
        """The error line by line; first the number of the line of the text that it is about, if it is about one."""
        if not self.multiline:
            return [("", self.error)]
        found = [LINE.match(line) for line in self.error.split("\n")]
        return [(match["number"] or "", match["rest"]) for match in found if match]


def param_fields(
    scenario: type[Scenario], values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> list[FormField]:
    """The scenario's parameters with these values, and its defaults where there is none."""
    known = {**starting_values(scenario), **values}
    return [
        _field(
            described,
            typed.show(described, known.get(described.name)),
            (errors or {}).get(f"params.{described.name}", ""),
            described.name in known and known[described.name] is None,
            scenario,
        )
        for described in typed.param_fields(scenario)
    ]


def fields_as_typed(scenario: type[Scenario], data: QueryDict, errors: Mapping[str, str]) -> list[FormField]:
    """The scenario's parameters with what stands in the fields, right or wrong."""
    return [
        _field(
            described,
            "" if described.kind == "secret" else data.get(PREFIX + described.name, ""),
            errors.get(f"params.{described.name}", ""),
            PREFIX + described.name + NONE_SUFFIX in data,
            scenario,
        )
        for described in typed.param_fields(scenario)
    ]


def question_fields(
    model: type[BaseModel], data: QueryDict, errors: Mapping[str, str], names: Mapping[str, list[str]]
) -> list[FormField]:
    """What has to be named to ask a question, with what is named in the address; `names` are those to choose among."""
    drawn = []
    for described in typed.fields_of(model):
        name, default = described.name, typed.show(described, described.schema.get("default"))
        form_field = _field(described, data.get(name, default), errors.get(name, ""), False)
        drawn.append(replace(form_field, can_be_none=False, names=names.get(name, [])))
    return drawn


def starting_values(scenario: type[Scenario]) -> dict[str, Any]:
    """The defaults, as far as they can be typed: one that its own validator would change cannot."""
    try:
        return spelled_out(scenario.Params, {})
    except ValidationError:  # something is required
        fields = typed.param_fields(scenario)
        return {field.name: field.schema["default"] for field in fields if "default" in field.schema}


def run_fields(values: Mapping[str, Any], errors: Mapping[str, str], length: int | None = None) -> list[FormField]:
    """Turns, replicates and seed: every run has them. A world of some length has all its turns unless fewer are asked for."""
    most = settings.MAX_TURNS
    return [
        FormField(
            "turns",
            "Turns",
            "integer",
            values.get("turns"),
            bounds=f"1 to {length or most:,}",
            error=errors.get("turns", ""),
            placeholder=f"all {length:,}" if length else "",
            follows=True,
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
    """The parameters as they were typed; what cannot be read is Unreadable, for the check to refuse.

    A blank field counts as not given; that of an optional parameter, as none.
    """
    found: dict[str, Any] = {}
    for described in typed.param_fields(scenario):
        name = PREFIX + described.name
        if described.kind == "boolean":
            found[described.name] = data.get(name, "").lower() in typed.TRUE
        elif name + NONE_SUFFIX in data:
            found[described.name] = None
        elif name in data and (value := typed.read(described, data.get(name, ""))) is not typed.LEFT_OUT:
            found[described.name] = value
    return found


def kept_secrets(scenario: type[Scenario], data: QueryDict) -> list[str]:
    """The names of secrets that were left blank, and so stay what they are."""
    secret = [described.name for described in typed.param_fields(scenario) if described.kind == "secret"]
    return [name for name in secret if not data.get(PREFIX + name)]


def errors_of(error: BadSpec) -> dict[str, str]:
    """What is wrong by dotted field name: the first thing of each; of a parameter that is a text, all of it, a line each."""
    found: dict[str, str] = {}
    for item in error.errors:
        name = ".".join(item.loc[:2] if item.loc[:1] == ("params",) else item.loc)
        if name not in found:
            found[name] = item.msg
        elif len(item.loc) > 2 or item.line:
            found[name] += f"\n{item.msg}"
    return found


def unplaced(errors: Mapping[str, str], fields: Iterable[FormField]) -> list[str]:
    """Errors that belong to no field on the page."""
    placed = {f"params.{form_field.name}" for form_field in fields} | {
        "turns",
        "replicates",
        "seed",
        "name",
        "description",
    }
    return [message for place, message in errors.items() if place not in placed]


def _field(
    described: typed.ParamField, text: str, error: str, is_none: bool, scenario: type[Scenario] | None = None
) -> FormField:
    schema = described.schema
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    titles, explained = schema.get("choices", {}), schema.get("explanations", {})
    other, is_conditional, wanted = str(schema.get("only_if", "")).partition("=")
    multiline = described.kind == "json" or (
        described.is_plain_text and (bool(schema.get("multiline")) or "\n" in text)
    )
    return FormField(
        name=described.name,
        title=schema.get("title", described.name),
        kind=described.kind,
        value=text,
        help=" ".join(filter(None, (schema.get("description"), "JSON." if described.kind == "json" else ""))),
        unit=schema.get("unit", ""),
        bounds=_bounds(least, most),
        choices=[(option, titles.get(option, _worded(option, value))) for option, value in described.options],
        error=error,
        placeholder=_placeholder(described),
        can_be_none=described.hides_none,
        is_none=is_none,
        multiline=multiline,
        rows=schema.get("rows", 2),
        language=schema.get("language", ""),
        upload=schema.get("upload", ""),
        uploads_named=bool(schema.get("uploads_named")),
        only_if=(other, wanted) if is_conditional else None,
        explanations=[(option, explained[option]) for option, _ in described.options if option in explained],
        examples=list(examples_of(scenario, described.name)) if multiline and scenario else [],
    )


def _placeholder(described: typed.ParamField) -> str:
    if described.kind == "secret":
        return "as it is saved; never shown"
    if described.optional:
        return "none"
    default = described.schema.get("default")
    return "" if default in (None, "") else typed.show(described, default)


def _bounds(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"{least:,} to {most:,}"
    return f"at least {least:,}" if least is not None else f"at most {most:,}" if most is not None else ""


def _worded(option: str, value: Any) -> str:
    if value is None:
        return "None"
    return option.replace("_", " ").replace("-", " ").capitalize() if isinstance(value, str | bool) else option
