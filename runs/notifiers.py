"""Verbs about notifiers: making one with an address that can be reached, taking it away."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from runs.models import Notifier, Simulation
from runs.specs import BadSpec, FieldError
from runs.states import TERMINAL, Channel

MOST_NOTIFIERS = 1_000  # of a simulation, and of all


def create_notifier(
    simulation: Simulation | None, *, channel: Channel, address: str, statuses: Sequence[str]
) -> Notifier:
    """Tell `address` when a run of the simulation, or of any, ends in one of `statuses`. Its `secret` signs webhooks.

    Raises BadSpec.
    """
    errors = []
    if Notifier.objects.filter(simulation=simulation).count() >= MOST_NOTIFIERS:
        errors.append(FieldError(("address",), f"There are {MOST_NOTIFIERS:,}, as many as may be. Delete one first."))
    if message := _wrong_address(channel, address):
        errors.append(FieldError(("address",), message))
    if not statuses or not set(statuses) <= {status.value for status in TERMINAL}:
        errors.append(FieldError(("statuses",), f"Choose among {', '.join(sorted(TERMINAL))}."))
    if errors:
        raise BadSpec(errors)
    return Notifier.objects.create(
        simulation=simulation,
        channel=channel,
        address=address,
        statuses=sorted(set(statuses)),
        secret=secrets.token_hex(32),
    )


def _wrong_address(channel: Channel, address: str) -> str:
    if channel == Channel.EMAIL:
        try:
            validate_email(address)
        except ValidationError:
            return "Is not an e-mail address."
        return ""
    try:
        parts = urlsplit(address)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(address) <= 500
    except ValueError:
        good = False
    return "" if good else "Must be an address that begins with https:// or http://."
