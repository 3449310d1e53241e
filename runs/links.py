"""Links between problems and the decisions they came from, both ways. A problem names a decision by its key.

Keys should be unique in a run. Where one was used again, a problem belongs to the newest decision of that key that had been made
when it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from runs.models import Decision, Problem

Made = dict[str, list[tuple[int, int]]]  # (turn, number) of the decisions by key, in order


def decision_numbers(run_id: int, problems: Iterable[Problem]) -> dict[int, int]:
    """By id of the problem: the number of the decision it came from, where that is kept. One query."""
    found = list(problems)
    made = _made(run_id, {problem.decision for problem in found if problem.decision})
    numbers = ((problem.pk, _number(problem, made)) for problem in found)
    return {pk: number for pk, number in numbers if number is not None}


def problems_of(run_id: int, decisions: Iterable[Decision]) -> dict[int, list[Problem]]:
    """By number of the decision: the kept problems that came from it, in order; decisions without any are left out."""
    keys = {decision.key for decision in decisions if decision.key}
    if not keys:
        return {}
    problems = Problem.objects.filter(run=run_id, decision__in=keys).order_by("id")
    made = _made(run_id, keys) if problems else {}
    found: dict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        if (number := _number(problem, made)) is not None:
            found[number].append(problem)
    return found


def _made(run_id: int, keys: Collection[str]) -> Made:
    made: Made = defaultdict(list)
    if keys:
        rows = Decision.objects.filter(run=run_id, key__in=keys).order_by("number").values_list("key", "turn", "number")
        for key, turn, number in rows:
            made[key].append((turn, number))
    return made


def _number(problem: Problem, made: Made) -> int | None:
    named = made.get(problem.decision, [])
    before = [number for turn, number in named if problem.turn is None or turn <= problem.turn]
    return before[-1] if before else next((number for _, number in named), None)
