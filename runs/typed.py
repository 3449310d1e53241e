"""What people type, on a page or in a command, as the JSON value it stands for: one reader for all that is typed.

A number is written as JSON writes it. What could be read in two ways is refused, with how to write it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from simweb.engine import Scenario
from simweb.engine.params import Schema, resolved, schema_of

Kind = Literal["integer", "number", "decimal", "boolean", "choice", "text", "secret", "json"]
WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
SEPARATORS = str.maketrans("", "", " _'’\u00a0\u2009\u202f\u066c")
TRUE, FALSE = {"true", "on", "yes", "1"}, {"false", "off", "no", "0"}
NONE = "null"
PLAIN: dict[str, Kind] = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "text"}
LEFT_OUT: Any = object()  # nothing was typed: what is saved stays


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is not what it should be: why, and perhaps how to write it."""

    reason: str
    hint: str = ""

    @property
    def why(self) -> str:
        return f"{self.reason} {self.hint}".strip()


@dataclass(frozen=True, slots=True)
class ParamField:
    """A parameter as it is typed. `options` are those of a choice: the text that stands for each, and the value."""

    name: str
    kind: Kind
    optional: bool
    schema: Schema
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def is_plain_text(self) -> bool:
        """Whether any text will do, a blank one too: no date, no duration."""
        return self.kind == "text" and "format" not in self.schema

    @property
    def hides_none(self) -> bool:
        """Whether a blank field says something else than none, so that none needs a box of its own."""
        return self.optional and (self.is_plain_text or self.kind == "secret")


def param_fields(scenario: type[Scenario]) -> list[ParamField]:
    """The scenario's parameters in the order in which their author wrote them."""
    return fields_of(scenario.Params)


def fields_of(model: type[BaseModel]) -> list[ParamField]:
    """The fields of a model in the order in which they are written."""
    schema = schema_of(model)
    shared = schema.get("$defs", {})
    return [_field(name, described, shared) for name, described in schema.get("properties", {}).items()]


def read(field: ParamField, text: str) -> Any:
    """The value that the text stands for; Unreadable when it stands for none, LEFT_OUT when nothing was typed."""
    bare = text.strip()
    if field.is_plain_text:
        text = text.replace("\r\n", "\n")  # as browsers send the lines of a text
        return text if bare or not field.schema.get("minLength") else LEFT_OUT
    if field.kind == "choice":
        return _chosen(field, text)
    if not bare:
        return None if field.optional and field.kind != "secret" else LEFT_OUT
    if field.optional and bare == NONE and field.kind != "text":
        return None
    readers = {"integer": whole, "number": number, "decimal": decimal, "boolean": boolean, "json": structure}
    return readers[field.kind](bare) if field.kind in readers else text


def show(field: ParamField, value: Any) -> str:
    """The text that `read` makes the value of."""
    if field.kind == "choice":
        return next((text for text, option in field.options if _same(option, value)), "")
    if field.kind == "secret" or (value is None and field.kind != "json"):
        return ""
    if field.kind in {"text", "decimal"} and isinstance(value, str):
        return value
    return "" if value is None and field.optional else json.dumps(value, ensure_ascii=False)


def whole(text: str) -> int | Unreadable:
    """An integer."""
    if WHOLE.fullmatch(text):
        return int(text)
    grouped = re.fullmatch(r"[+-]?[0-9]{1,3}([.,][0-9]{3})+", text)
    plain = re.sub("[.,]", "", text) if grouped else _plain(text)
    hint = f"Write {plain}, without separators." if plain != text and WHOLE.fullmatch(plain) else ""
    return Unreadable("Must be a whole number.", _in_digits(text) or hint)


def number(text: str) -> float | int | Unreadable:
    """A number."""
    if WHOLE.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text) and abs(value := float(text)) != float("inf"):
        return value
    return _no_number(text)


def decimal(text: str) -> str | Unreadable:
    """A number of which every digit counts, as it was written."""
    return text if NUMBER.fullmatch(text) else _no_number(text)


def boolean(text: str) -> bool | Unreadable:
    """True or false, in the usual words."""
    word = text.lower()
    return word in TRUE if word in TRUE | FALSE else Unreadable("Must be true or false.")


def structure(text: str) -> Any:
    """JSON of any kind."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        return Unreadable("Must be JSON that is not nested so deeply.")
    except ValueError as error:
        why = f" ({error.msg}, character {error.pos + 1})" if isinstance(error, json.JSONDecodeError) else ""
        return Unreadable(f"Must be JSON{why}.", 'Write such as [1, 2.5, "a"] or {"name": 1}.')


def whole_from(data: Mapping[str, Any], name: str) -> Any:
    """A whole number under this name; None when nothing was typed."""
    given = data.get(name)
    text = "" if given is None else str(given).strip()
    return whole(text) if text else None


def _field(name: str, described: Schema, shared: Mapping[str, Any]) -> ParamField:
    options = described.get("anyOf", [described])
    wanted = [option for option in (resolved(option, shared) for option in options) if option.get("type") != "null"]
    optional = len(wanted) < len(options)
    own = {key: value for key, value in described.items() if key not in {"anyOf", "$ref"}}
    own.setdefault("title", name.replace("_", " ").title())
    own.setdefault("description", "")  # not what its type says of itself
    schema = {**(wanted[0] if len(wanted) == 1 else {}), **own}
    if "const" in schema or "enum" in schema or (optional and schema.get("type") == "boolean"):
        return ParamField(name, "choice", optional, schema, _options(schema, optional))
    return ParamField(name, _kind(schema, wanted), optional, schema)


def _kind(schema: Schema, wanted: list[dict[str, Any]]) -> Kind:
    if len(wanted) == 2 and [option.get("type") for option in wanted] == ["number", "string"]:
        return "decimal"  # what pydantic writes of a Decimal
    if schema.get("writeOnly"):
        return "secret"
    return PLAIN.get(schema.get("type", ""), "json")


def _options(schema: Schema, optional: bool) -> tuple[tuple[str, Any], ...]:
    values = [schema["const"]] if "const" in schema else list(schema.get("enum") or (True, False))
    if optional and None not in values:
        values.insert(0, None)
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    if len(set(texts)) < len(texts):
        texts = [json.dumps(value) for value in values]
    return tuple(zip(texts, values, strict=True))


def _chosen(field: ParamField, text: str) -> Any:
    known = dict(field.options)
    for spelling in (text, text.strip(), text.strip().lower()):
        if spelling in known:
            return known[spelling]
    if not text.strip():
        return LEFT_OUT
    return Unreadable(f"Must be one of {', '.join(known)}.")


def _same(option: Any, value: Any) -> bool:
    return type(option) is type(value) and bool(option == value)


def _no_number(text: str) -> Unreadable:
    if re.fullmatch(r"[+-]?(nan|inf|infinity)", text.lower()) or NUMBER.fullmatch(text):
        return Unreadable("Must be a finite number.")
    return Unreadable("Must be a number.", _in_digits(text) or _with_a_point(text))


def _in_digits(text: str) -> str:
    """How to write digits of another script."""
    plain = "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
    return f"Write {plain}, in plain digits." if plain != text and NUMBER.fullmatch(plain) else ""


def _with_a_point(text: str) -> str:
    """How to write a number with commas, or with thousands set apart."""
    plain = _plain(text)
    if not NUMBER.fullmatch(plain):
        return ""
    if re.fullmatch(r"[+-]?[0-9]{1,3},[0-9]{3}", text):
        return f"Write {plain}, or {text.replace(',', '.')}: a comma may mean either."
    return f"Write {plain}, with a point." if "." in plain else f"Write {plain}, without separators."


def _plain(text: str) -> str:
    """Without what sets thousands apart, and with a point where the decimals begin, as far as that can be seen."""
    bare = text.translate(SEPARATORS)
    commas, points = bare.count(","), bare.count(".")
    if commas and points:
        decimals = max(bare.rfind(","), bare.rfind("."))
        return re.sub(r"[.,]", "", bare[:decimals]) + "." + bare[decimals + 1 :]
    if commas == 1 and not re.fullmatch(r"[+-]?[0-9]{1,3},[0-9]{3}", bare):
        return bare.replace(",", ".")
    return bare.replace(",", "") if commas else bare.replace(".", "") if points > 1 else bare


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")
