"""Redaction: texts and JSON without the secrets that this process knows, and without what looks like one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from simweb.engine.secrets import MASK

SHORTEST = 8  # characters of a secret: a shorter one would be found where it is not meant
SECRET_NAME = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(_|$)", re.IGNORECASE)
SHAPES = (
    (re.compile(r"(://[^\s/@:]*:)[^\s/@]+(@)"), rf"\g<1>{MASK}\g<2>"),  # the password of a URL
    (re.compile(r"(?i)\b(authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic)\s+)?)[^\s\"',]+"), rf"\g<1>{MASK}"),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/-]{8,}=*"), rf"\g<1>{MASK}"),
    (re.compile(r"\bsk-[\w-]{16,}"), MASK),  # how several providers' keys begin
)


def known_secrets(environment: Mapping[str, str] | None = None) -> frozenset[str]:
    """Values of environment variables that are named like a secret, and passwords of the URLs among them all."""
    found: set[str] = set()
    for name, value in (os.environ if environment is None else environment).items():
        if SECRET_NAME.search(name):
            found.add(value.strip())
        if "://" in value:
            found.update(_passwords(value))
    return frozenset(value for value in found if len(value) >= SHORTEST)


def redacted(value: Any, secrets: Iterable[str] = ()) -> Any:
    """The JSON with a mask for each secret, wherever in its texts, and in its keys, one stands."""
    longest_first = sorted({one for one in secrets if len(one) >= SHORTEST}, key=len, reverse=True)

    def without(said: Any) -> Any:
        if isinstance(said, str):
            for secret in longest_first:
                said = said.replace(secret, MASK)
            for shape, mask in SHAPES:
                said = shape.sub(mask, said)
            return said
        if isinstance(said, Mapping):
            return {without(key): without(inner) for key, inner in said.items()}
        if isinstance(said, list | tuple):
            return [without(inner) for inner in said]
        return said

    return without(value)


def _passwords(address: str) -> Iterable[str]:
    try:
        password = urlsplit(address).password or ""
    except ValueError:
        return ()
    return (password, unquote(password))
