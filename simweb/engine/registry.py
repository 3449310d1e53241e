"""Registry: from a scenario's key to its class. Built-ins take the same road as plug-ins.

A scenario is found, in this order, in `SIMWEB_SCENARIOS="key=module:Class,key=/path/to/file.py:Class,…"`, among installed
packages (entry-point group `simweb.scenarios`), or among the built-ins. Nothing is imported until it is needed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from pydantic import BaseModel

from simweb.engine import plugins
from simweb.engine.metric import catalogue
from simweb.engine.params import schema_of, worded
from simweb.engine.scenario import Scenario

BUILT_IN = {
    "haggling": "simweb.scenarios.haggling:Haggling",
    "optimization": "simweb.scenarios.optimization.world:Optimization",
    "payments": "simweb.scenarios.payments:Payments",
    "schelling": "simweb.scenarios.schelling:Schelling",
    "social-feed": "simweb.scenarios.social:SocialFeed",
    "wealth": "simweb.scenarios.wealth:Wealth",
}
ENTRY_POINT_GROUP = "simweb.scenarios"
SETTING = "SIMWEB_SCENARIOS"


class UnknownScenario(LookupError):
    """No scenario goes by this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"unknown scenario {key!r}")
        self.key = key


class BrokenScenario(Exception):
    """The scenario is named but cannot be used; the message says why."""

    def __init__(self, key: str, target: str, reason: str) -> None:
        super().__init__(f"scenario {key!r} ({target}) cannot be used: {reason}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Listing:
    """What the registry knows: classes that load, and a message for each one that does not."""

    scenarios: dict[str, type[Scenario]]
    warnings: dict[str, str]


def targets() -> dict[str, str]:
    """Every known key with its "module:Class"."""
    found = dict(BUILT_IN)
    found.update(installed())
    for item in filter(None, (part.strip() for part in os.environ.get(SETTING, "").split(","))):
        key, _, target = item.partition("=")
        found[key.strip()] = target.strip()
    return found


@cache
def installed() -> dict[str, str]:
    """What installed packages offer, looked up once a process: it takes 10 ms, longer than a short run."""
    return {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}


def load(key: str) -> type[Scenario]:
    """The scenario's class. Raises UnknownScenario, or BrokenScenario when its code or its metrics are at fault."""
    known = targets()
    if key not in known:
        raise UnknownScenario(key)
    return _load(key, known[key])


def listing() -> Listing:
    """All scenarios that load, and why the others do not: a broken plug-in is a warning, never a server that does not start."""
    scenarios, warnings = {}, {}
    for key in sorted(targets()):
        try:
            scenarios[key] = load(key)
        except BrokenScenario as error:
            warnings[key] = str(error)
    return Listing(scenarios, warnings)


def place_of(key: str) -> str:
    """Where its code is: "package.module" or "/path/to/file.py"; blank for an unknown key."""
    return targets().get(key, "").rpartition(":")[0]


@cache
def _load(key: str, target: str) -> type[Scenario]:
    place, _, name = target.rpartition(":")
    if not place or not name:
        example = f'"{key}=module:Class" or "{key}=/path/to/file.py:Class"'
        raise BrokenScenario(
            key, target, f'write it as "module:Class" or "/path/to/file.py:Class" (in {SETTING}: {example})'
        )
    try:
        scenario = getattr(plugins.module_of(place), name)
        _check(scenario, key)
    except BaseException as error:  # a plug-in may raise anything at import, and must not end a server by it
        raise BrokenScenario(key, target, worded(error)) from error
    return scenario  # type: ignore[no-any-return]


def _check(scenario: object, key: str) -> None:
    if not (isinstance(scenario, type) and issubclass(scenario, Scenario)):
        raise TypeError("it is not a subclass of simweb.engine.Scenario")
    for attribute in ("key", "title", "version"):
        if not isinstance(getattr(scenario, attribute, None), str) or not getattr(scenario, attribute):
            raise TypeError(f"it needs a class attribute {attribute!r}, a text")
    if scenario.key != key:
        raise ValueError(f"its own key is {scenario.key!r}")
    if not issubclass(scenario.Params, BaseModel):
        raise TypeError("its Params must be a pydantic model")
    schema_of(scenario.Params)
    catalogue(scenario)
