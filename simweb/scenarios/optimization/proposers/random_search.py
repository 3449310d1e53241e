"""Random search: numbers drawn evenly from all that are allowed."""

from __future__ import annotations

import numpy as np

from simweb.scenarios.optimization.constraints import ParameterRule
from simweb.scenarios.optimization.proposers.protocol import Proposal, Request


class RandomSearch:
    """Looks at nothing: what others find must be better than this."""

    def propose(self, request: Request) -> Proposal:
        """The same for the same seed."""
        rng = np.random.default_rng(request.seed)
        values = {**request.values, **{rule.name: _drawn(rule, rng) for rule in request.tunable_or_refuse()}}
        return Proposal(request.changed(values), "Drawn by chance.")


def _drawn(rule: ParameterRule, rng: np.random.Generator) -> float:
    if rule.param_type == "enum":
        value: float = rule.allowed_values[int(rng.integers(len(rule.allowed_values)))]
        return value
    if rule.param_type == "int":
        return int(rng.integers(*rule.whole_bounds, endpoint=True))
    return float(rng.uniform(*rule.bounds))
