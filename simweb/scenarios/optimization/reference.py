"""What an experiment is held against: how much each agent could still save alone, and the equilibria of two agents.

Both are searched on a grid, in deterministic modes only, where a policy has one cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.constraints import ParameterRule, grid_of
from simweb.scenarios.optimization.seeds import iteration_seed
from simweb.scenarios.optimization.subject import Policies, Policy, Subject

GRID = 21  # numbers of each parameter, as in Castro et al.
MOST_POINTS = GRID**2  # of one agent

Numbers = Mapping[str, float]
Costs = Mapping[str, int]  # by agent, in cents


@dataclass(frozen=True, slots=True)
class Point:
    """What the agents do, by agent and name, and what it costs each of them."""

    parameters: Mapping[str, Numbers]
    costs: Costs

    @property
    def total_cost(self) -> int:
        """Of both, in cents."""
        return sum(self.costs.values())

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        parameters = {agent: dict(numbers) for agent, numbers in self.parameters.items()}
        return {"parameters": parameters, "costs": dict(self.costs), "total_cost": self.total_cost}


@dataclass(frozen=True, slots=True)
class Reference:
    """On a grid, in plays with this seed: all points at which neither agent saves anything alone, and the cheapest of all."""

    seed: int
    grid: int
    nash: tuple[Point, ...]
    social_optimum: Point

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "seed": self.seed,
            "grid": self.grid,
            "nash": [point.as_json() for point in self.nash],
            "social_optimum": self.social_optimum.as_json(),
        }


def exploitability(
    config: ExperimentConfig, subject: Subject, policies: Policies, costs_of: Callable[[Policies], Costs]
) -> dict[str, int] | None:
    """What each optimised agent would save by its best response on the grid, the others as they are, in cents; none is below 0.

    None where it is not asked for, costs are those of samples, or an agent has no bounded number or too many points.
    """
    if not config.looks_at_gaps:
        return None
    grids = {agent: list(_grid(config, subject, policies[agent])) for agent in config.optimized_agents}
    if not all(grids.values()):
        return None
    now = costs_of(policies)
    return {
        agent: max(0, now[agent] - min(costs_of({**policies, agent: other})[agent] for other, _ in grid))
        for agent, grid in grids.items()
    }


def equilibria(subject: Subject, config: ExperimentConfig, policies: Policies) -> Reference | None:
    """Pure Nash equilibria and social optimum of two agents with one number each, whose policies stay as they are otherwise.

    None where it is not asked for, costs are those of samples, or there are not two agents with one bounded number each.
    """
    if not config.looks_at_gaps or len(config.optimized_agents) != 2:
        return None
    if any(len(_tunable(config, subject, policies[agent])) != 1 for agent in config.optimized_agents):
        return None
    first, second = config.optimized_agents
    seed = iteration_seed(config.master_seed, 0, first)
    rows, columns = (list(_grid(config, subject, policies[agent])) for agent in (first, second))
    if not rows or not columns:
        return None
    table: list[list[Point]] = []
    for one, numbers in rows:
        table.append([])
        for other, others in columns:
            costs = subject.evaluate({**policies, first: one, second: other}, seed).costs
            point = Point({first: numbers, second: others}, {agent: costs[agent] for agent in (first, second)})
            table[-1].append(point)
    nash = tuple(_nash(table, first, second))
    return Reference(seed, GRID, nash, min((point for row in table for point in row), key=lambda p: p.total_cost))


def _nash(table: Sequence[Sequence[Point]], first: str, second: str) -> Iterator[Point]:
    least_of_first = [min(point.costs[first] for point in column) for column in zip(*table, strict=True)]
    for row in table:
        least_of_second = min(point.costs[second] for point in row)
        for point, least in zip(row, least_of_first, strict=True):
            if point.costs[first] == least and point.costs[second] == least_of_second:
                yield point


def _tunable(config: ExperimentConfig, subject: Subject, policy: Policy) -> list[ParameterRule]:
    constraints, values = config.get_constraints(), subject.parameters(policy)
    return [rule for rule in (constraints.allowed_parameters if constraints else ()) if rule.name in values]


def _grid(config: ExperimentConfig, subject: Subject, policy: Policy) -> Iterator[tuple[Policy, Numbers]]:
    """All combinations of an agent's numbers, with the policy that has them; nothing where they are too many, or unbounded."""
    rules = _tunable(config, subject, policy)
    if not rules or not all(rule.is_bounded for rule in rules):
        return
    axes = [grid_of(rule, GRID) for rule in rules]
    if prod(map(len, axes)) > MOST_POINTS:
        return
    for values in product(*axes):
        numbers = {rule.name: value for rule, value in zip(rules, values, strict=True)}
        yield subject.with_parameters(policy, numbers), numbers
