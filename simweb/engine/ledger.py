"""Ledger: exact counts of a run's decisions, and a bounded record of them as plain JSON that any database can keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from simweb.engine.decision import Decision, Settled
from simweb.engine.numbers import MOST_COST_USD, MOST_COUNT, MOST_MILLISECONDS, TooLarge, count, quantity
from simweb.engine.path import Path
from simweb.engine.scenario import Problem
from simweb.engine.texts import LONG_CHARACTERS, NAME_CHARACTERS, clean, keepable

MOST_DECISIONS = 5_000
TOTALS = "Totals lack it."
PRICES = f"{TOTALS} Prices are often per million tokens; a cost is in USD."
MOST_OPTIONS = 100
CONTEXT_CHARACTERS = 64_000
F = TypeVar("F", Decision, Settled)


@dataclass(slots=True)
class DecisionCounts:
    """Of all decisions of a run so far, kept or not. Unknown tokens and costs are None, not 0.

    `nodes` and `edges` count different ones of the agents' graphs.
    """

    total: int = 0
    successful: int = 0
    failed: int = 0
    dropped: int = 0
    agents: int = 0
    tokens: int | None = None
    latency_ms: float = 0.0
    cost_usd: float | None = None
    nodes: int = 0
    edges: int = 0

    def add(self, fate: Decision | Settled) -> None:
        """Count what a decision came to and what it took."""
        self.successful += fate.outcome == "success"
        self.failed += fate.outcome == "failure"
        self.latency_ms += fate.latency_ms or 0.0
        if fate.tokens is not None:
            self.tokens = (self.tokens or 0) + fate.tokens
        if fate.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + fate.cost_usd


@dataclass(slots=True)
class Entry:
    """What a turn adds: rows to keep, fates of earlier rows, numbers of rows to give up, and what was doubtful about them.

    `nodes` and `edges` are those of the agents' graphs that were not met before, the first ones only.
    """

    decisions: list[dict[str, Any]] = field(default_factory=list)
    settled: list[dict[str, Any]] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)


class Ledger:
    """Counts every decision and keeps at most `most` of them: failures before all others, then the earliest."""

    def __init__(self, most: int = MOST_DECISIONS) -> None:
        self.counts = DecisionCounts()
        self._most = most
        self._kept = 0
        self._yielding: list[int] = []  # kept ones that had not failed: the newest makes room for a failure
        self._failed_later: set[int] = set()
        self._pending: dict[str, int] = {}
        self._agents: set[str] = set()
        self._path = Path()
        self._turn_ms = 0.0  # when the turn began, since the play began
        self._free_ms = 0.0  # when the next decision begins that does not say when

    def enter(self, decisions: Sequence[Decision], settled: Sequence[Settled], started_ms: float = 0.0) -> Entry:
        """Note the decisions of a turn that began at `started_ms`, then what came of earlier ones."""
        entry = Entry()
        self._turn_ms = started_ms
        self._free_ms = max(self._free_ms, started_ms)
        for decision in decisions:
            self._decide(self._checked(decision, entry), entry)
        for fate in settled:
            self._settle(self._checked(fate, entry), entry)
        self.counts.agents = len(self._agents)
        self.counts.nodes, self.counts.edges = len(self._path.nodes), len(self._path.edges)
        return entry

    def _decide(self, decision: Decision, entry: Entry) -> None:
        self.counts.total += 1
        number = self.counts.total
        self.counts.add(decision)
        self._agents.add(decision.agent)
        has_failed = decision.outcome == "failure"
        self._walk(decision, entry)
        started = self._start(decision)
        if decision.key and decision.outcome == "pending":
            self._pending[decision.key] = number
        if self._kept >= self._most and not (has_failed and self._make_room(entry)):
            self.counts.dropped += 1
            return
        self._kept += 1
        if not has_failed:
            self._yielding.append(number)
        entry.decisions.append({"number": number, **_plain(decision), **started})

    def _walk(self, decision: Decision, entry: Entry) -> None:
        if node := keepable(decision.node, NAME_CHARACTERS):
            nodes, edges = self._path.step(keepable(decision.agent, NAME_CHARACTERS), node)
            entry.nodes += nodes
            entry.edges += edges

    def _start(self, decision: Decision) -> dict[str, Any]:
        """When the decision began, since the play began: as it says, else after those before it, by their latencies."""
        is_reported = decision.start_ms is not None
        started = self._turn_ms + decision.start_ms if decision.start_ms is not None else self._free_ms
        self._free_ms = max(self._free_ms, min(MOST_MILLISECONDS, started + (decision.latency_ms or 0.0)))
        return {"started_ms": started, "start_reported": is_reported}

    def _settle(self, fate: Settled, entry: Entry) -> None:
        number = None if fate.outcome == "pending" else self._pending.pop(fate.key, None)
        if number is None:
            key = keepable(fate.key, NAME_CHARACTERS)
            entry.doubts.append(Problem("minor", f"An outcome came for decision {key!r}, which is not pending."))
            return
        self.counts.add(fate)
        if fate.outcome == "failure":
            self._failed_later.add(number)
        entry.settled.append({"number": number, **_fate(fate)})

    def _checked(self, fate: F, entry: Entry) -> F:
        """With plain numbers. One that cannot be kept, or that no sum can hold, is left out; that is a Problem."""
        counts = self.counts
        bounds: dict[str, Callable[[Any], Any]] = {
            "tokens": lambda value: count(value, MOST_COUNT - (counts.tokens or 0)),
            "latency_ms": lambda value: quantity(value, MOST_MILLISECONDS - counts.latency_ms),
            "cost_usd": lambda value: quantity(value, MOST_COST_USD - (counts.cost_usd or 0.0)),
            "quality": lambda value: quantity(value, 1),
        }
        if isinstance(fate, Decision):
            bounds["start_ms"] = lambda value: quantity(value, MOST_MILLISECONDS - self._turn_ms)
        numbers: dict[str, Any] = {}
        for name, bounded in bounds.items():
            if (value := getattr(fate, name)) is not None:
                try:
                    numbers[name] = bounded(value)
                except (TypeError, ValueError) as error:
                    numbers[name] = None
                    entry.doubts.append(_left_out(fate, name, error))
        return replace(fate, **numbers) if numbers else fate

    def _make_room(self, entry: Entry) -> bool:
        while self._yielding:
            number = self._yielding.pop()
            if number in self._failed_later:
                continue
            self._kept -= 1
            self.counts.dropped += 1
            kept = [row for row in entry.decisions if row["number"] != number]
            if len(kept) == len(entry.decisions):
                entry.given_up.append(number)
            entry.decisions = kept
            return True
        return False


def _left_out(fate: Decision | Settled, name: str, error: Exception) -> Problem:
    what = fate.intent if isinstance(fate, Decision) else fate.key
    return Problem(
        "warning",
        f"{name} of decision {keepable(what, NAME_CHARACTERS)!r} is left out: {error}",
        suggested_fix=PRICES if isinstance(error, TooLarge) and name == "cost_usd" else TOTALS,
        decision=fate.key,
    )


def _plain(decision: Decision) -> dict[str, Any]:
    return {
        "key": keepable(decision.key, NAME_CHARACTERS),
        "agent": keepable(decision.agent, NAME_CHARACTERS),
        "node": keepable(decision.node, NAME_CHARACTERS),
        "intent": keepable(decision.intent, 500),
        "decision_type": keepable(decision.decision_type, 50),
        "options": [
            {
                "id": keepable(option.id, NAME_CHARACTERS),
                "description": keepable(option.description),
                "confidence": None if option.confidence is None else float(option.confidence),
            }
            for option in decision.options[:MOST_OPTIONS]
        ],
        "chosen": keepable(decision.chosen, NAME_CHARACTERS),
        "reasoning": keepable(decision.reasoning, LONG_CHARACTERS),
        "context": _context(decision.context),
        **_fate(decision),
    }


def _fate(settled: Decision | Settled) -> dict[str, Any]:
    return {
        "outcome": settled.outcome,
        "summary": keepable(settled.summary),
        "error": keepable(settled.error),
        "tokens": settled.tokens,
        "latency_ms": settled.latency_ms,
        "cost_usd": settled.cost_usd,
        "quality": settled.quality,
    }


def _context(context: Mapping[str, Any]) -> dict[str, Any]:
    """JSON of it, whatever is in it: what has no JSON is told by its `repr`, what is too long is cut and says so."""
    try:
        text = json.dumps(dict(context), default=repr, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps({"text": keepable(repr(context), CONTEXT_CHARACTERS // 2)})
    if len(text) > CONTEXT_CHARACTERS:
        return {"cut": keepable(text, CONTEXT_CHARACTERS)}
    plain: dict[str, Any] = clean(json.loads(text))
    return plain
