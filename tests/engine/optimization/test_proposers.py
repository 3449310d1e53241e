"""Proposers that need no model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simweb.scenarios.optimization import ParameterRule, Request
from simweb.scenarios.optimization.proposers import BestResponse, RandomSearch, Scripted, Tpe

X = ParameterRule("x", "float", 0.0, 1.0)


def request(price: Callable[[dict[str, float]], float], *rules: ParameterRule, **more: Any) -> Request:
    values = more.pop("values", {"x": 0.9})
    said: dict[str, Any] = {"agent": "ANN", "index": 0, "attempt": 1, "seed": 1, **more}
    return Request(
        policy=values,
        values=values,
        tunable=rules or (X,),
        cost_of=price,
        changed=lambda other: {**values, **other},
        **said,
    )


def best(proposer: BestResponse, asked: Request) -> Any:
    return proposer.propose(asked).policy


def test_the_grid_finds_a_best_that_lies_on_it_exactly() -> None:
    found = best(BestResponse(21, 0), request(lambda v: abs(v["x"] - 0.15)))
    assert found == {"x": 0.15}


def test_golden_section_finds_what_lies_between() -> None:
    found = best(BestResponse(21, 25), request(lambda v: abs(v["x"] - 0.1234)))
    assert found["x"] == pytest.approx(0.1234, abs=1e-5)


def test_of_what_costs_the_same_what_is_stays() -> None:
    assert best(BestResponse(21, 12), request(lambda v: 7)) is None
    assert best(BestResponse(21, 12), request(lambda v: max(v["x"], 0.4))) == {"x": 0.0}


def test_whole_numbers_and_choices_stay_what_they_are() -> None:
    count = ParameterRule("n", "int", 0, 20)
    choice = ParameterRule("c", "enum", allowed_values=(1, 5, 9))
    asked = request(lambda v: abs(v["n"] - 13) + abs(v["c"] - 6), count, choice, values={"n": 2, "c": 9})
    found = best(BestResponse(21, 12), asked)
    assert found == {"n": 13, "c": 5}
    assert type(found["n"]) is int


def test_one_number_after_the_other_each_knowing_the_last() -> None:
    rules = (X, ParameterRule("y", "float", 0.0, 1.0))
    asked = request(lambda v: (v["x"] - 0.2) ** 2 + (v["y"] - v["x"]) ** 2, *rules, values={"x": 0.9, "y": 0.9})
    assert best(BestResponse(21, 0), asked) == {"x": 0.55, "y": 0.55}


def test_random_search_stays_within_the_rules_and_repeats_itself() -> None:
    rules = (X, ParameterRule("n", "int", 2, 4), ParameterRule("c", "enum", allowed_values=(1, 5)))
    values = {"x": 0.9, "n": 3, "c": 1}
    found = [
        RandomSearch().propose(request(lambda v: 0, *rules, values=values, seed=seed)).policy for seed in range(200)
    ]
    assert all(one and 0 <= one["x"] <= 1 for one in found)
    assert {one["n"] for one in found if one} == {2, 3, 4}
    assert {one["c"] for one in found if one} == {1, 5}
    assert len({one["x"] for one in found if one}) == 200
    assert found[3] == RandomSearch().propose(request(lambda v: 0, *rules, values=values, seed=3)).policy


@pytest.mark.parametrize("proposer", [BestResponse(21, 12), RandomSearch(), Tpe(3)])
def test_with_nothing_to_change_a_search_fails_and_says_so(proposer: Any) -> None:
    asked = Request("ANN", 0, 1, 1, {}, {"x": 0.9}, (), lambda p: 0, lambda v: v)
    with pytest.raises(ValueError, match=r"no number that may be changed \(it has x\)"):
        proposer.propose(asked)


def test_tpe_searches_all_kinds_of_numbers_and_repeats_itself() -> None:
    rules = (X, ParameterRule("n", "int", 0.5, 20), ParameterRule("c", "enum", allowed_values=(1, 5, 9)))

    def price(v: dict[str, float]) -> float:
        return (v["x"] - 0.3) ** 2 + abs(v["n"] - 13) / 10 + abs(v["c"] - 6)

    asked = request(price, *rules, values={"x": 0.9, "n": 2, "c": 9})
    found = Tpe(60).propose(asked).policy
    assert found is not None
    assert price(dict(found)) < 1.3
    assert type(found["n"]) is int
    assert Tpe(60).propose(asked).policy == found
    assert Tpe(60).propose(request(price, *rules, values={"x": 0.9, "n": 2, "c": 9}, seed=2)).policy != found


def test_tpe_tries_what_is_first_and_keeps_it_where_nothing_is_cheaper() -> None:
    tried: list[float] = []

    def price(v: dict[str, float]) -> float:
        tried.append(v["x"])
        return abs(v["x"] - 0.9)

    proposal = Tpe(8).propose(request(price))
    assert (proposal.policy, proposal.reasoning) == (None, "Nothing cheaper was found.")
    assert (tried[0], len(tried), len(set(tried))) == (0.9, 8, 8)


def test_a_trial_that_fails_is_told_to_the_study_and_not_the_end() -> None:
    def price(v: dict[str, float]) -> float:
        if v["x"] > 0.5:
            raise OverflowError("beyond counting")
        return v["x"]

    proposal = Tpe(20).propose(request(price))
    assert proposal.policy is not None
    assert proposal.policy["x"] <= 0.5
    assert "failed." in proposal.reasoning
    with pytest.raises(RuntimeError, match="All 3 trials failed, the last with OverflowError: beyond counting"):
        Tpe(3).propose(request(lambda v: price({"x": 1})))


def test_a_script_says_what_is_proposed_and_when() -> None:
    script = Scripted({"ANN": (0.5, None, {"x": 0.2}, {"policy": {"x": 0.1, "tree": 1}})})
    said = [script.propose(request(lambda v: 0, index=index)).policy for index in range(5)]
    assert said == [{"x": 0.5}, None, {"x": 0.2}, {"x": 0.1, "tree": 1}, None]
    assert script.propose(request(lambda v: 0, agent="BOB")).policy is None


def test_a_number_for_one_of_several_must_say_which() -> None:
    with pytest.raises(ValueError, match=r"The policy has x, y\. Write {name: 0\.5}"):
        Scripted({"ANN": (0.5,)}).propose(request(lambda v: 0, X, values={"x": 0.9, "y": 0.1}))
