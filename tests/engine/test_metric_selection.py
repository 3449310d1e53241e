"""Which metrics are computed, in which order, and what happens when one goes wrong."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simweb.engine import Metric, MetricError, Scenario, UnknownMetric, catalogue, select_keys
from simweb.engine.metric import BASE_KEYS, Measurement
from tests.engine.worlds import Counter, constant, raising, recording, scenario_with


def measure(scenario: type[Scenario], keys: list[str], turns: int = 1) -> tuple[list[Any], list[Any], Any, Any]:
    """(values of each turn, problems of each turn, run values, run problems)."""
    world = scenario(scenario.Params(), np.random.default_rng(1))
    measurement = Measurement(world, keys)
    values, problems = zip(*(measurement.measure_turn(t, world.turn()) for t in range(1, turns + 1)), strict=True)
    return list(values), list(problems), *measurement.measure_run(turns)


@pytest.mark.parametrize("keys", [None, [], ()])
def test_no_choice_means_the_defaults_sorted(keys: Any) -> None:
    scenario = scenario_with(constant("turn.x.b", 1), constant("turn.x.a", 1), defaults=["turn.x.b", "turn.x.a"])
    assert select_keys(scenario, keys) == ("turn.x.a", "turn.x.b")
    assert select_keys(Counter, keys) == BASE_KEYS


def test_the_first_unknown_key_is_named() -> None:
    with pytest.raises(UnknownMetric, match=r"'turn\.no\.where'.*'counter'") as caught:
        select_keys(Counter, ["turn.die.roll", "turn.no.where", "another"])
    assert caught.value.key == "turn.no.where"


def test_duplicates_collapse_and_keys_come_back_sorted() -> None:
    chosen = ["turn.die.roll", "run.die.sum", "turn.die.roll"]
    assert select_keys(Counter, chosen) == ("run.die.sum", "turn.die.roll")


def test_a_metric_that_nothing_ticked_needs_is_never_called() -> None:
    calls: list[str] = []
    scenario = scenario_with(
        recording(calls, "turn.x.idle"),
        recording(calls, "turn.x.needed"),
        recording(calls, "turn.x.ticked", ["turn.x.needed"]),
        recording(calls, "run.x.idle", ["turn.x.idle"], scope="run"),
    )
    measure(scenario, ["turn.x.ticked"], turns=3)
    assert calls == ["turn.x.needed", "turn.x.ticked"] * 3


def test_a_metric_that_several_need_is_computed_once_a_turn() -> None:
    calls: list[str] = []
    scenario = scenario_with(
        recording(calls, "turn.x.base"),
        recording(calls, "turn.x.one", ["turn.x.base"]),
        recording(calls, "turn.x.two", ["turn.x.base", "turn.x.one"]),
        recording(calls, "run.x.all", ["turn.x.base"], scope="run"),
    )
    measure(scenario, ["turn.x.one", "turn.x.two", "run.x.all"], turns=2)
    assert [calls.count(key) for key in ("turn.x.base", "turn.x.one", "turn.x.two", "run.x.all")] == [2, 2, 2, 1]


def test_a_run_metric_gets_the_series_of_a_turn_metric() -> None:
    values, _, run, _ = measure(Counter, ["run.die.sum"], turns=4)
    assert run == {"run.die.sum": sum(turn["turn.die.roll"] for turn in values)}
    assert run["run.die.sum"] >= 4


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([constant("turn.x.a", 1), constant("turn.x.a", 2)], "twice"),
        ([constant("turn.actions.total", 1)], "twice"),
        ([constant("turn.x.a", 1, requires=("turn.x.b",))], "does not exist"),
        ([constant("turn.x.a", 1, requires=("turn.x.a",))], "circle"),
        ([constant("turn.x.a", 1, requires=("turn.x.b",)), constant("turn.x.b", 1, requires=("turn.x.a",))], "circle"),
        ([constant("turn.x.a", 1, requires=("run.actions.total",))], "whole run"),
    ],
)
def test_metrics_that_contradict_each_other_are_refused(metrics: list[Metric], message: str) -> None:
    with pytest.raises(MetricError, match=message):
        catalogue(scenario_with(*metrics))


def test_a_default_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MetricError, match=r"turn\.no\.where"):
        catalogue(scenario_with(defaults=["turn.no.where"]))


def test_a_metric_that_raises_has_no_value_and_the_others_have_theirs() -> None:
    scenario = scenario_with(raising("turn.x.bad", lambda: ZeroDivisionError("by nothing")), constant("turn.x.good", 7))
    values, problems, _, _ = measure(scenario, ["turn.x.bad", "turn.x.good"])
    assert values == [{"turn.x.bad": None, "turn.x.good": 7}]
    (problem,) = problems[0]
    assert (problem.severity, problem.source) == ("warning", "turn.x.bad")
    assert "ZeroDivisionError: by nothing" in problem.description


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("-inf"), "7", [1], np.ones(2), 1j, 10**400])
def test_what_is_no_finite_number_is_a_problem(value: Any) -> None:
    values, problems, _, _ = measure(scenario_with(constant("turn.x.bad", value)), ["turn.x.bad"])
    assert values == [{"turn.x.bad": None}]
    assert [problem.source for problem in problems[0]] == ["turn.x.bad"]


@pytest.mark.parametrize(
    ("kind", "value"), [("mapping", 3), ("mapping", {"a": "b"}), ("table", [3]), ("table", [{"a": float("nan")}])]
)
def test_a_value_of_the_wrong_kind_is_a_problem(kind: Any, value: Any) -> None:
    values, problems, _, _ = measure(scenario_with(constant("turn.x.bad", value, kind=kind)), ["turn.x.bad"])
    assert values == [{"turn.x.bad": None}]
    assert len(problems[0]) == 1


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (True, 1),
        (np.bool_(False), 0),
        (np.array(2.5), 2.5),
        (np.int64(7), 7),
        (Fraction(1, 4), 0.25),
        (Decimal("1.5"), 1.5),
    ],
)
def test_whatever_is_a_number_is_one(value: Any, plain: Any) -> None:
    values, problems, _, _ = measure(scenario_with(constant("turn.x.a", value)), ["turn.x.a"])
    assert (values, problems) == ([{"turn.x.a": plain}], [[]])
    assert type(values[0]["turn.x.a"]) is type(plain)


def test_numpy_numbers_become_plain_ones() -> None:
    scenario = scenario_with(
        constant("turn.x.a", np.int32(3)), constant("turn.x.b", {"k": np.float32(0.5)}, kind="mapping")
    )
    values, problems, _, _ = measure(scenario, ["turn.x.a", "turn.x.b"])
    assert problems == [[]]
    assert type(values[0]["turn.x.a"]) is int
    assert type(values[0]["turn.x.b"]["k"]) is float


def test_none_means_undefined_and_is_no_problem() -> None:
    calls: list[str] = []
    scenario = scenario_with(constant("turn.x.rate", None), recording(calls, "turn.x.double", ["turn.x.rate"]))
    values, problems, _, _ = measure(scenario, ["turn.x.double"])
    assert values == [{"turn.x.rate": None, "turn.x.double": None}]
    assert (problems, calls) == ([[]], [])


@given(st.data())
def test_any_graph_of_metrics_is_computed_in_order_and_no_more_of_it_than_needed(data: st.DataObject) -> None:
    calls: list[str] = []
    names = [f"turn.x.{number}" for number in data.draw(st.permutations(range(data.draw(st.integers(1, 12)))))]
    requires = {name: data.draw(st.sets(st.sampled_from(names[:k]))) if k else set() for k, name in enumerate(names)}
    scenario = scenario_with(*(recording(calls, name, requires[name]) for name in data.draw(st.permutations(names))))
    ticked = data.draw(st.lists(st.sampled_from(names), min_size=1))

    measure(scenario, list(select_keys(scenario, ticked)))

    needed = set(ticked)
    for name in reversed(names):
        if name in needed:
            needed |= requires[name]
    assert sorted(calls) == sorted(needed)
    for name in calls:
        assert all(calls.index(required) < calls.index(name) for required in requires[name])
