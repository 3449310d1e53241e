"""Ledger: exact counts of a run's decisions, and a bounded record of them as plain JSON that any database can keep."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simweb.engine.decision import Decision, Settled

MOST_DECISIONS = 5_000
CONTEXT_CHARACTERS = 64_000
TEXT_CHARACTERS = 4_000
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class DecisionCounts:
    """Of all decisions of a run so far, kept or not. Unknown tokens and costs are None, not 0."""

    total: int = 0
    successful: int = 0
    failed: int = 0
    dropped: int = 0
    agents: int = 0
    tokens: int | None = None
    latency_ms: float = 0.0
    cost_usd: float | None = None

    def add(self, fate: Decision | Settled) -> None:
        """Count what a decision came to and what it took."""
        self.successful += fate.outcome == "success"
        self.failed += fate.outcome == "failure"
        self.latency_ms += float(fate.latency_ms or 0)
        if fate.tokens is not None:
            self.tokens = (self.tokens or 0) + int(fate.tokens)
        if fate.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + float(fate.cost_usd)


@dataclass(slots=True)
class Entry:
    """What a turn adds: rows to keep, fates of earlier rows, numbers of rows to give up, and outcomes nobody waited for."""

    decisions: list[dict[str, Any]] = field(default_factory=list)
    settled: list[dict[str, Any]] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


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

    def enter(self, decisions: Sequence[Decision], settled: Sequence[Settled]) -> Entry:
        """Note a turn's decisions, then what came of earlier ones."""
        entry = Entry()
        for decision in decisions:
            self._decide(decision, entry)
        for fate in settled:
            self._settle(fate, entry)
        self.counts.agents = len(self._agents)
        return entry

    def _decide(self, decision: Decision, entry: Entry) -> None:
        self.counts.total += 1
        number = self.counts.total
        self.counts.add(decision)
        self._agents.add(decision.agent)
        has_failed = decision.outcome == "failure"
        if decision.key and decision.outcome == "pending":
            self._pending[decision.key] = number
        if self._kept >= self._most and not (has_failed and self._make_room(entry)):
            self.counts.dropped += 1
            return
        self._kept += 1
        if not has_failed:
            self._yielding.append(number)
        entry.decisions.append({"number": number, **_plain(decision)})

    def _settle(self, fate: Settled, entry: Entry) -> None:
        number = None if fate.outcome == "pending" else self._pending.pop(fate.key, None)
        if number is None:
            entry.doubts.append(f"An outcome came for decision {keepable(fate.key, 200)!r}, which is not pending.")
            return
        self.counts.add(fate)
        if fate.outcome == "failure":
            self._failed_later.add(number)
        entry.settled.append({"number": number, **_fate(fate)})

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


def keepable(text: Any, most: int = TEXT_CHARACTERS) -> str:
    """The text as every database can keep it, cut with an ellipsis."""
    clean = UNKEEPABLE.sub("\ufffd", str(text))
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _plain(decision: Decision) -> dict[str, Any]:
    return {
        "key": keepable(decision.key, 200),
        "agent": keepable(decision.agent, 200),
        "intent": keepable(decision.intent, 500),
        "decision_type": keepable(decision.decision_type, 50),
        "options": [
            {"id": keepable(o.id, 200), "description": keepable(o.description), "confidence": o.confidence}
            for o in decision.options
        ],
        "chosen": keepable(decision.chosen, 200),
        "reasoning": keepable(decision.reasoning, CONTEXT_CHARACTERS),
        "context": _context(decision.context),
        **_fate(decision),
    }


def _fate(settled: Decision | Settled) -> dict[str, Any]:
    return {
        "outcome": settled.outcome,
        "summary": keepable(settled.summary),
        "error": keepable(settled.error),
        "tokens": None if settled.tokens is None else int(settled.tokens),
        "latency_ms": None if settled.latency_ms is None else float(settled.latency_ms),
        "cost_usd": None if settled.cost_usd is None else float(settled.cost_usd),
        "quality": None if settled.quality is None else float(settled.quality),
    }


def _context(context: Mapping[str, Any]) -> dict[str, Any]:
    """JSON of it, whatever is in it: what has no JSON is told by its `repr`, what is too long is cut and says so."""
    try:
        text = json.dumps(dict(context), default=repr, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps({"text": keepable(repr(context), CONTEXT_CHARACTERS // 2)})
    if len(text) > CONTEXT_CHARACTERS:
        return {"cut": keepable(text, CONTEXT_CHARACTERS)}
    plain: dict[str, Any] = _clean(json.loads(text))
    return plain


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {keepable(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return keepable(value, CONTEXT_CHARACTERS) if isinstance(value, str) else value
