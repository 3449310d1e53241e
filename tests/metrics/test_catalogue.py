"""What can be measured, as people and programs see it."""

from __future__ import annotations

from metrics.queries import described, groups, named
from simweb.engine import catalogue, registry
from tests.conftest import Api
from tests.scenarios import Toy

PLACE = {
    "key": "turn.walk.place",
    "display_name": "Place",
    "description": "Where it is.",
    "scope": "turn",
    "unit": "steps",
    "author": "simweb",
    "requires": [],
    "is_default": False,
    "kind": "number",
}


def test_metrics_are_grouped_by_scope_and_topic_with_those_of_the_turn_first() -> None:
    found = groups(Toy, ["turn.walk.place"])
    places = [(group.scope, group.topic) for group in found]
    assert places == [("turn", "actions"), ("turn", "walk"), ("run", "actions"), ("run", "walk")]
    walk = found[1]
    assert (walk.title, walk.when, walk.chosen) == ("Walk", "each turn", 1)
    assert [choice.metric.key for choice in walk.choices if choice.chosen] == ["turn.walk.place"]


def test_every_metric_is_in_one_group() -> None:
    for scenario in registry.listing().scenarios.values():
        keys = [choice.metric.key for group in groups(scenario, []) for choice in group.choices]
        assert sorted(keys) == sorted(catalogue(scenario))


def test_the_defaults_are_marked() -> None:
    defaults = {choice.metric.key for group in groups(Toy, []) for choice in group.choices if choice.default}
    assert len(defaults) == 4
    assert {metric["key"] for metric in described(Toy) if metric["is_default"]} == defaults


def test_programs_get_the_catalogue_sorted_by_key(api: Api) -> None:
    told = api.get("/metrics", scenario="toy").json()
    assert [metric["key"] for metric in told] == sorted(catalogue(Toy))
    assert PLACE in told


def test_a_scenario_tells_the_schema_of_its_parameters(api: Api) -> None:
    told = api.get("/scenarios/toy").json()
    agents = told["params_schema"]["properties"]["agents"]
    assert (agents["minimum"], agents["maximum"], agents["default"], agents["unit"]) == (1, 1000, 10, "agents")
    assert (told["version"], told["default_turns"], told["deterministic"]) == ("7", 5, True)
    assert {item["key"] for item in api.get("/scenarios").json()["items"]} >= {
        "toy",
        "wealth",
        "schelling",
        "social-feed",
    }


def test_a_metric_whose_code_is_gone_stands_for_itself() -> None:
    assert named(["turn.walk.place", "turn.gone"], catalogue(Toy)) == [
        ("turn.walk.place", "Place"),
        ("turn.gone", "turn.gone"),
    ]
