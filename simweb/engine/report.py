"""What a model reports of a turn, as it can be kept: what cannot be is left out, and a Problem says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simweb.engine.numbers import count
from simweb.engine.scenario import Problem, TurnReport
from simweb.engine.texts import NAME_CHARACTERS, keepable


def checked(report: Any) -> tuple[TurnReport, list[Problem]]:
    """The report with plain actions. Raises TypeError for what is no TurnReport, or holds no Problems where they belong."""
    if not isinstance(report, TurnReport):
        raise TypeError(f"turn() must return a TurnReport, and returned {type(report).__name__}")
    if not all(isinstance(problem, Problem) for problem in report.problems):
        raise TypeError("the problems of a TurnReport must be instances of Problem")
    actions, doubts = _actions(report.actions)
    return replace(report, actions=actions), doubts


def _actions(reported: Mapping[Any, Any]) -> tuple[dict[str, int], list[Problem]]:
    actions: dict[str, int] = {}
    doubts = []
    for name, value in reported.items():
        action = keepable(name, NAME_CHARACTERS)
        try:
            actions[action] = count(value)
        except (TypeError, ValueError) as error:
            doubts.append(Problem("warning", f"The count of the action {action!r} is left out: {error}"))
    return actions, doubts


def keepable_problem(problem: Problem) -> Problem:
    """The problem with texts that a database can keep."""
    return replace(
        problem,
        description=keepable(problem.description),
        root_cause=keepable(problem.root_cause),
        suggested_fix=keepable(problem.suggested_fix),
        source=keepable(problem.source, NAME_CHARACTERS),
        decision=keepable(problem.decision, NAME_CHARACTERS),
    )
