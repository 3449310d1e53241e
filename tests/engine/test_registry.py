"""Finding scenarios: built in, or named in a setting; a broken one is a warning."""

from __future__ import annotations

import pytest

from simweb.engine import registry
from tests.engine.worlds import Counter


def name(monkeypatch: pytest.MonkeyPatch, *items: str) -> None:
    monkeypatch.setenv(registry.SETTING, ",".join(items))


def test_a_scenario_named_in_the_setting_is_found_beside_the_built_in_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    name(monkeypatch, " counter = tests.engine.worlds:Counter ", "")
    assert registry.load("counter") is Counter
    assert set(registry.listing().scenarios) == {"counter", *registry.BUILT_IN}


def test_all_built_in_scenarios_load() -> None:
    listing = registry.listing()
    assert listing.warnings == {}
    assert {"wealth", "schelling", "social-feed"} <= set(listing.scenarios)


def test_an_unknown_scenario_is_named() -> None:
    with pytest.raises(registry.UnknownScenario, match="atlantis") as caught:
        registry.load("atlantis")
    assert caught.value.key == "atlantis"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("broken=no.such.module:Thing", "No module named"),
        ("broken=tests.engine.worlds:NoSuchClass", "NoSuchClass"),
        ("broken=tests.engine.worlds:NOT_A_SCENARIO", "not a subclass"),
        ("broken=tests.engine.worlds:Counter", "its own key is 'counter'"),
        ("misnamed=tests.engine.worlds:MisnamedMetric", "turn.no.where"),
        ("broken=tests.engine.worlds", "module:Class"),
        ("broken", "module:Class"),
    ],
)
def test_a_broken_plug_in_is_a_warning_that_says_why(monkeypatch: pytest.MonkeyPatch, item: str, reason: str) -> None:
    key = item.partition("=")[0]
    name(monkeypatch, item, "counter=tests.engine.worlds:Counter")
    listing = registry.listing()
    assert set(listing.warnings) == {key}
    assert reason in listing.warnings[key]
    assert "counter" in listing.scenarios
    with pytest.raises(registry.BrokenScenario, match=key):
        registry.load(key)
