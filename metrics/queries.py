"""Reads: the catalogue as people see it, and a person's saved selections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from metrics.models import MetricSelection
from simweb.engine import Metric, Scenario, catalogue, select_keys

SCOPE_TITLES = {"turn": "each turn", "run": "whole run"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One checkbox of the selector."""

    metric: Metric
    chosen: bool
    default: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Checkboxes about one topic at one scope."""

    scope: str
    topic: str
    choices: list[Choice]

    @property
    def title(self) -> str:
        return self.topic.replace("_", " ").capitalize()

    @property
    def when(self) -> str:
        return SCOPE_TITLES[self.scope]

    @property
    def chosen(self) -> int:
        return sum(choice.chosen for choice in self.choices)


def groups(scenario: type[Scenario], chosen: Iterable[str]) -> list[Group]:
    """The scenario's catalogue for the selector: turn scope first, topics in alphabetical order."""
    ticked, defaults = set(chosen), set(select_keys(scenario, None))
    found: dict[tuple[str, str], list[Choice]] = {}
    for metric in catalogue(scenario).values():
        choice = Choice(metric, metric.key in ticked, metric.key in defaults)
        found.setdefault((metric.scope, metric.topic), []).append(choice)
    ordered = sorted(found, key=lambda place: (place[0] == "run", place[1] != "actions", place[1]))
    return [Group(scope, topic, found[scope, topic]) for scope, topic in ordered]


def described(scenario: type[Scenario]) -> list[dict[str, Any]]:
    """The catalogue for programs, sorted by key."""
    defaults = set(select_keys(scenario, None))
    return [_describe(metric, metric.key in defaults) for metric in catalogue(scenario).values()]


def _describe(metric: Metric, is_default: bool) -> dict[str, Any]:
    return {
        "key": metric.key,
        "display_name": metric.title,
        "description": metric.description,
        "scope": metric.scope,
        "unit": metric.unit,
        "author": metric.author,
        "requires": list(metric.requires),
        "is_default": is_default,
        "kind": metric.kind,
    }


def selections_of(person: User) -> QuerySet[MetricSelection]:
    """The one door to saved selections: a person sees their own."""
    return MetricSelection.objects.filter(owner=person)


def named(keys: Iterable[str], known: Mapping[str, Metric]) -> list[tuple[str, str]]:
    """Keys with their titles; a key whose code is gone stands for itself."""
    return [(key, known[key].title if key in known else key) for key in keys]
