"""Writes: saving, changing and deleting a person's metric selections."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from metrics.models import MetricSelection
from simweb.engine import registry, select_keys

MOST_SELECTIONS = 1_000  # of a person


class DuplicateName(ValueError):
    """The person already has a selection of this name for this scenario."""


class UnknownSelection(LookupError):
    """The person has no such selection."""

    def __init__(self, selection_id: int) -> None:
        super().__init__(f"there is no metric selection {selection_id}")


class BadName(ValueError):
    """A name that is blank or too long, or that of one selection too many."""


def clean_name(name: str) -> str:
    """The trimmed name. Raises BadName when it is blank or longer than 100 characters."""
    trimmed = " ".join(name.split())
    if not trimmed or len(trimmed) > 100:
        raise BadName("give it a name of 1 to 100 characters")
    return trimmed


def save_selection(*, owner: User, scenario: str, name: str, metric_keys: Iterable[str]) -> MetricSelection:
    """Keep a new selection. Raises UnknownScenario, UnknownMetric, BadName or DuplicateName."""
    keys = select_keys(registry.load(scenario), metric_keys)
    trimmed = clean_name(name)
    if MetricSelection.objects.filter(owner=owner).count() >= MOST_SELECTIONS:
        raise BadName(f"you have {MOST_SELECTIONS:,} selections, as many as may be; delete one first")
    try:
        with transaction.atomic():
            return MetricSelection.objects.create(owner=owner, scenario=scenario, name=trimmed, metric_keys=keys)
    except IntegrityError:
        raise DuplicateName(f"you already have a selection named “{trimmed}” for {scenario}") from None


def change_selection(
    selection: MetricSelection, *, name: str | None = None, metric_keys: Iterable[str] | None = None
) -> MetricSelection:
    """Rename it, change its keys, or both. Raises as `save_selection` does."""
    if metric_keys is not None:
        selection.metric_keys = list(select_keys(registry.load(selection.scenario), metric_keys))
    if name is not None:
        selection.name = clean_name(name)
    try:
        with transaction.atomic():
            selection.save(update_fields=["name", "metric_keys", "updated_at"])
    except IntegrityError:
        raise DuplicateName(f"you already have a selection named “{selection.name}” for {selection.scenario}") from None
    return selection
