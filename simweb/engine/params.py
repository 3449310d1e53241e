"""Parameters as JSON: what was sent is checked once, kept, and made into the scenario's parameters where it is played.

What is kept is *input*: read again, it gives the same parameters, so a validator that changes a value does so once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import (
    InitErrorDetails,
    PydanticCustomError,
    PydanticSerializationError,
    PydanticUndefined,
    ValidationError,
)

from simweb.engine.texts import keepable

Schema = Mapping[str, Any]
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def read_params(model: type[BaseModel], given: Mapping[str, Any]) -> BaseModel:
    """The parameters that this input stands for, read as strictly as JSON is: `true` is no integer, `"3"` no number.

    Raises ValidationError. Names and aliases are understood alike.
    """
    text = json.dumps(by_names(model, given))
    value = _validated(model, text)
    schema = schema_of(model)
    mistaken = [
        InitErrorDetails(type=error, loc=(name,), input=given[name])
        for name, described in schema.get("properties", {}).items()
        if name in given and (error := _mistaken(described, given[name], schema.get("$defs", {})))
    ]
    if mistaken:
        raise ValidationError.from_exception_data(model.__name__, mistaken, hide_input=True)
    return value


def worded(error: BaseException) -> str:
    """Type and text of an error of somebody else's code, of bounded length."""
    try:
        return keepable(f"{type(error).__name__}: {error}")
    except BaseException:
        return f"{type(error).__name__}, whose text cannot be made"


def spelled_out(model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """Input that gives the same parameters, under the names of the fields, with every default that can be written.

    A default that would be changed by its own validator cannot be written, and is left out. Raises ValidationError.
    """
    named = by_names(model, given)
    value = read_params(model, named)
    written = _written(value)
    if _reads_as(model, written, value):
        return written
    defaults = {
        name: described["default"]
        for name, described in schema_of(model).get("properties", {}).items()
        if "default" in described and name not in named
    }
    kept = dict(named)
    for name in model.model_fields:
        for source in (written, defaults):
            if name in source and _reads_as(model, {**named, name: source[name]}, value, name):
                kept[name] = source[name]
                break
    return kept if _reads_as(model, kept, value) else named


def by_names(model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """The input under the names of the fields, whichever of their aliases it uses."""
    named: dict[str, Any] = {}
    used: set[str] = set()
    for name, field in model.model_fields.items():
        if name in given:
            named[name] = given[name]
            used.add(name)
            continue
        for path in _aliases(field):
            found = path.search_dict_for_path(dict(given))
            if found is not PydanticUndefined:
                named[name] = found
                used.add(str(path.path[0]))
                break
    return named | {name: value for name, value in given.items() if name not in used}


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of the input, under the names of the fields."""
    return model.model_json_schema(by_alias=False)


def resolved(described: Schema, shared: Mapping[str, Any]) -> dict[str, Any]:
    """A property with its reference followed."""
    reference = described.get("$ref")
    if reference is None:
        return dict(described)
    here = {key: value for key, value in described.items() if key != "$ref"}
    return {**shared.get(reference.rsplit("/", 1)[-1], {}), **here}


def _validated(model: type[BaseModel], text: str) -> BaseModel:
    try:
        return model.model_validate_json(text, strict=True, by_alias=True, by_name=True)
    except ValidationError:
        raise
    except BaseException as error:  # a validator may raise anything, and must not end a server by it
        refusal = PydanticCustomError(
            "check_failed", "{why}", {"why": f"The scenario's own check failed: {worded(error)}"}
        )
        raise ValidationError.from_exception_data(
            model.__name__, [InitErrorDetails(type=refusal, loc=(), input=text)], hide_input=True
        ) from error


def _written(value: BaseModel) -> dict[str, Any]:
    """The parameters as JSON; nothing when they cannot be written."""
    known = {*type(value).model_fields, *(value.model_extra or {})}
    try:
        told = value.model_dump(mode="json", warnings=False)
    except (PydanticSerializationError, ValueError):
        return {}
    for name in known & set(told):
        if isinstance(getattr(value, name), set | frozenset):  # in one order, whichever process writes it
            told[name] = sorted(told[name], key=json.dumps)
    return {name: item for name, item in told.items() if name in known}


def _reads_as(model: type[BaseModel], given: Mapping[str, Any], value: BaseModel, name: str | None = None) -> bool:
    try:
        read = read_params(model, given)
        names = read.__dict__ if name is None else [name]
        return all(bool(_bare(getattr(read, one)) == _bare(getattr(value, one))) for one in names)
    except Exception:  # refused, or values of a kind that cannot be compared
        return False


def _bare(value: Any) -> Any:
    """The value with every member of an enum as its own value: `use_enum_values` spares defaults."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_bare(item) for item in value) if type(value) in {list, tuple, set, frozenset} else value
    return value


def _aliases(field: FieldInfo) -> list[AliasPath]:
    alias = field.validation_alias or field.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [] if alias is None else [alias]
    return [choice if isinstance(choice, AliasPath) else AliasPath(choice) for choice in choices]


def _mistaken(described: Schema, value: Any, shared: Mapping[str, Any]) -> PydanticCustomError | None:
    """The error of a `true` where 1 is a choice: equal in Python, where JSON knows them apart."""
    described = resolved(described, shared)
    if "anyOf" in described:
        errors = [(_mistaken(option, value, shared), option) for option in described["anyOf"]]
        if any(error is None and _fits(resolved(option, shared), value) for error, option in errors):
            return None
        return next((error for error, _ in errors if error), None)
    options = [described["const"]] if "const" in described else described.get("enum")
    if options is not None:
        return _mistaken_choice(options, value)
    wrong = (_mistaken(part, item, shared) for part, item in _parts(described, value))
    return next((error for error in wrong if error), None)


def _mistaken_choice(options: list[Any], value: Any) -> PydanticCustomError | None:
    equal = [option for option in options if option == value]
    if not equal or any(type(option) is type(value) for option in equal):
        return None
    return PydanticCustomError("literal_error", "{expected}", {"expected": " or ".join(map(json.dumps, options))})


def _parts(described: Schema, value: Any) -> list[tuple[Schema, Any]]:
    """The items of a list or an object, each with what the schema says of it."""
    if isinstance(value, dict):
        inner, rest = described.get("properties", {}), described.get("additionalProperties")
        parts = [(inner.get(name, rest), item) for name, item in value.items()]
    elif isinstance(value, list):
        first, rest = described.get("prefixItems", []), described.get("items")
        parts = [(first[place] if place < len(first) else rest, item) for place, item in enumerate(value)]
    else:
        return []
    return [(part, item) for part, item in parts if isinstance(part, Mapping)]


def _fits(described: Schema, value: Any) -> bool:
    kinds = JSON_TYPES.get(described.get("type", ""))
    if kinds is None:
        return True
    return isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)
