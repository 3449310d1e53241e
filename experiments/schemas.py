"""What the API says of experiments, and the one place that builds it."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StrictInt

from experiments.queries import Standing, counts
from runs.schemas import iso
from simweb.scenarios.optimization.records import IterationRecord, ProposalRecord


class BudgetIn(Schema):
    """Of all calls of a model; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    tokens: StrictInt | None = None
    cost_usd: float | None = None


class RetryIn(Schema):
    """A budget that is to be larger, where the one before was used up."""

    model_config = ConfigDict(extra="forbid")
    budget: BudgetIn = BudgetIn()


class Overrides(Schema):
    """What is to be different from the file."""

    model_config = ConfigDict(extra="forbid")
    seed: StrictInt | None = None
    proposer: str | None = None
    model: str | None = None
    max_iterations: StrictInt | None = None
    budget: BudgetIn = BudgetIn()


class ExperimentIn(Schema):
    """`files` are those that the YAML names: their texts, by the name that it has for them or its last part."""

    model_config = ConfigDict(extra="forbid")
    yaml: str = Field(description="The experiment: docs/optimization.md says what it may hold.")
    files: dict[str, str] = {}
    overrides: Overrides = Overrides()


class Counts(Schema):
    wanted: int
    queued: int
    running: int
    completed: int
    failed: int
    cancelled: int


class Spent(Schema):
    """By all attempts; null is not known: nothing has ended, no model was asked, or nobody knows its price."""

    seconds: float | None
    tokens: int | None
    cost_usd: float | None


class Budget(Schema):
    """Null is no limit."""

    tokens: int | None
    cost_usd: float | None


class ExperimentOut(Schema):
    """`status` is running from the queue on; `result` is null until the run is completed."""

    id: int
    name: str
    kind: Literal["optimization"]
    proposer: str
    status: Literal["running", "completed", "failed", "cancelled"]
    simulation: str
    created_at: str
    created_by: str | None
    started_at: str | None
    finished_at: str | None
    trials: int
    runs: Counts
    budget: Budget
    spent: Spent
    estimate: dict[str, Any] | None
    result: dict[str, Any] | None
    run: int | None


class ExperimentList(Schema):
    items: list[ExperimentOut]
    next_cursor: str | None


class Estimate(Schema):
    """`of` says what the figures come from; null are those that nobody can know before."""

    seconds: float | None
    cost_usd: float | None
    of: str


class DryRun(Schema):
    """`plan` is what would be done, in sentences."""

    trials: int
    runs: int
    estimate: Estimate
    plan: list[str]


class AgentOut(Schema):
    """Of the agent's proposal in this iteration; in the last one nothing is proposed: `accepted` is null then."""

    cost: int
    parameters: dict[str, float]
    accepted: bool | None
    reason: str
    delta_sum: int
    samples: int


class IterationOut(Schema):
    """Costs are cents; `exploitability` is what each agent would save by its best response, null where it is not looked for."""

    iteration: int
    total_cost: int
    agents: dict[str, AgentOut]
    exploitability: dict[str, int] | None


class InteractionOut(Schema):
    """One call of a model: of `policy` and `error` there is one. Tokens are as its provider counted them."""

    agent: str
    iteration: int
    attempt: int
    model: str
    system_prompt: str
    user_prompt: str
    raw_answer: str
    policy: dict[str, Any] | None
    error: str
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    price_list: str
    latency_ms: float


class ProposalOut(Schema):
    """One proposal with all that led to it. `samples` has the cost of old and new policy by sample."""

    iteration: int
    agent: str
    seed: int
    accepted: bool
    reason: str
    reasoning: str
    policy: dict[str, Any] | None
    replaced: dict[str, Any]
    parameters: dict[str, float] | None
    delta_sum: int
    settlement_rate: float | None
    samples: list[dict[str, int]] | None
    attempts: int
    faults: list[str]
    failure: str
    tokens: int | None
    cost_usd: float | None
    latency_ms: float | None
    interactions: list[InteractionOut]


def experiment_json(standing: Standing) -> dict[str, Any]:
    """The experiment as ExperimentOut describes it."""
    experiment, run, spent = standing
    return {
        "id": experiment.pk,
        "name": experiment.name,
        "kind": experiment.kind,
        "proposer": experiment.proposer,
        "status": standing.status,
        "simulation": experiment.simulation.slug,
        "created_at": iso(experiment.created_at),
        "created_by": experiment.created_by.get_username() if experiment.created_by else None,
        "started_at": iso(run.started_at) if run else None,
        "finished_at": iso(run.finished_at) if run else None,
        "trials": 1,
        "runs": counts(run),
        "budget": experiment.budget,
        "spent": spent._asdict(),
        "estimate": None,
        "result": standing.result,
        "run": run.pk if run else None,
    }


def iteration_json(record: IterationRecord) -> dict[str, Any]:
    """The iteration as IterationOut describes it."""
    proposals = {one.agent: one for one in record.proposals}
    return {
        "iteration": record.iteration,
        "total_cost": record.total_cost,
        "agents": {
            agent: {
                "cost": cost,
                "parameters": dict(record.parameters[agent]),
                **_fate(proposals.get(agent)),
            }
            for agent, cost in record.costs_per_agent.items()
        },
        "exploitability": None if record.exploitability is None else dict(record.exploitability),
    }


def proposal_json(record: IterationRecord, one: ProposalRecord, replaced: Any) -> dict[str, Any]:
    """The proposal as ProposalOut describes it; `replaced` is the policy that it was to replace."""
    said = one.as_json()
    return {**said, "iteration": record.iteration, "replaced": dict(replaced)}


def _fate(one: ProposalRecord | None) -> dict[str, Any]:
    if one is None:
        return {"accepted": None, "reason": "", "delta_sum": 0, "samples": 0}
    samples = len(one.comparison.deltas) if one.comparison else 0
    return {"accepted": one.accepted, "reason": one.reason, "delta_sum": one.delta_sum, "samples": samples}
