"""What an agent did in the iterations before: its own costs and proposals, and nothing of others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simweb.scenarios.optimization.records import IterationRecord, ProposalRecord

MOST_TURNS = 200  # that are told, the last ones
HEADS = ("iteration", "your cost", "your parameters", "you proposed", "outcome", "saved in all samples", "why")


@dataclass(frozen=True, slots=True)
class PastTurn:
    """One iteration of one agent: what its policy cost, in cents, and what came of its proposal; `proposed` are its numbers."""

    iteration: int
    cost: int
    parameters: Mapping[str, float]
    outcome: str = "no proposal"
    proposed: Mapping[str, float] | None = None
    saved: int | None = None
    reason: str = ""


def own_turns(records: Sequence[IterationRecord], agent: str) -> tuple[PastTurn, ...]:
    """Of one agent, from the first iteration on."""
    return tuple(_turn(record, agent) for record in records if agent in record.costs_per_agent)


def _turn(record: IterationRecord, agent: str) -> PastTurn:
    cost, parameters = record.costs_per_agent[agent], record.parameters.get(agent, {})
    proposal = next((one for one in record.proposals if one.agent == agent), None)
    if proposal is None:
        return PastTurn(record.iteration, cost, parameters)
    saved = proposal.delta_sum if proposal.comparison else None
    reason = proposal.failure or proposal.reason
    return PastTurn(record.iteration, cost, parameters, _outcome(proposal), proposal.parameters, saved, reason)


def _outcome(proposal: ProposalRecord) -> str:
    if proposal.failure:
        return "failed"
    if proposal.policy is None:
        return "no proposal"
    return "accepted" if proposal.accepted else "rejected"


def told_turns(turns: Sequence[PastTurn]) -> str:
    """A table of past turns, the cheapest marked; or that there are none."""
    if not turns:
        return "This is the first iteration."
    least = min(turn.cost for turn in turns)
    rows = [_row(turn, is_best=turn.cost == least) for turn in turns[-MOST_TURNS:]]
    heads = [f"| {' | '.join(HEADS)} |", f"|{'---|' * len(HEADS)}"]
    return "\n".join((*heads, *rows))


def _row(turn: PastTurn, *, is_best: bool) -> str:
    cells = (
        str(turn.iteration),
        f"{turn.cost:,}{' (best)' if is_best else ''}",
        told_numbers(turn.parameters),
        told_numbers(turn.proposed) if turn.proposed is not None else "",
        turn.outcome,
        f"{turn.saved:,}" if turn.saved is not None else "",
        " ".join(turn.reason.replace("|", "/").split()),
    )
    return f"| {' | '.join(cells)} |"


def told_numbers(numbers: Mapping[str, float]) -> str:
    """`fraction 0.5, buffer 3`, with all the digits that there are."""
    return ", ".join(f"{name} {json.dumps(value)}" for name, value in numbers.items()) or "none"
