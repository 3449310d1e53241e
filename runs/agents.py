"""Agents of a run: what each decided, how well, how long it thought, and what that cost. Of the decisions that are kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from django.db.models import Count, Q, Sum

from metrics.statistics import nearest_ranks
from runs.models import Run
from runs.series import JsonList

MOST = 200


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """`success_rate` is per cent of settled decisions, None of none; latencies are milliseconds, by nearest rank."""

    agent: str
    decisions: int
    successful: int
    failed: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    tokens: int | None
    cost_usd: float | None


def agents_of(run: Run) -> list[AgentFigures]:
    """Its agents, those that decided most first; at most 200. One query."""
    rows = run.decisions.order_by().values("agent")
    counted = rows.annotate(
        n=Count("pk"),
        good=Count("pk", filter=Q(outcome="success")),
        bad=Count("pk", filter=Q(outcome="failure")),
        latencies=JsonList("latency_ms"),
        tokens=Sum("tokens"),
        cost=Sum("cost_usd"),
    ).order_by("-n", "agent")[:MOST]
    columns = ("agent", "n", "good", "bad", "latencies", "tokens", "cost")
    return [_figures(*row) for row in counted.values_list(*columns)]


def _figures(
    agent: str, n: int, good: int, bad: int, latencies: str, tokens: int | None, cost: Decimal | None
) -> AgentFigures:
    known = np.array([latency for latency in json.loads(latencies) if latency is not None], dtype=float)
    p50, p95, p99 = nearest_ranks(known, (50, 95, 99))
    rate = round(100 * good / (good + bad), 2) if good + bad else None
    return AgentFigures(agent, n, good, bad, rate, p50, p95, p99, tokens, None if cost is None else float(cost))
