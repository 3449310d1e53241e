"""Subject: what an experiment optimises. The loop knows a subject by this protocol alone, and nothing of its world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from simweb.engine import Fault
from simweb.scenarios.optimization.constraints import PolicyConstraints

Policy = Mapping[str, Any]  # as JSON
Policies = Mapping[str, Policy]  # by agent
History = Any  # what all agents met in some plays, as the subject keeps it
Sample = Any  # one situation of one agent, as the subject drew it


class Play(Protocol):
    """What came of playing all agents once."""

    @property
    def costs(self) -> Mapping[str, int]:
        """By agent, in cents."""

    @property
    def settlement_rates(self) -> Mapping[str, float | None]:
        """By agent, how much of what it had to do it did, from 0 to 1; None where there was nothing to do."""


class Trial(Protocol):
    """What came of one agent's policy in one sample."""

    @property
    def cost(self) -> int:
        """In cents."""

    @property
    def settlement_rate(self) -> float | None:
        """As of a Play."""


class Subject(Protocol):
    """Agents with policies that cost something. The same arguments always have the same result."""

    @property
    def agents(self) -> Sequence[str]:
        """All agents, optimised or not."""

    def start_policy(self, agent: str) -> Policy:
        """What the agent does before anything is proposed."""

    def read_policy(self, agent: str, said: Any) -> Policy:
        """The policy that a person means by what they wrote. Raises Faulty."""

    def validate(self, agent: str, policy: Policy, constraints: PolicyConstraints | None) -> Sequence[Fault]:
        """All that is wrong with a policy, its structure and what the constraints forbid; a valid one can be played."""

    def parameters(self, policy: Policy) -> Mapping[str, float]:
        """The numbers in a policy that can be changed without changing anything else."""

    def with_parameters(self, policy: Policy, values: Mapping[str, float]) -> Policy:
        """A copy with other numbers; those that are not named stay."""

    def describe(self, policy: Policy) -> str:
        """A policy in a few words."""

    def slowness(self) -> str:
        """Why its plays take long just now, and what helps, for people; blank where they do not."""

    def evaluate(self, policies: Policies, seed: int) -> Play:
        """Play all agents once."""

    def history(self, policies: Policies, seeds: Sequence[int]) -> History:
        """Play all agents once for each seed, and keep what each of them met."""

    def samples(self, history: History, agent: str, sample_seeds: Sequence[int]) -> Sequence[Sample]:
        """Situations drawn from what an agent met, one for each seed."""

    def try_policy(self, agent: str, policy: Policy, samples: Sequence[Sample]) -> Sequence[Trial]:
        """Play one agent's policy in each of its samples."""


@runtime_checkable
class Explained(Protocol):
    """What a subject has besides, if it can be explained to somebody who does not know it, such as a model."""

    def domain(self) -> str:
        """What the world is, and what costs something in it; nothing that belongs to one agent."""

    def schema(self, constraints: PolicyConstraints | None) -> str:
        """How a policy is written, as far as the constraints allow it."""

    def account_of(self, agent: str, policies: Policies, seed: int) -> Sequence[tuple[str, str]]:
        """Titles and texts: what the agent has, what it was charged and for what, and what it saw happen, in one play.

        Of others there is only what they share with it: who paid it, or was paid by it, and how much.
        """
