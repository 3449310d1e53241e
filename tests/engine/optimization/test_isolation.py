"""Isolation: an agent's model is never told what others pay, decide or have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simweb.scenarios.optimization import OptimizationLoop, Request
from simweb.scenarios.optimization.llm.writing import Prompt
from simweb.scenarios.optimization.prompts import HIDDEN, PUBLIC, Fragment, Guard, private_numbers, written
from simweb.scenarios.optimization.prompts.isolation import numbers_in
from simweb.scenarios.payments.market import Listed, Market
from simweb.scenarios.payments.optimizing import FRACTION, MarketSubject
from simweb.scenarios.payments.system import Blueprint, System
from simweb.scenarios.payments.tables import interpreted
from tests.engine.optimization.models import Answering, fresh, proposer_of
from tests.engine.optimization.toy import Proposes, Toy, experiment
from tests.engine.payments.castro import EXP2, RELEASE, A

LLM = '{model: "openai:gpt-5.2"}'
TABLES = interpreted()
NAMES = ("BANK_A", "BANK_B", "BANK_C")
PENALTIES = {50_000.0, 100_000.0}  # the same for every bank, and told to all


@given(st.sampled_from(["ANN", "BOB"]), st.integers(10_000, 10**9))
def test_an_agent_is_told_what_it_owns_and_what_is_public(agent: str, secret: int) -> None:
    fragments = [
        Fragment(PUBLIC, "P", "public"),
        Fragment("ANN", "A", f"{secret}"),
        Fragment("BOB", "B", f"{secret + 1}"),
    ]
    passed = Guard(agent, private_numbers(fragments)).passed(fragments)
    assert [one.owner for one in passed] == [PUBLIC, agent]
    assert str(secret + (agent != "BOB")) not in written(passed).replace(str(secret + (agent == "BOB")), "")


SPELLINGS = ("{0}", "{0:,}", "{0}.0", "{0:e}", "-{0}", "'{0}'", "({0})", "{0} cents", "{0}.")


@given(st.integers(2, 9_999_999), st.sampled_from(SPELLINGS), st.sampled_from([PUBLIC, "ANN"]), st.booleans())
def test_what_slips_into_a_text_that_names_another_is_hidden(
    secret: int, spelling: str, owner: str, before: bool
) -> None:
    theirs = f"pays {spelling.format(secret)}"
    value = next(iter(numbers_in(theirs)))
    line = f"{theirs}: BOB" if before else f"BOB {theirs}"
    fragments = [Fragment("BOB", "B", theirs), Fragment(owner, "Leak", f"first\n{line}\nlast 1")]
    text = written(Guard("ANN", private_numbers(fragments)).passed(fragments))
    assert HIDDEN in text
    assert value not in numbers_in(text)
    assert text.endswith("last 1")


def test_another_word_is_not_another_agent() -> None:
    fragments = [Fragment("BOB", "B", "123"), Fragment("ANN", "A", "BOBBY pays 123, and so does BOB_2")]
    assert HIDDEN not in written(Guard("ANN", private_numbers(fragments)).passed(fragments))


def test_what_the_subject_vouches_for_stays_as_it_is() -> None:
    shared = Fragment("ANN", "A", "123 received from BOB", is_vouched=True)
    assert Guard("ANN", private_numbers([Fragment("BOB", "B", "123"), shared])).passed([shared]) == [shared]


def test_its_own_numbers_are_never_hidden_from_an_agent() -> None:
    own = Fragment("ANN", "A", "ANN pays 123")
    assert Guard("ANN", private_numbers([Fragment("BOB", "B", "123"), own])).passed([own]) == [own]


prices = st.lists(st.integers(10_001, 99_999), min_size=6, max_size=6, unique=True)


@settings(max_examples=25, deadline=None)
@given(prices, st.lists(st.integers(100_001, 499_999), min_size=2, max_size=2, unique=True))
def test_another_agents_costs_and_policy_never_appear_in_a_prompt(costs: list[int], digits: list[int]) -> None:
    """Costs and numbers of both agents are all different, so that each number tells whose it is."""
    starts = {"ANN": digits[0] / 10**6, "BOB": digits[1] / 10**6}
    told: dict[str, list[Prompt]] = {"ANN": [], "BOB": []}

    class Priced(Toy):
        def start_policy(self, agent: str) -> dict[str, Any]:
            return {"x": starts[agent]}

    def price(agent: str, x: float, seed: int) -> int:
        place = (agent == "BOB") * 3 + min(int((x - starts[agent]) * 1000 + 0.5), 2)
        return costs[place] - int(x * 10)

    def answer(system: str, user: str) -> dict[str, Any]:
        agent = "ANN" if "policy of ANN" in user else "BOB"
        told[agent].append(Prompt(system, user))
        return {"x": starts[agent] + 0.001 * (1 + len(told[agent]) % 2)}

    customization = f'{{all: "BOB starts with {starts["BOB"]}, ANN with {starts["ANN"]}"}}'
    evaluation = "{mode: deterministic, ticks: 1, exploitability: false}"  # prices are of the proposed numbers only
    config = experiment(llm=LLM, proposer="{kind: llm}", prompt_customization=customization, evaluation=evaluation)
    with fresh():
        OptimizationLoop(config, Priced(price), proposer_of(Answering(answer), config)).run()
    for agent, other in (("ANN", "BOB"), ("BOB", "ANN")):
        own, secrets = ({price(one, starts[one] + step, 0) for step in (0.0, 0.001, 0.002)} for one in (agent, other))
        saved = {one - two for one in own for two in own}
        secrets = (secrets | {starts[other]}) - saved - own
        assert len(told[agent]) == 3
        for prompt in told[agent]:
            assert not numbers_in(prompt.system + prompt.user) & secrets
        assert {price(agent, starts[agent], 0), starts[agent]} <= numbers_in(told[agent][0].user)


@st.composite
def markets(draw: Any) -> tuple[Market, dict[str, float]]:
    """Three banks with pools, policies and payments whose numbers are all different."""
    numbers = draw(st.lists(st.integers(100_003, 999_983), min_size=14, max_size=14, unique=True))
    banks = tuple(
        replace(EXP2.banks[0], name=name, pool=numbers[place] * 7, fraction=None, arrivals=(), policy=RELEASE)
        for place, name in enumerate(NAMES)
    )
    fractions = {name: (10 * numbers[3 + place] + 7) / 10**7 for place, name in enumerate(NAMES)}
    listed = tuple(replace(_listed(draw), amount=number) for number in numbers[6 : 6 + draw(st.integers(1, 8))])
    return replace(EXP2, ticks_per_day=4, banks=banks, listed=listed), fractions


def _listed(draw: Any) -> Listed:
    sender, receiver = draw(st.permutations(NAMES))[:2]
    tick = draw(st.integers(0, 3))
    return Listed(sender, receiver, 1, tick, tick + draw(st.integers(1, 3)))


def facts_of(market: Market, policies: Mapping[str, Any], bank: str) -> tuple[set[float], set[float]]:
    """What one bank has, pays and decides, and the payments that it knows: reckoned from the accounts, tick by tick."""
    fractions = {name: said["parameters"][FRACTION] for name, said in policies.items()}
    system = System(Blueprint(market, fractions=fractions, policies=policies, tables=TABLES), 1)
    place, spent = system.names.index(bank), Counter[str]()
    facts: set[float] = {fractions[bank], float(market.banks[NAMES.index(bank)].pool or 0)}
    for _ in range(market.ticks):
        system.play_tick()
        account, costs = system.account(place), system.costs_of_tick()[bank]
        spent.update(costs)
        waiting = (account.queue1_value, account.queue2_value, account.queue1_value + account.queue2_value)
        facts |= set(map(float, (account.balance, account.allocated, *waiting, account.total_cost)))
        facts |= set(map(float, (*costs.values(), sum(costs.values()), *spent.values())))
    shared = {float(one.amount) for one in system.known_payments() if place in (one.sender, one.receiver)}
    return {fact for fact in facts if abs(fact) > 1_000 or 0 < fact < 1}, shared


@settings(max_examples=25, deadline=None)
@given(markets())
def test_a_bank_is_told_nothing_of_other_banks_but_payments_between_them(said: tuple[Market, dict[str, float]]) -> None:
    market, fractions = said
    subject = MarketSubject(market, tables=TABLES)
    policies = {name: {**RELEASE, "parameters": {FRACTION: fraction}} for name, fraction in fractions.items()}
    accounts = {name: "\n".join(text for _, text in subject.account_of(name, policies, 1)) for name in NAMES}
    facts = {name: facts_of(market, policies, name) for name in NAMES}
    public = numbers_in(subject.domain()) | numbers_in(subject.schema(None))
    for name in NAMES:
        own, known = facts[name]
        told = numbers_in(accounts[name])
        for other in NAMES:
            if other != name:
                theirs = (facts[other][0] | facts[other][1]) - own - known - PENALTIES
                assert (told | public) & theirs == set(), (name, other)
        assert {float(one.amount) for one in market.listed if one.sender == name} <= told


def test_a_request_holds_nothing_of_others_however_it_is_looked_at() -> None:
    asked: list[Request] = []
    config = experiment(starting_policy="{ANN: 0.123456, BOB: 0.654321}", convergence="{max_iterations: 3}")
    proposer = Proposes(lambda request: asked.append(request))
    OptimizationLoop(config, Toy(), proposer).run()
    for request in asked:
        own, other = ("0.123456", "0.654321") if request.agent == "ANN" else ("0.654321", "0.123456")
        told = written(request.told(()))
        assert own in told
        assert other not in told + repr(request)


@pytest.mark.parametrize("mode", ["deterministic", "deterministic-temporal", "bootstrap"])
def test_instructions_are_told_in_every_mode(mode: str) -> None:
    model = Answering({"x": 0.5})
    config = experiment(
        llm=LLM,
        proposer="{kind: llm}",
        prompt_customization="{all: Mind the gap., ANN: Be bold.}",
        evaluation=f"{{mode: {mode}, ticks: 1, num_samples: 2}}",
        convergence="{max_iterations: 2}",
    )
    with fresh():
        OptimizationLoop(config, Toy(), proposer_of(model, config)).run()
    (ann_system, ann), (bob_system, bob) = model.prompts
    assert "Mind the gap." in ann_system
    assert "Mind the gap." in bob_system
    assert "Be bold." in ann
    assert "Be bold." not in bob


def test_the_market_of_a_bank_is_in_its_prompt_once() -> None:
    subject = MarketSubject(EXP2, tables=TABLES)
    text = json.dumps([subject.domain(), subject.account_of(A, {}, 42)])
    assert text.count("Liquidity pool") == 1
