"""Haggling: buyers and sellers who decide as agents of a language model do, with a model that is scripted.

Nobody is asked: answers are templates, tokens are counted by the words of the templates, latency is drawn, and the prices
below are made up. It shows what runs with real models look like, without any key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from simweb.engine import Context, Decision, Metric, Option, Params, Problem, Scenario, Settled, TurnReport, View, bars

# A made-up price list, in USD per million tokens.
INPUT_PRICE, OUTPUT_PRICE = 3.0, 15.0
PROMPT_TOKENS = 220  # of the rules of the market, which every made-up prompt repeats
TOKENS_PER_WORD = 1.3
MEAN_LATENCY_MS = 900.0
LOWEST, HIGHEST = 20, 100
BUYER = (Option("take", "buy at the ask"), Option("offer", "offer less"), Option("wait", "buy nothing this turn"))
# Which node of a buyer's graph decides: it depends on what the buyer did last.
NODES = {"": "first meeting", "take": "after buying", "offer": "after an offer", "wait": "after waiting"}
NO_ANSWER = "The scripted model gave no answer in time."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the scripted model said, and what it would have cost."""

    reasoning: str
    tokens: int
    latency_ms: float
    cost_usd: float
    failed: bool


def _fact(context: Context, name: str) -> Any:
    assert context.report is not None
    return context.report.facts[name]


def _choice(ask: int, worth: int, price: int) -> tuple[str, str]:
    """What a buyer does, and the scripted reason: `price` is what it would offer."""
    if ask <= 0.8 * worth:
        return "take", f"The ask of {ask} is well below the {worth} it is worth to me, so I take it."
    if price <= 0.9 * worth:
        return "offer", f"The ask of {ask} is too close to my {worth}. {price} would be fair, so I offer that."
    return "wait", f"Even {price} is too much for what is worth {worth} to me. I wait for lower asks."


class HagglingParams(Params):
    """How many haggle, and how well the scripted model works."""

    buyers: int = Field(6, ge=1, le=200, title="Buyers", json_schema_extra={"unit": "agents"})
    sellers: int = Field(4, ge=1, le=200, title="Sellers", json_schema_extra={"unit": "agents"})
    boldness: float = Field(
        0.3, ge=0, le=1, title="Boldness", description="How far below the ask a buyer offers, as a share of the ask."
    )
    failing_calls: float = Field(
        0.04,
        ge=0,
        le=1,
        title="Failing calls",
        description="Probability that the scripted model gives no answer, and the agent does nothing.",
        json_schema_extra={"unit": "share"},
    )


class Haggling(Scenario):
    """Each buyer meets a seller and takes the ask, makes an offer, or waits; an offer is answered in the next turn."""

    key = "haggling"
    title = "Haggling (scripted model)"
    description = (
        "Buyers and sellers haggle as agents of a language model would. The model is scripted: its answers, tokens, latencies "
        "and prices are made up, and no key is needed."
    )
    default_turns = 30
    Params = HagglingParams
    metrics = (
        Metric("turn.market.price", "Mean price", lambda c: _fact(c, "price"), unit="coins"),
        Metric("turn.market.trades", "Trades", lambda c: _fact(c, "bought"), unit="trades"),
        Metric("turn.market.mean_ask", "Mean ask", lambda c: c.scenario.asks.mean(), unit="coins"),
        Metric(
            "run.market.gain",
            "Gain of all",
            lambda c: c.scenario.gains.sum(),
            scope="run",
            unit="coins",
            description="What buyers paid less than it was worth to them, and sellers got more than it had cost them.",
        ),
    )
    default_metric_keys = (
        "turn.actions.counts_by_type",
        "turn.market.mean_ask",
        "turn.market.price",
        "run.market.gain",
    )

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        people, self._meetings, self._model = rng.spawn(3)
        self.worth = people.integers(LOWEST, HIGHEST, params.buyers)
        self.cost = people.integers(LOWEST // 2, HIGHEST // 2, params.sellers)
        self.asks = np.round(self.cost * people.uniform(1.2, 2.2, params.sellers)).astype(np.int64)
        self.gains = np.zeros(params.buyers + params.sellers)
        self.offers: list[tuple[str, int, int, int]] = []  # (key of the decision, buyer, seller, price)
        self.number = 0
        self.last = [""] * params.buyers  # what each buyer has chosen last
        self.paid: list[int] = []

    def turn(self) -> TurnReport:
        self.number += 1
        self.unanswered: list[str] = []  # keys of the decisions in which the scripted model said nothing
        prices: list[int] = []
        done = dict.fromkeys(("buy", "decline", "fail", "offer", "wait"), 0)
        settled = list(self._answer_offers(prices, done))
        sold = np.zeros(self.params.sellers, dtype=bool)
        decisions = []
        for buyer in self._meetings.permutation(self.params.buyers):
            seller = int(self._meetings.integers(self.params.sellers))
            decisions.append(self._decide(int(buyer), seller, prices, done))
            sold[seller] |= decisions[-1].chosen == "take"
        self.asks = np.maximum(np.where(sold, self.asks + 2, self.asks - 1), self.cost)
        self.paid += prices
        self.narrative, self.output_data = self._story(), self._result()
        facts = {"price": float(np.mean(prices)) if prices else None, "bought": done["buy"]}
        return TurnReport(done, list(self._doubts(done)), facts, decisions=decisions, settled=settled)

    def view(self) -> View:
        names = [f"B{number + 1}" for number in range(self.params.buyers)]
        return bars(self.gains, [*names, *(f"S{number + 1}" for number in range(self.params.sellers))])

    def _story(self) -> str:
        return (
            f"{self.params.buyers} buyers and {self.params.sellers} sellers haggled and gained {self.gains.sum():,.0f} coins. "
            "The language model was scripted: answers, tokens, latencies and costs are made up."
        )

    def _result(self) -> dict[str, Any]:
        best = int(self.gains[: self.params.buyers].argmax())
        return {
            "trades": len(self.paid),
            "mean_price": float(np.mean(self.paid)) if self.paid else None,
            "best_buyer": {"name": f"buyer {best + 1}", "gain": self.gains[best]},
            "last_asks": self.asks,
        }

    def _decide(self, buyer: int, seller: int, prices: list[int], done: dict[str, int]) -> Decision:
        ask, worth = int(self.asks[seller]), int(self.worth[buyer])
        price = round(ask * (1 - self.params.boldness))
        chosen, why = _choice(ask, worth, price)
        answer = self._ask_the_model(why)
        node, self.last[buyer] = NODES[self.last[buyer]], self.last[buyer] if answer.failed else chosen
        is_offer = chosen == "offer" and not answer.failed
        key = f"{self.number}-{buyer + 1}" if is_offer or answer.failed else ""
        done["fail" if answer.failed else "buy" if chosen == "take" else chosen] += 1
        if chosen == "take" and not answer.failed:
            self._trade(buyer, seller, ask, prices)
        if is_offer:
            self.offers.append((key, buyer, seller, price))
        if answer.failed:
            self.unanswered.append(key)
        return Decision(
            agent=f"buyer {buyer + 1}",
            node=node,
            intent=f"haggle with seller {seller + 1}, who asks {ask}",
            decision_type="scripted-model",
            options=BUYER,
            chosen="" if answer.failed else chosen,
            reasoning="" if answer.failed else answer.reasoning,
            context={"ask": ask, "worth": worth, "turn": self.number},
            outcome="failure" if answer.failed else "pending" if is_offer else "success",
            error=NO_ANSWER if answer.failed else "",
            summary="" if key else f"{chosen}: the ask was {ask}",
            tokens=answer.tokens,
            latency_ms=answer.latency_ms,
            cost_usd=answer.cost_usd,
            key=key,
        )

    def _answer_offers(self, prices: list[int], done: dict[str, int]) -> Iterator[Settled]:
        for key, buyer, seller, price in self.offers:
            accepted = price >= 1.1 * self.cost[seller]
            word = "covers my cost, so I accept" if accepted else "is below my cost, so I decline"
            answer = self._ask_the_model(f"An offer of {price} {word}.")
            if accepted:
                self._trade(buyer, seller, price, prices)
            done["buy" if accepted else "decline"] += 1
            yield Settled(
                key,
                "success" if accepted else "failure",
                summary=answer.reasoning,
                error="" if accepted else f"Seller {seller + 1} declined {price}.",
                tokens=answer.tokens,
                latency_ms=answer.latency_ms,
                cost_usd=answer.cost_usd,
                quality=0.9 if accepted else None,
            )
        self.offers = []

    def _trade(self, buyer: int, seller: int, price: int, prices: list[int]) -> None:
        prices.append(price)
        self.gains[buyer] += self.worth[buyer] - price
        self.gains[self.params.buyers + seller] += price - self.cost[seller]

    def _ask_the_model(self, reasoning: str) -> Answer:
        failed = bool(self._model.random() < self.params.failing_calls)
        answered = 0 if failed else round(TOKENS_PER_WORD * len(reasoning.split()))
        cost = (PROMPT_TOKENS * INPUT_PRICE + answered * OUTPUT_PRICE) / 1_000_000
        latency = 5_000.0 if failed else round(float(self._model.gamma(4, MEAN_LATENCY_MS / 4)), 1)
        return Answer(reasoning, PROMPT_TOKENS + answered, latency, cost, failed)

    def _doubts(self, done: dict[str, int]) -> Iterator[Problem]:
        if done["fail"]:
            fix = "With a real model: retry, or allow it more time."
            what = f"{done['fail']} calls of the scripted model gave no answer"
            yield Problem("warning", what, suggested_fix=fix, decision=self.unanswered[0])
        if not done["buy"]:
            yield Problem("minor", "nobody bought anything")
