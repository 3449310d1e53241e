"""What an experiment found, in the words and figures of its page."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from simweb.scenarios.optimization.acceptance import lower_bound
from simweb.scenarios.optimization.records import IterationRecord, ProposalRecord

MOST_SAMPLES = 200


@dataclass(frozen=True, slots=True)
class AgentFound:
    """One agent from its first policy to its last, with their costs in cents; `accepted` of `asked` proposals were kept."""

    agent: str
    first_cost: int
    cost: int
    parameters: list[tuple[str, float, float]]  # name, first, last
    accepted: int
    asked: int
    failed: int

    @property
    def saved(self) -> int:
        """Cents between the first and the last iteration."""
        return self.first_cost - self.cost

    @property
    def saved_percent(self) -> float | None:
        """None where there was nothing to save."""
        return 100 * self.saved / self.first_cost if self.first_cost else None


class DiffLine(NamedTuple):
    """A line of a policy: `kind` is same, added or removed."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ProposalFound:
    """One proposal with its difference from the policy that it was to replace."""

    record: ProposalRecord
    changes: list[tuple[str, float | None, float | None]]
    diff: list[DiffLine]

    @property
    def fate(self) -> str:
        return self.record.fate

    @property
    def mean_delta(self) -> float | None:
        """What it saves on average, in cents."""
        deltas = self._deltas
        return sum(deltas) / len(deltas) if deltas else None

    @property
    def least_delta(self) -> float | None:
        """What it saves at least, with 95 % confidence; None of a single play."""
        return lower_bound(self._deltas) if len(self._deltas) > 1 else None

    @property
    def better_samples(self) -> int:
        """In how many samples the new policy is cheaper."""
        return sum(delta > 0 for delta in self._deltas)

    @property
    def sample_rows(self) -> list[tuple[int, int, int, int]]:
        """Seed, old cost, new cost, saving; the first 200."""
        compared = self.record.comparison
        if compared is None:
            return []
        rows = zip(compared.seeds, compared.old, compared.new, compared.deltas, strict=True)
        return list(rows)[:MOST_SAMPLES]

    @property
    def _deltas(self) -> Sequence[int]:
        return self.record.comparison.deltas if self.record.comparison else ()


def agents_found(records: Sequence[IterationRecord], result: Mapping[str, Any] | None = None) -> list[AgentFound]:
    """Of every optimised agent; nothing before the first iteration. The costs of a result, where there is one, decide."""
    if not records:
        return []
    before = result["baseline"]["per_agent_costs"] if result else records[0].costs_per_agent
    after = result["per_agent_costs"] if result else records[-1].costs_per_agent
    return [_agent(agent, before[agent], after[agent], records) for agent in after]


def proposals_found(record: IterationRecord) -> list[ProposalFound]:
    """The proposals of an iteration, in the order in which they were asked for."""
    return [_proposal(one, record.policies[one.agent]) for one in record.proposals]


def _agent(agent: str, first_cost: int, cost: int, records: Sequence[IterationRecord]) -> AgentFound:
    made = [one for record in records for one in record.proposals if one.agent == agent and one.fate != "none"]
    before, after = records[0].parameters[agent], records[-1].parameters[agent]
    return AgentFound(
        agent,
        first_cost,
        cost,
        [(name, before.get(name, value), value) for name, value in after.items()],
        sum(one.accepted for one in made),
        len(made),
        sum(bool(one.failure) for one in made),
    )


def _proposal(one: ProposalRecord, old: Mapping[str, Any]) -> ProposalFound:
    if one.policy is None:
        return ProposalFound(one, [], [])
    before, after = old.get("parameters") or {}, one.policy.get("parameters") or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    changes = [(name, before.get(name), after.get(name)) for name in names]
    return ProposalFound(one, changes, _diff(old, one.policy))


def _diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[DiffLine]:
    """Line by line; nothing where nothing was changed."""
    before, after = (json.dumps(policy, indent=2, ensure_ascii=False).splitlines() for policy in (old, new))
    if before == after:
        return []
    kinds = {"+": "added", "-": "removed", " ": "same"}
    return [DiffLine(kinds[line[0]], line[2:]) for line in difflib.ndiff(before, after) if line[0] in kinds]
