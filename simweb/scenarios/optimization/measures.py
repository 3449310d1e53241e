"""What can be measured of an optimisation: of each iteration, and of the whole."""

from __future__ import annotations

from typing import Any

from simweb.engine import Context, Metric

CENTS, PROPOSALS = "cents", "proposals"
TOTAL = "turn.optimization.total_cost"


def _record(context: Context) -> Any:
    return context.scenario.records[-1]


def _numbers(context: Context) -> dict[str, float]:
    """Of each agent the numbers of its policy; of one number by the agent's name alone."""
    said = _record(context).parameters
    is_alone = all(len(numbers) == 1 for numbers in said.values())
    return {
        agent if is_alone else f"{agent} {name}": value
        for agent, numbers in said.items()
        for name, value in numbers.items()
    }


def _of_run(name: str) -> Any:
    return lambda context: getattr(context.scenario, name)()


TURN_METRICS = (
    Metric(
        TOTAL,
        "Total cost",
        lambda context: _record(context).total_cost,
        unit=CENTS,
        description="What the iteration's first policies cost all optimised agents.",
    ),
    Metric(
        "turn.optimization.cost",
        "Cost",
        lambda context: dict(_record(context).costs_per_agent),
        kind="mapping",
        unit=CENTS,
        description="Of each optimised agent.",
    ),
    Metric(
        "turn.optimization.parameters",
        "Parameters",
        _numbers,
        kind="mapping",
        description="The numbers of each optimised agent's policy, as they were evaluated.",
    ),
    Metric(
        "turn.optimization.settlement_rate",
        "Settled",
        lambda context: dict(_record(context).settlement_rates),
        kind="mapping",
        unit="share",
        description="How much of what it had to do each agent did; blank where nobody counts it.",
    ),
    Metric(
        "turn.optimization.exploitability",
        "Could save alone",
        lambda context: dict(_record(context).exploitability or {}),
        kind="mapping",
        unit=CENTS,
        description="What each agent would save by its best response, on a grid; nothing where it is not looked for.",
    ),
    Metric(
        "turn.optimization.accepted",
        "Accepted",
        lambda context: sum(_record(context).accepted_changes.values()),
        unit=PROPOSALS,
        description="Proposals that replaced a policy in this iteration.",
    ),
)
RUN_METRICS = (
    Metric("run.optimization.iterations", "Iterations", _of_run("iteration_count"), scope="run", unit="iterations"),
    Metric(
        "run.optimization.final_cost",
        "Final cost",
        _of_run("final_cost"),
        scope="run",
        unit=CENTS,
        description="Of all optimised agents, with their last policies; by held-out plays, where there are any.",
    ),
    Metric(
        "run.optimization.best_cost",
        "Best cost",
        _of_run("best_cost"),
        scope="run",
        unit=CENTS,
        description="The lowest total of all iterations.",
    ),
    Metric(
        "run.optimization.acceptance_rate",
        "Accepted share",
        _of_run("acceptance_rate"),
        scope="run",
        unit="share",
        description="Of all proposals, how many replaced a policy.",
    ),
)
METRICS = (*TURN_METRICS, *RUN_METRICS)
DEFAULT_KEYS = tuple(metric.key for metric in METRICS)
