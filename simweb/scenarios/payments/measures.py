"""What can be measured of payments. Each is computed from the system's tables, and only when it is ticked."""

from __future__ import annotations

from typing import Any

from simweb.engine import Context, Metric
from simweb.scenarios.payments.system import KINDS

CENTS, SHARE, PAYMENTS = "cents", "share", "payments"
COST, BY_KIND = "turn.payments.cost", "turn.payments.cost_by_kind"


def _figure(*names: str) -> Any:
    """Of each bank, the sum of these columns of its account."""

    def compute(context: Context) -> dict[str, int]:
        columns = [context.scenario.system.figures(name) for name in names]
        return {bank: sum(column[bank] for column in columns) for bank in columns[0]}

    return compute


def _cost(context: Context) -> dict[str, int]:
    return {bank: sum(kinds.values()) for bank, kinds in context.scenario.system.costs_of_tick().items()}


def _cost_by_kind(context: Context) -> dict[str, int]:
    by_bank = context.scenario.system.costs_of_tick().values()
    return {kind: sum(kinds[kind] for kinds in by_bank) for kind in KINDS}


def _throughput(context: Context) -> dict[str, float | None]:
    """Of each bank, what it has paid today as a share of what was due; None while nothing was."""
    paid, due = context.scenario.system.figures("paid_today"), context.scenario.system.figures("due_today")
    return {bank: paid[bank] / due[bank] if due[bank] else None for bank in paid}


def _fact(name: str) -> Any:
    def compute(context: Context) -> Any:
        assert context.report is not None
        return context.report.facts[name]

    return compute


def _of_run(name: str) -> Any:
    return lambda context: getattr(context.scenario.tally, name)()


TURN_METRICS = (
    Metric(
        "turn.payments.balance",
        "Balance",
        _figure("balance"),
        kind="mapping",
        unit=CENTS,
        description="Of each bank at the end of the tick, with what it put in from its pool.",
    ),
    Metric(
        "turn.payments.queued",
        "Queued value",
        _figure("queue1_value", "queue2_value"),
        kind="mapping",
        unit=CENTS,
        description="What each bank has in Queue 1 (its own) and in Queue 2 (the settlement system's).",
    ),
    Metric(
        "turn.payments.queue1",
        "Queue 1",
        _figure("queue1_count"),
        kind="mapping",
        unit=PAYMENTS,
        description="Payments that each bank holds back.",
    ),
    Metric(
        "turn.payments.queue2",
        "Queue 2",
        _figure("queue2_count"),
        kind="mapping",
        unit=PAYMENTS,
        description="Payments of each bank that wait for liquidity.",
    ),
    Metric(COST, "Cost", _cost, kind="mapping", unit=CENTS, description="What each bank is charged in the tick."),
    Metric(BY_KIND, "Cost by kind", _cost_by_kind, kind="mapping", unit=CENTS, description="Of all banks together."),
    Metric(
        "turn.payments.total_cost",
        "Cost of all banks",
        lambda c: sum(c.values[COST].values()),
        requires=(COST,),
        unit=CENTS,
    ),
    Metric(
        "turn.payments.settled_value",
        "Settled value",
        _fact("settled_value"),
        unit=CENTS,
        description="What was settled in the tick, however it was.",
    ),
    Metric("turn.payments.settled", "Settled payments", _fact("settled"), unit=PAYMENTS),
    Metric(
        "turn.payments.overdue",
        "Overdue",
        _fact("overdue"),
        unit=PAYMENTS,
        description="Payments whose deadline has passed and that are not settled.",
    ),
    Metric(
        "turn.payments.throughput",
        "Throughput",
        _throughput,
        kind="mapping",
        unit=SHARE,
        description="What each bank has paid today, as a share of what was due today.",
    ),
    Metric("turn.payments.collateral", "Posted collateral", _figure("posted"), kind="mapping", unit=CENTS),
)
RUN_METRICS = (
    Metric(
        "run.payments.cost",
        "Cost",
        lambda c: c.scenario.system.costs(),
        scope="run",
        kind="mapping",
        unit=CENTS,
        description="What each bank is charged over all days.",
    ),
    Metric(
        "run.payments.cost_by_kind",
        "Cost by bank and kind",
        _of_run("cost_by_kind"),
        scope="run",
        kind="mapping",
        unit=CENTS,
        description="The same, by kind: BANK_A.delay, and so on.",
    ),
    Metric(
        "run.payments.total_cost",
        "Cost of all banks",
        lambda c: sum(c.scenario.system.costs().values()),
        scope="run",
        unit=CENTS,
    ),
    Metric(
        "run.payments.settlement_rate",
        "Settlement rate",
        _of_run("settlement_rate"),
        scope="run",
        unit=SHARE,
        description="Share of the payments that have arrived.",
    ),
    Metric(
        "run.payments.settlement_rates",
        "Settlement rate by bank",
        _of_run("settlement_rates"),
        scope="run",
        kind="mapping",
        unit=SHARE,
    ),
    Metric("run.payments.unsettled", "Unsettled", _of_run("unsettled"), scope="run", unit=PAYMENTS),
    Metric(
        "run.payments.delay",
        "Mean delay",
        _of_run("delays"),
        scope="run",
        kind="mapping",
        unit="ticks",
        description="From arrival to settlement, of each bank's payments that are settled.",
    ),
    Metric(
        "run.payments.liquidity_used",
        "Liquidity used",
        _of_run("liquidity_used"),
        scope="run",
        kind="mapping",
        unit=CENTS,
        description="How far each balance ever fell below the one with which its day began, at the end of a tick.",
    ),
    Metric(
        "run.payments.settled_by",
        "Settled by",
        _of_run("settled_by"),
        scope="run",
        kind="mapping",
        unit=PAYMENTS,
        description="How payments were settled: at once, from Queue 2, by offsetting, in cycles.",
    ),
)
METRICS = (*TURN_METRICS, *RUN_METRICS)
DEFAULT_KEYS = (
    "run.payments.cost",
    "run.payments.cost_by_kind",
    "run.payments.settlement_rate",
    "run.payments.unsettled",
    "turn.payments.balance",
    "turn.payments.cost",
    BY_KIND,
    "turn.payments.queued",
    "turn.payments.settled_value",
    "turn.payments.total_cost",
)
