"""Questions about a run of payments: each cent, each step of a payment's life, each branch of a tree."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from simweb.engine import Branch, Outcome, Spec, Tree, play
from simweb.engine.answers import answer
from simweb.scenarios.payments.answers import PolicyParams
from simweb.scenarios.payments.answers import answer as answer_of
from simweb.scenarios.payments.cost_shares import shares_of
from simweb.scenarios.payments.system import KINDS
from simweb.scenarios.payments.tables import interpreted
from tests.engine.payments.compiling import machine_code
from tests.engine.payments.strategies import Game, games
from tests.engine.payments.test_rules import system_of

FIVE_BANKS = Spec("payments", {"game": "five-banks"}, 3, 20, [])


def half_up(cents: Fraction) -> int:
    return (2 * cents.numerator + cents.denominator) // (2 * cents.denominator)


def tables(spec: Spec, key: str, **asked: Any) -> dict[str, dict[str, Any]]:
    """The tables of an answer by title."""
    return {block["title"]: block for block in answer(spec, key, asked)["blocks"] if block["kind"] == "table"}


def nodes(branch: Branch) -> list[Branch]:
    return [branch, *(node for below in (branch.yes, branch.no) if below for node in nodes(below))]


@given(games())
@settings(deadline=None)
def test_the_shares_of_each_kind_rounded_once_are_its_cost(game: Game) -> None:
    system = system_of(game, interpreted())
    while not system.is_over:
        log = system.play_tick()
        for bank, name in enumerate(system.names):
            exact: dict[str, Fraction] = defaultdict(Fraction)
            for share in shares_of(system, bank, log):
                assert share.cents > 0
                exact[share.kind] += share.cents
            told = {kind: half_up(exact[kind]) for kind in KINDS}
            assert told == system.costs_of_tick()[name], (system.tick, name)


@given(games())
@settings(deadline=None)
def test_of_a_tree_what_follows_yes_and_no_is_as_often_as_the_question(game: Game) -> None:
    system = system_of(game, interpreted())
    blocks = answer_of(system, "policy", PolicyParams(bank=game.market.names[0]), game.market.ticks)
    trees = [block for block in blocks if isinstance(block, Tree)]
    assert trees
    for node in (node for tree in trees for node in nodes(tree.root)):
        if node.yes is not None and node.no is not None:
            assert node.count == (node.yes.count or 0) + (node.no.count or 0)


def test_the_ticks_and_the_kinds_add_up_to_what_the_run_measured() -> None:
    *_, outcome = play(replace(FIVE_BANKS, metric_keys=["run.payments.cost"]))
    assert isinstance(outcome, Outcome)
    for bank, cents in outcome.run_metrics["run.payments.cost"].items():
        found = tables(FIVE_BANKS, "cost", bank=bank)
        for title in ("By kind", "By tick, in cents"):
            assert sum(row[-1] for row in found[title]["rows"]) == found[title]["foot"][-1] == cents > 0
        for place in range(1, len(found["By tick, in cents"]["heads"])):
            told = sum(row[place] for row in found["By tick, in cents"]["rows"])
            assert told == found["By tick, in cents"]["foot"][place]


def test_the_cost_of_one_tick_is_its_row_of_all_ticks() -> None:
    rows = tables(FIVE_BANKS, "cost", bank="ORCHARD")["By tick, in cents"]["rows"]
    assert len(rows) == 20
    for tick in (0, 10, 19):
        [of_tick] = [row for row in rows if row[0] == tick]
        assert tables(FIVE_BANKS, "cost", bank="ORCHARD", tick=tick)["By kind"]["foot"][-1] == of_tick[-1]


def test_the_life_of_a_payment_that_was_split_names_its_parts() -> None:
    listed = tables(FIVE_BANKS, "payments", bank="ORCHARD")["Payments"]["rows"]
    whole = next(row[8].split()[2].rstrip(",") for row in listed if row[8].startswith("part of"))
    parts = {row[0] for row in listed if row[8].startswith(f"part of {whole},")}
    assert len(parts) > 1
    steps = tables(FIVE_BANKS, "payment", payment=int(whole))["Step by step"]["rows"]
    assert {row[1] for row in steps} == {whole, *parts}
    [split] = [row for row in steps if row[2] == "split"]
    assert split[3].endswith(f", into {len(parts)} parts")
    assert [row[0] for row in steps] == sorted(row[0] for row in steps)


def test_only_as_many_ticks_are_told_as_were_played() -> None:
    short = replace(FIVE_BANKS, turns=4)
    assert [row[0] for row in tables(short, "cost", bank="ORCHARD")["By tick, in cents"]["rows"]] == [0, 1, 2, 3]
    assert answer(short, "cost", {"bank": "ORCHARD", "tick": 4}) == {
        "error": "There is no tick 4: the run has ticks 0 to 3."
    }


@pytest.mark.parametrize(
    ("key", "asked", "told"),
    [
        ("cost", {"bank": "ORCHART"}, "There is no bank 'ORCHART'. Did you mean \"ORCHARD\"?"),
        ("policy", {"bank": "NOBODY"}, "There is no bank 'NOBODY'."),
        ("payment", {"payment": 9_999}, "There is no payment 9999 in this run: the payments are numbered 0 to "),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(key: str, asked: dict[str, Any], told: str) -> None:
    assert answer(FIVE_BANKS, key, asked)["error"].startswith(told)


def test_what_costs_nothing_is_told_in_a_sentence() -> None:
    spec = Spec("payments", {"game": "castro-1", "fractions": {"BANK_A": 0.0}}, 5, 1, [])
    [told] = answer(spec, "cost", {"bank": "BANK_A", "tick": 0})["blocks"]
    assert told["text"] == "BANK_A was charged nothing in tick 0."


def test_a_policy_is_drawn_with_how_often_it_was_asked() -> None:
    found = answer(FIVE_BANKS, "policy", {"bank": "MERIDIAN"})["blocks"]
    root = found[0]["root"]
    released = sum(row[1] == "MERIDIAN" for row in tables(FIVE_BANKS, "payments", bank="MERIDIAN")["Payments"]["rows"])
    assert root["count"] >= released > 0
    assert root["count"] == root["yes"]["count"] + root["no"]["count"]


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ("cost", {"bank": "HARBOUR"}),
        ("cost", {"bank": "HARBOUR", "tick": 7}),
        ("payment", {"payment": 12}),
        ("payments", {"bank": "ORCHARD"}),
        ("policy", {"bank": "MERIDIAN"}),
    ],
)
def test_an_answer_is_the_same_compiled_or_interpreted(key: str, asked: dict[str, Any], monkeypatch: Any) -> None:
    machine_code()
    spec = Spec("payments", {"game": "five-banks"}, 7, 20, [])
    interpreted = answer(spec, key, asked)
    assert interpreted["blocks"]
    monkeypatch.setenv("SIMWEB_COMPILED", "1")
    assert answer(spec, key, asked) == interpreted
