"""Reading settings from the environment: each reader refuses nonsense with a message that says what to write."""

import os
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from simweb.private import doubt_about

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable's text, trimmed; `default` when unset or blank."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """True or false in any of the usual spellings."""
    value = text(name, "yes" if default else "no").lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name}={value!r}: write 1 or 0")
    return value in TRUE


def number(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number within bounds."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number from {least} to {most}")
    return int(value)


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    """One of `options`."""
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name}={value!r}: write one of {', '.join(options)}")
    return value


def address(name: str) -> str:
    """The address of an HTTP server, without a slash at its end; blank when unset."""
    value = text(name).rstrip("/")
    try:
        parts = urlsplit(value)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if value and (not is_one or parts.query or parts.fragment):
        raise ImproperlyConfigured(f"{name}={value!r}: write an address such as http://127.0.0.1:4318")
    return value


def names(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A list separated by commas."""
    value = text(name)
    return [part.strip() for part in value.split(",") if part.strip()] if value else list(default)


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Networks separated by commas; an address alone is a network of one."""
    try:
        return [ip_network(part) for part in names(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}: write networks such as 127.0.0.1,10.1.0.0/16") from None


def secret(name: str, file: Path) -> str:
    """The variable, or what `file` holds; made on first start, readable by its owner only."""
    given = text(name)
    if given:
        if len(given) < 32:
            raise ImproperlyConfigured(
                f"{name} is too short to be a secret: use at least 32 characters, or leave it out"
            )
        return given
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if doubt := doubt_about(file):
            raise ImproperlyConfigured(f"{name}: {doubt}. Give {name}, or another SIMWEB_DATA_DIR") from None
        return file.read_text().strip()
    made = secrets.token_urlsafe(50)
    with os.fdopen(handle, "w") as opened:
        opened.write(made)
    return made
