"""Filters: figures and fates of an optimisation, as its pages write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from simweb.scenarios.optimization.records import ProposalRecord

register = template.Library()
SENTENCES = {
    "cost_stability": "the total cost stayed the same within the threshold",
    "policy_stability": "no policy changed any more",
    "bootstrap_convergence": "the total cost varied little, had no trend, and was near its best",
    "max_iterations": "its iterations were used up",
}


@register.filter
def figure(value: float | None) -> str:
    """A number as short as it can be read: 0.2, 12,345; a dash for none."""
    if value is None:
        return "—"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


@register.filter
def fate(one: ProposalRecord) -> str:
    """accepted, rejected, failed or none."""
    return one.fate


@register.filter
def point(reference: Mapping[str, Any]) -> str:
    """What agents do at a point of the reference, and what each pays."""
    told = []
    for agent, numbers in reference["parameters"].items():
        said = ", ".join(figure(value) for value in numbers.values())
        told.append(f"{agent} {said} (pays {reference['costs'][agent]:,})")
    return ", ".join(told)


@register.filter
def sentence(reason: str) -> str:
    """Why an optimisation ended, in words."""
    return SENTENCES.get(reason, reason.replace("_", " "))


@register.filter
def saved_percent(result: Mapping[str, Any]) -> float:
    """What the last policies cost less than the first ones."""
    before = result["baseline"]["total_cost"]
    return 100 * (before - result["final_cost"]) / before if before else 0.0


@register.filter
def words(reason: str) -> str:
    """Why an optimisation ended, short: cost stability."""
    return reason.replace("_", " ")


@register.filter
def doubled(number: int) -> int:
    """Twice as much."""
    return 2 * number


@register.filter
def at(values: Mapping[str, Any], name: str) -> Any:
    """The value of this name; none where there is none."""
    return values.get(name)
