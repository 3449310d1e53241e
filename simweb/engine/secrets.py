"""Secrets among parameters: kept apart from what is shown, and put back where a run is played."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from simweb.engine.params import Schema, read_params, schema_of

MASK = "**********"  # what pydantic shows of a secret
SECRETS = (Secret, SecretStr, SecretBytes)
Place = tuple[str | int, ...]
Kept = list[list[Any]]  # [path, value] each


def hide(model: type[BaseModel], given: Mapping[str, Any]) -> tuple[dict[str, Any], Kept]:
    """The input with a mask for each secret, and the secrets: [path, value] each, for `reveal`."""
    fields = sorted(_secret_fields(model) & set(given))
    if not fields:
        return dict(given), []
    value = read_params(model, given)
    hidden: dict[str, Any] = copy.deepcopy(dict(given))
    found: Kept = []
    for name in fields:
        secrets = set(_secrets_in(getattr(value, name))) - {""}
        leaves = [(path, leaf) for path, leaf in _leaves(hidden[name], (name,)) if leaf not in (None, "")]
        known = [(path, leaf) for path, leaf in leaves if _text(leaf) in secrets]
        # A validator may have changed a secret: then no leaf can be told from it, and none is shown.
        is_whole = {_text(leaf) for _, leaf in known} == secrets
        found += [[list(path), leaf] for path, leaf in (known if is_whole else leaves)]
    for path, _ in found:
        _put(hidden, path, MASK)
    return hidden, found


def reveal(hidden: Mapping[str, Any], secrets: Kept) -> dict[str, Any]:
    """What `hide` was given. A place that no longer holds a mask keeps what it holds."""
    given: dict[str, Any] = copy.deepcopy(dict(hidden))
    for path, value in secrets:
        if _get(given, path) == MASK:
            _put(given, path, value)
    return given


@cache
def _secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Fields that are a secret, or hold one."""
    schema = schema_of(model)
    shared = schema.get("$defs", {})

    def holds(described: Any, seen: frozenset[str]) -> bool:
        if isinstance(described, list):
            return any(holds(part, seen) for part in described)
        if not isinstance(described, dict):
            return False
        reference = described.get("$ref", "")
        if reference and reference not in seen:
            return holds(shared.get(reference.rsplit("/", 1)[-1]), seen | {reference})
        return described.get("writeOnly") is True or any(holds(part, seen) for part in described.values())

    return frozenset(name for name, described in schema.get("properties", {}).items() if holds(described, frozenset()))


def is_secret(described: Schema) -> bool:
    """Whether the property itself is a secret."""
    return bool(described.get("writeOnly")) or any(option.get("writeOnly") for option in described.get("anyOf", ()))


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, SECRETS):
        yield _text(value.get_secret_value())
    elif isinstance(value, BaseModel):
        yield from _secrets_in(dict(value))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets_in(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _secrets_in(item)


def _leaves(value: Any, path: Place) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, (*path, place))
    else:
        yield path, value


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _get(value: Any, path: list[Any]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _put(value: Any, path: Any, item: Any) -> None:
    *steps, last = path
    for step in steps:
        value = value[step]
    value[last] = item
