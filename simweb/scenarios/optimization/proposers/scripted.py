"""Scripted: proposals that somebody wrote down, such as those of a published run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simweb.scenarios.optimization.proposers.protocol import Proposal, Request


@dataclass(frozen=True, slots=True)
class Scripted:
    """The first item of an agent is its proposal in the first iteration. At the end of the script nothing is proposed."""

    proposals: Mapping[str, tuple[Any, ...]]

    def propose(self, request: Request) -> Proposal:
        """What the script says for this agent in this iteration. Raises ValueError for an item that does not fit the policy."""
        script = self.proposals.get(request.agent, ())
        if request.index >= len(script):
            return Proposal(None, "The script has ended.")
        said = script[request.index]
        if said is None:
            return Proposal(None, "The script proposes nothing here.")
        if isinstance(said, Mapping) and "policy" in said:
            return Proposal(said["policy"], "The script says so.")
        return Proposal(request.changed({**request.values, **self._values(said, request)}), "The script says so.")

    def _values(self, said: Any, request: Request) -> dict[str, float]:
        if isinstance(said, Mapping):
            return dict(said)
        if len(request.values) != 1:
            names = ", ".join(request.values) or "none"
            raise ValueError(
                f"The script says {said}, but of which number? The policy has {names}. Write {{name: {said}}}."
            )
        return dict.fromkeys(request.values, said)
