"""Payments as something to optimise: banks' policies, what they cost, and days on which one bank's policy can be tried."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

from simweb.engine import Fault, Faulty
from simweb.scenarios.documents.suggestions import did_you_mean
from simweb.scenarios.payments import compiled
from simweb.scenarios.payments.briefing import Diary, diaries_of, told_bank, told_market
from simweb.scenarios.payments.days import Days, drawn_days
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.market import Bank, Market
from simweb.scenarios.payments.policies import (
    Constraints,
    ParameterRule,
    check_constraints,
    check_policy,
    dry_run,
    read_policy,
)
from simweb.scenarios.payments.policies.explaining import told_language
from simweb.scenarios.payments.policies.named import name_of
from simweb.scenarios.payments.sandbox import Past, Rules
from simweb.scenarios.payments.system import Blueprint, System
from simweb.scenarios.payments.tables import Tables, fastest

FRACTION = "initial_liquidity_fraction"
NOT_COMPILED = (
    "The rules of payments are being compiled on this server, once, which takes some minutes; until then they are interpreted, "
    "some hundred times as slow."
)
START_FRACTION = 0.5  # where neither the file nor the policy says one
KEPT = 64  # blueprints of recent policies
DAYS_KEPT = 8  # those of recent iterations, and those that are searched in all of them
MARKET = ""  # in the place of a bank: the market itself

Tree = Mapping[str, Any]


class Rule(Protocol):
    """A parameter that a policy may have, whoever defines it."""

    @property
    def name(self) -> str: ...
    @property
    def param_type(self) -> Literal["int", "float", "enum"]: ...
    @property
    def min_value(self) -> float | None: ...
    @property
    def max_value(self) -> float | None: ...
    @property
    def allowed_values(self) -> tuple[Any, ...]: ...


class Limits(Protocol):
    """What a policy may use, whoever defines it."""

    @property
    def allowed_parameters(self) -> Sequence[Rule]: ...
    @property
    def allowed_fields(self) -> tuple[str, ...] | None: ...
    @property
    def allowed_actions(self) -> Mapping[str, tuple[str, ...]] | None: ...


class Day(NamedTuple):
    """What came of playing all banks: cents by bank, and the share of its payments that each bank settled."""

    costs: Mapping[str, int]
    settlement_rates: Mapping[str, float | None]


class BankDay(NamedTuple):
    """What came of one bank's policy in its sandbox."""

    cost: int
    settlement_rate: float | None


def market_subject(text: str, ticks: int, repeats_published: bool) -> MarketSubject:
    """The subject of a scenario file. Raises Faulty."""
    market = read_scenario(text)
    if ticks != market.ticks:
        message = (
            f"The experiment evaluates {ticks:,} ticks, but the scenario has {market.ticks:,}. Write evaluation.ticks: "
        )
        raise Faulty([Fault(f"{message}{market.ticks}.", ("simulation",))])
    return MarketSubject(market, repeats_published=repeats_published)


class MarketSubject:
    """A market whose banks' policies are to be optimised. A policy's `initial_liquidity_fraction` is what it puts in."""

    def __init__(self, market: Market, *, repeats_published: bool = False, tables: Tables | None = None) -> None:
        self.market = market
        self.tables = tables or fastest()
        self.rules = Rules(market, repeats_published)
        self.banks: Mapping[str, Bank] = {bank.name: bank for bank in market.banks}
        self._diaries = lru_cache(maxsize=1)(self._new_diaries)
        self._days = lru_cache(maxsize=DAYS_KEPT)(self._drawn_days)
        self._read = lru_cache(maxsize=KEPT)(self._new_blueprint)

    @property
    def agents(self) -> Sequence[str]:
        """The banks, in the order of the file."""
        return tuple(self.banks)

    def start_policy(self, agent: str) -> Tree:
        """The scenario's own; of a bank with a pool, with the fraction that the file says, else the policy, else 0.5."""
        bank = self.banks[agent]
        return self._with_fraction(bank, bank.policy, bank.fraction)

    def read_policy(self, agent: str, said: Any) -> Tree:
        """A name such as Fifo, a type with its parameters, or a tree. Raises Faulty."""
        return self._with_fraction(self.banks[agent], read_policy(said), None)

    def _with_fraction(self, bank: Bank, policy: Tree, fraction: float | None) -> Tree:
        said = self.parameters(policy)
        if bank.pool is None or (fraction is None and FRACTION in said):
            return policy
        value = START_FRACTION if fraction is None else fraction
        return {**policy, "parameters": {**said, FRACTION: value}}

    def validate(self, agent: str, policy: Tree, constraints: Limits | None) -> list[Fault]:
        """Structure first; what can be understood is held against the constraints, and tried."""
        faults = check_policy(policy)
        if not faults and constraints is not None:
            faults = check_constraints(policy, _own(constraints))
        if not faults and self.banks[agent].pool is not None and FRACTION not in self.parameters(policy):
            near = did_you_mean(FRACTION, self.parameters(policy))
            faults = [Fault(f"{agent} has a liquidity pool: its policy needs the parameter {FRACTION!r}.{near}")]
        return faults or dry_run(policy)

    def parameters(self, policy: Tree) -> dict[str, float]:
        """The policy's named numbers."""
        return dict(policy.get("parameters") or {})

    def with_parameters(self, policy: Tree, values: Mapping[str, float]) -> Tree:
        """The same trees with other numbers."""
        return {**policy, "parameters": {**self.parameters(policy), **values}}

    def describe(self, policy: Tree) -> str:
        """Its name and its numbers."""
        return name_of(policy)

    def domain(self) -> str:
        """The rules of the market, and nothing of any one bank."""
        return told_market(self.market)

    def schema(self, constraints: Limits | None) -> str:
        """How a policy is written, as far as the constraints allow it."""
        return told_language(constraints)

    def account_of(self, agent: str, policies: Mapping[str, Tree], seed: int) -> list[tuple[str, str]]:
        """What the bank has, was charged and saw in one play; of others only their payments to it, and its own to them."""
        diary = self._diaries(json.dumps(self._started(policies), sort_keys=True), seed)[agent]
        return [("What you have", told_bank(self.banks[agent])), *diary.told()]

    def slowness(self) -> str:
        """That the rules are not compiled yet; blank where they are, or nobody will compile them."""
        return "" if self.tables.is_compiled or not compiled.can_compile() else NOT_COMPILED

    def evaluate(self, policies: Mapping[str, Tree], seed: int) -> Day:
        """Play the whole market; banks that are not named do what they do in the scenario."""
        system = self._played(policies, seed)
        arrived, settled = system.figures("arrived_count"), system.figures("settled_count")
        return Day(system.costs(), {bank: _rate(settled[bank], arrived[bank]) for bank in system.names})

    def history(self, policies: Mapping[str, Tree], seeds: Sequence[int]) -> Past:
        """What all banks met in a play of the market for each seed."""
        return self.rules.past(self._days(tuple(seeds)).played(self._market(policies)), len(seeds))

    def samples(self, history: Past, agent: str, sample_seeds: Sequence[int]) -> Days:
        """Days drawn from what the bank met."""
        return self.rules.days(self.rules.history(history, agent), agent, sample_seeds, self.tables)

    def try_policy(self, agent: str, policy: Tree, samples: Days) -> list[BankDay]:
        """The bank alone, in each of its days. Where published figures are repeated, nobody counts what is settled."""
        blueprint = self._blueprint(agent, {agent: policy})
        outcomes = samples.play(blueprint, blueprint.names.index(agent))
        if self.rules.repeats_published:
            return [BankDay(outcome.cost, None) for outcome in outcomes]
        return [BankDay(outcome.cost, _rate(outcome.settled, outcome.arrived)) for outcome in outcomes]

    def _played(self, policies: Mapping[str, Tree], seed: int) -> System:
        system = System(self._market(policies), seed, keeps_log=False)
        system.play_all()
        return system

    def _started(self, policies: Mapping[str, Tree]) -> dict[str, Tree]:
        return {bank: policies.get(bank) or self.start_policy(bank) for bank in self.banks}

    def _new_diaries(self, key: str, seed: int) -> dict[str, Diary]:
        return diaries_of(System(self._blueprint(MARKET, json.loads(key)), seed))

    def _market(self, policies: Mapping[str, Tree]) -> Blueprint:
        return self._blueprint(MARKET, self._started(policies))

    def _drawn_days(self, seeds: tuple[int, ...]) -> Days:
        return drawn_days(self._market({}), seeds)

    def _blueprint(self, place: str, policies: Mapping[str, Tree]) -> Blueprint:
        """Of the market, or of a bank's sandbox. Candidates of a search may differ in fractions alone: they share the rest."""
        numbers = {bank: policy.get("parameters") or {} for bank, policy in policies.items()}
        fractions = {bank: said[FRACTION] for bank, said in numbers.items() if FRACTION in said}
        rest = {
            bank: {**policy, "parameters": {name: said for name, said in numbers[bank].items() if name != FRACTION}}
            for bank, policy in policies.items()
        }
        key = json.dumps(rest, sort_keys=True)
        if FRACTION in key:  # a tree reads it
            key = json.dumps(policies, sort_keys=True)
        return self._read(place, key).with_fractions(fractions)

    def _new_blueprint(self, place: str, key: str) -> Blueprint:
        market = self.market if place == MARKET else self.rules.sandbox_of(self.banks[place])
        return Blueprint(market, policies=json.loads(key), tables=self.tables)


def _rate(settled: int, arrived: int) -> float | None:
    return settled / arrived if arrived else None


def _own(limits: Limits) -> Constraints:
    """The constraints in the words of this room."""
    rules = (
        ParameterRule(rule.name, rule.param_type, rule.min_value, rule.max_value, rule.allowed_values)
        for rule in limits.allowed_parameters
    )
    return Constraints(tuple(rules), limits.allowed_fields, limits.allowed_actions)
