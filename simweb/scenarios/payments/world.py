"""Payments: banks settle what they owe each other in real time, gross, with as little money as they dare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from simweb.engine import Block, Scenario, TurnReport, View, columns
from simweb.scenarios.payments import compiled
from simweb.scenarios.payments.answers import QUESTIONS, answer
from simweb.scenarios.payments.files.games import EXAMPLES, GAMES, game_text
from simweb.scenarios.payments.measures import DEFAULT_KEYS, METRICS
from simweb.scenarios.payments.noticing import Noticing, money
from simweb.scenarios.payments.params import PaymentsParams, market_of, policies_of
from simweb.scenarios.payments.policies.examples import EXAMPLES as POLICIES
from simweb.scenarios.payments.preview import preview
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Happening
from simweb.scenarios.payments.system import Blueprint, System, warm_up
from simweb.scenarios.payments.tally import Tally

ACTIONS = {
    codes.ARRIVED: "arrive",
    codes.RELEASED: "release",
    codes.HELD: "hold",
    codes.OVER_BUDGET: "hold",
    codes.SPLIT: "split",
    codes.REPRIORITISED: "reprioritise",
    codes.REMOVED: "drop",
    codes.WITHDRAWN: "withdraw",
    codes.PAID: "settle",
    codes.COLLATERAL: "change collateral",
}


class Payments(Scenario):
    """A real-time gross settlement system; a turn is a tick. Its rules and how each is known: docs/payments.md."""

    key = "payments"
    title = "Payments between banks"
    version = "1"
    description = (
        "A real-time gross settlement system, exact to the cent: banks decide how much liquidity to put in and when to pay. "
        "Ready made: the three games of Castro et al., and systems of 5, 20 and 200 banks; or a scenario of your own."
    )
    default_turns = 12
    Params = PaymentsParams
    metrics = METRICS
    default_metric_keys = DEFAULT_KEYS
    questions = QUESTIONS

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.blueprint = Blueprint(market_of(params), fractions=params.fractions, policies=policies_of(params))
        self.system = System(self.blueprint, _chance(params, rng))
        self.tally = Tally(self.system)
        self._noticing = Noticing(self.system)

    @classmethod
    def length(cls, params: Any) -> int | None:
        return market_of(params).ticks

    @classmethod
    def preview(cls, params: Any) -> Sequence[Block]:
        return preview(market_of(params), params.fractions, policies_of(params))

    @classmethod
    def examples(cls, field: str) -> Mapping[str, str]:
        if field == "policies":
            return POLICIES
        if field != "scenario":
            return {}
        return {game.title: game_text(game.key) for game in (*GAMES.values(), *EXAMPLES.values())}

    @classmethod
    def prepare(cls) -> None:
        if compiled.is_ready():
            warm_up()
        else:
            compiled.compile_aside()

    def answer(self, question: str, asked: Any, turns: int) -> Sequence[Block]:
        return answer(self.system, question, asked, turns)

    def turn(self) -> TurnReport:
        self.tally.begin_tick()
        log = self.system.play_tick()
        self.tally.end_tick(log)
        self.finished = self.system.is_over
        decisions = self._noticing.decisions(log)
        settled = self._noticing.settled(log)
        problems = list(self._noticing.problems(log))
        self.narrative = self._story()
        return TurnReport(_actions(log), problems, self._facts(log), decisions=decisions, settled=settled)

    def view(self) -> View:
        names, figures = self.system.names, self.system.figures
        series = {"Balance": figures("balance"), "Queue 1": figures("queue1_value"), "Queue 2": figures("queue2_value")}
        return columns(names, {name: np.array([column[bank] for bank in names]) for name, column in series.items()})

    def _facts(self, log: Sequence[Happening]) -> dict[str, int]:
        paid = [row.amount for row in log if row.kind == codes.PAID]
        waiting = (*self.system.queue1(), *self.system.queue2())
        payments = self.system.payments
        overdue = sum(int(payments[number].overdue) for number in waiting)
        return {"settled_value": sum(paid), "settled": len(paid), "overdue": overdue}

    def _story(self) -> str:
        costs, unsettled = self.system.costs(), self.tally.unsettled()
        arrived = sum(self.system.figures("arrived_count").values())
        dearest = max(costs, key=lambda bank: costs[bank])
        return (
            f"{len(costs)} banks settled {arrived - unsettled:,} of {arrived:,} payments in {self.system.tick} ticks. "
            f"It cost them {money(sum(costs.values()))}, most of all {dearest}: {money(costs[dearest])}."
        )


def _chance(params: PaymentsParams, rng: np.random.Generator) -> int | np.random.Generator:
    """NumPy's generator; or, for xorshift64*, the run's seed, which the generator's seed sequence still knows."""
    if params.stream == "numpy":
        return rng
    sequence: Any = rng.bit_generator.seed_seq
    return int(sequence.entropy)


def _actions(log: Sequence[Happening]) -> dict[str, int]:
    return dict(Counter(ACTIONS[row.kind] for row in log if row.kind in ACTIONS))
