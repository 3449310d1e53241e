"""Decisions as rows: what the engine's ledger says, written down. An outcome is written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from runs.models import Decision

TOOK = ("tokens", "latency_ms", "cost_usd")
COST_DIGITS = Decimal("0.000001")
Row = Mapping[str, Any]


def enter(run_id: int, turn: int, entry: Mapping[str, Sequence[Any]], at: datetime) -> None:
    """Write what a turn adds to the record (see simweb.engine.ledger.Entry). Call it in the transaction of the turn."""
    if entry["given_up"]:
        Decision.objects.filter(run_id=run_id, number__in=entry["given_up"]).delete()
    Decision.objects.bulk_create(
        [Decision(run_id=run_id, turn=turn, created_at=at, **_with_cost(row)) for row in entry["decisions"]]
    )
    for fate in entry["settled"]:
        pending = Decision.objects.filter(run_id=run_id, number=fate["number"], outcome="pending")
        pending.update(**_settled(_with_cost(fate)))


def counted(counts: Mapping[str, Any]) -> dict[str, Any]:
    """The run's columns for the engine's DecisionCounts."""
    return {
        "decision_count": counts["total"],
        "decisions_successful": counts["successful"],
        "decisions_failed": counts["failed"],
        "decisions_dropped": counts["dropped"],
        "decision_tokens": counts["tokens"],
        "decision_latency_ms": counts["latency_ms"],
        "deciding_agents": counts["agents"],
        "node_count": counts["nodes"],
        "edge_count": counts["edges"],
    }


def decimal_cost(usd: float | Decimal) -> Decimal:
    """US dollars as they are kept, to the millionth."""
    return Decimal(str(usd)).quantize(COST_DIGITS)


def _settled(fate: Row) -> dict[str, Any]:
    """The columns for what came of a decision: what that took is added to what the decision itself took, as in the counts."""
    said = {name: fate[name] for name in ("outcome", "summary", "error", "quality")}
    return said | {name: Coalesce(F(name), Value(0)) + fate[name] for name in TOOK if fate[name] is not None}


def _with_cost(row: Row) -> dict[str, Any]:
    cost = row["cost_usd"]
    return {**row, "cost_usd": None if cost is None else decimal_cost(cost)}
