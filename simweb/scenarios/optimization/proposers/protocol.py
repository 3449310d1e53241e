"""What a proposer is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from simweb.engine import Fault
from simweb.scenarios.optimization.constraints import ParameterRule
from simweb.scenarios.optimization.interactions import Interaction
from simweb.scenarios.optimization.prompts import Fragment
from simweb.scenarios.optimization.subject import Policy


@dataclass(frozen=True, slots=True)
class Request:
    """One agent's turn to change its policy; nothing of other agents is in it.

    `tunable` are the numbers of the policy that may be changed, and how far. `cost_of` is what a policy would cost this agent,
    `changed` is the policy with other numbers. `faults` are those of the attempt before, in the same turn. `index` counts from 0.
    `told` puts all that it may be told, its history too, into words, with what is added, without what it must not see of others.
    """

    agent: str
    index: int
    attempt: int
    seed: int
    policy: Policy
    values: dict[str, float]
    tunable: Sequence[ParameterRule]
    cost_of: Callable[[Policy], float]
    changed: Callable[[dict[str, float]], Policy]
    faults: Sequence[Fault] = ()
    told: Callable[[Sequence[Fragment]], Sequence[Fragment]] = field(default=list, repr=False)

    def tunable_or_refuse(self) -> Sequence[ParameterRule]:
        """The numbers that may be changed. Raises ValueError where there are none."""
        if not self.tunable:
            has = ", ".join(self.values) or "none"
            raise ValueError(
                f"The policy of {self.agent} has no number that may be changed (it has {has}). Allow one of them."
            )
        return self.tunable


@dataclass(frozen=True, slots=True)
class Proposal:
    """A policy to try, or None where there is nothing to propose; and why.

    With a `failure` it is a failed attempt. `interactions` are the calls of a model that were made for it.
    """

    policy: Policy | None
    reasoning: str = ""
    failure: str = ""
    interactions: tuple[Interaction, ...] = ()


class Proposer(Protocol):
    """Proposes policies. It holds no state of its own: what it proposes follows from what it is asked."""

    def propose(self, request: Request) -> Proposal:
        """One proposal. Whatever it raises is counted as a failed attempt."""
