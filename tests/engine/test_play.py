"""Playing a spec: deterministic in any process, one turn after the other, to the end or to where the world ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from simweb.engine import Outcome, PlayedTurn, Spec, UnknownMetric, play, registry
from simweb.engine.play import canonical_json

WORLDS = "counter=tests.engine.worlds:Counter"


@pytest.fixture(autouse=True)
def _toy_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMWEB_SCENARIOS", WORLDS)


def played(spec: Spec) -> tuple[list[PlayedTurn], Outcome]:
    *turns, outcome = play(spec)
    assert isinstance(outcome, Outcome)
    return [turn for turn in turns if isinstance(turn, PlayedTurn)], outcome


def fingerprint_elsewhere(spec: Spec) -> str:
    code = (
        "import sys; from simweb.engine import *; *_, end = play(Spec.from_json(sys.argv[1])); print(end.fingerprint)"
    )
    done = subprocess.run([sys.executable, "-c", code, spec.to_json()], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize("scenario", ["counter", "wealth", "social-feed"])
def test_the_same_spec_gives_the_same_fingerprint_in_any_process(scenario: str) -> None:
    spec = Spec(scenario, {}, 42, 5, [])
    here = played(spec)[1].fingerprint
    assert len(here) == 64
    assert fingerprint_elsewhere(spec) == here


def test_another_seed_another_choice_or_another_turn_changes_the_fingerprint() -> None:
    specs = [
        Spec("counter", {}, 1, 5, []),
        Spec("counter", {}, 2, 5, []),
        Spec("counter", {}, 1, 6, []),
        Spec("counter", {}, 1, 5, ["turn.die.roll"]),
        Spec("counter", {}, 1, 5, ["turn.die.roll", "run.die.sum"]),
    ]
    assert len({played(spec)[1].fingerprint for spec in specs}) == len(specs)


def test_turns_are_numbered_from_one_and_carry_actions_and_metrics() -> None:
    turns, outcome = played(Spec("counter", {}, 1, 3, ["turn.actions.total", "run.actions.total"]))
    assert [turn.number for turn in turns] == [1, 2, 3]
    for turn in turns:
        assert turn.metrics["turn.actions.total"] == sum(turn.actions.values())
        assert turn.duration_ms > 0
    assert outcome.turns == 3
    assert outcome.run_metrics["run.actions.total"] == sum(sum(turn.actions.values()) for turn in turns)


def test_a_world_that_is_finished_ends_the_run_early() -> None:
    turns, outcome = played(Spec("counter", {"stop": 4}, 1, 100, []))
    assert len(turns) == outcome.turns == 4


def test_a_choice_of_run_metrics_only_leaves_the_turns_without_metrics_but_for_what_is_required() -> None:
    turns, outcome = played(Spec("counter", {}, 1, 2, ["run.die.sum"]))
    assert [set(turn.metrics) for turn in turns] == [{"turn.die.roll"}] * 2
    assert set(outcome.run_metrics) == {"run.die.sum"}


@pytest.mark.parametrize("params", [{"stop": 0}, {"stop": float("nan")}, {"unknown": 1}])
def test_parameters_that_are_out_of_bounds_or_unknown_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        played(Spec("counter", params, 1, 1, []))


def test_an_unknown_metric_is_refused_before_the_first_turn() -> None:
    with pytest.raises(UnknownMetric):
        next(play(Spec("counter", {}, 1, 1, ["turn.no.where"])))


def test_a_spec_survives_json() -> None:
    spec = Spec("counter", {"stop": 3}, 2**53 - 1, 3, ["turn.die.roll"])
    assert Spec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"scenario":"x"}', "3"])
def test_what_is_no_spec_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        Spec.from_json(text)


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    one, other = {"b": [1, 2.5, None], "a": {"d": 1, "c": "é"}}, {"a": {"c": "é", "d": 1}, "b": [1, 2.5, None]}
    assert canonical_json(one) == canonical_json(other)
    assert json.loads(canonical_json(one)) == one
    assert "\n" not in canonical_json(one)


def test_canonical_json_refuses_what_json_has_not() -> None:
    with pytest.raises(ValueError):
        canonical_json(float("nan"))


def test_a_model_that_draws_at_import_and_from_global_generators_repeats_itself_in_one_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(registry.SETTING, "careless=tests.careless:Careless")
    monkeypatch.delitem(sys.modules, "tests.careless", raising=False)
    registry._load.cache_clear()
    spec = Spec("careless", {}, 4, 3, ["turn.careless.drawn", "turn.careless.asked", "run.careless.imported"])
    first, again = played(spec)[1].fingerprint, played(spec)[1].fingerprint
    assert first == again
