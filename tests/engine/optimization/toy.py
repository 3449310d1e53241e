"""A world in five lines: each agent has a number x, and pays for how far it is from the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from simweb.engine import Fault, Faulty
from simweb.scenarios.optimization import ExperimentConfig, PolicyConstraints, Proposal, Request

BEST = 0.3
Price = Callable[[str, float, int], int]  # agent, x, seed → cents


def by_distance(agent: str, x: float, seed: int) -> int:
    """The same for every seed."""
    return round(10_000 * abs(x - BEST))


class ToyPlay(NamedTuple):
    costs: Mapping[str, int]
    settlement_rates: Mapping[str, float | None]


class ToyTrial(NamedTuple):
    cost: int
    settlement_rate: float | None


class Toy:
    """`played` keeps what was asked for, so that tests can count."""

    agents = ("ANN", "BOB")

    def __init__(self, price: Price = by_distance, rate: float | None = None) -> None:
        self.price, self.rate = price, rate
        self.played: list[Any] = []
        self.validated: list[PolicyConstraints | None] = []

    def start_policy(self, agent: str) -> dict[str, Any]:
        return policy(0.9)

    def read_policy(self, agent: str, said: Any) -> dict[str, Any]:
        if not isinstance(said, float):
            raise Faulty([Fault("A policy is a number.")])
        return policy(said)

    def validate(self, agent: str, policy: Any, constraints: PolicyConstraints | None) -> list[Fault]:
        self.validated.append(constraints)
        return [] if 0 <= policy["x"] <= 1 else [Fault("x must be from 0 to 1.", ("x",))]

    def parameters(self, policy: Any) -> dict[str, float]:
        return {"x": policy["x"]}

    def with_parameters(self, policy: Any, values: Mapping[str, float]) -> dict[str, Any]:
        return {**policy, **values}

    def describe(self, policy: Any) -> str:
        return f"x {policy['x']}"

    def slowness(self) -> str:
        return ""

    def evaluate(self, policies: Mapping[str, Any], seed: int) -> ToyPlay:
        self.played.append((tuple(policies[agent]["x"] for agent in self.agents), seed))
        costs = {agent: self.price(agent, policies[agent]["x"], seed) for agent in self.agents}
        return ToyPlay(costs, dict.fromkeys(self.agents, self.rate))

    def history(self, policies: Any, seeds: Sequence[int]) -> Sequence[int]:
        self.played.append(("history", tuple(seeds)))
        return tuple(seeds)

    def samples(self, history: Sequence[int], agent: str, sample_seeds: Sequence[int]) -> list[int]:
        self.played.append(("samples", history, agent, tuple(sample_seeds)))
        return list(sample_seeds)

    def try_policy(self, agent: str, policy: Any, samples: Sequence[int]) -> list[ToyTrial]:
        self.played.append((agent, policy["x"], tuple(samples)))
        return [ToyTrial(self.price(agent, policy["x"], seed), self.rate) for seed in samples]


def policy(x: float) -> dict[str, Any]:
    return {"x": x}


class Proposes:
    """A proposer that does what a function says; it keeps what it was asked."""

    def __init__(self, said: Callable[[Request], Any]) -> None:
        self.said = said
        self.asked: list[Request] = []

    def propose(self, request: Request) -> Proposal:
        self.asked.append(request)
        return Proposal(self.said(request))


EXPERIMENT = """\
name: toy
scenario: world.yaml
evaluation: {mode: deterministic, ticks: 1}
convergence: {max_iterations: 4}
proposer: {kind: best-response}
policy_constraints:
  allowed_parameters: [{name: x, param_type: float, min_value: 0.0, max_value: 1.0}]
optimized_agents: [ANN, BOB]
"""


def experiment(text: str = EXPERIMENT, **replaced: str) -> ExperimentConfig:
    """The toy's experiment, with lines that begin with these words replaced; an empty text removes one."""
    lines = []
    for line in text.splitlines():
        word = line.partition(":")[0]
        lines.append(f"{word}: {replaced.pop(word)}" if word in replaced else line)
    lines += [f"{word}: {value}" for word, value in replaced.items()]
    return ExperimentConfig.from_text("\n".join(lines), {"world.yaml": "nothing: here"})
