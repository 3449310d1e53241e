"""The records of a run, a tab each: what is asked for in the address, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, QueryDict

from metrics.queries import named
from runs import answers, explaining, links, queries
from runs.agents import agents_of
from runs.models import Run
from runs.templatetags.show import amount, in_a_line
from runs.timeline import timeline_of
from simweb.engine import FATES, SEVERITIES

TURNS_SHOWN = 50
DECISIONS_SHOWN = 50
PROBLEMS_SHOWN = 100
EVENTS_SHOWN = 200
PICKED = ("decision", "problem")  # the row that a link leads to; pages and filters go by what they say themselves
TITLES = {
    "turns": "Turns",
    "decisions": "Decisions",
    "agents": "Agents",
    "problems": "Problems",
    "explain": "Explain",
    "log": "Log",
    "events": "Events",
    "spec": "Spec",
}
Known = Mapping[str, Any]


def records(request: HttpRequest, run: Run, known: Known) -> dict[str, Any]:
    """What the tab that the address names shows; the first tab when it names none."""
    titles = {name: title for name, title in TITLES.items() if name != "explain" or answers.questions_of(run)}
    asked = request.GET.get("tab", "")
    tab = asked if asked in titles else "turns"
    counts = {"decisions": run.decision_count, "agents": run.deciding_agents, "problems": run.problem_count}
    tabs = [(name, f"{title} {amount(counts[name])}" if counts.get(name) else title) for name, title in titles.items()]
    shown = {**READERS[tab](request, run, known)}
    return {"tab": tab, "tabs": tabs, "address": request.GET.urlencode() or f"tab={tab}", **shown}


def spec(run: Run) -> dict[str, Any]:
    """All it takes to play the run again."""
    return {
        "scenario": run.scenario,
        "params": run.params,
        "seed": run.seed,
        "turns": run.turns,
        "metric_keys": run.metric_keys,
    }


def _turns(request: HttpRequest, run: Run, known: Known) -> dict[str, Any]:
    before = _number(request, "before")
    turns = queries.turns_before(run, before, TURNS_SHOWN)
    columns = [(key, title) for key, title in named(run.metric_keys, known) if not key.startswith("run.")]
    last = turns[-1].number if turns else 1
    return {"turns": turns, "turn_columns": columns, "before": last if last > 1 else None, "paged": before is not None}


def _decisions(request: HttpRequest, run: Run, known: Known) -> dict[str, Any]:
    outcome, agent = request.GET.get("outcome", ""), request.GET.get("agent", "")
    picked = _number(request, "decision")
    after = _number(request, "after") or max(0, (picked or 0) - 1)
    wanted = outcome if outcome in FATES else None
    found = queries.decisions_after(run, after, DECISIONS_SHOWN + 1, outcome=wanted, agent=agent)
    shown = found[:DECISIONS_SHOWN]
    following = _with(request, after=shown[-1].number) if len(found) > DECISIONS_SHOWN else ""
    counts = {
        "": run.decision_count,
        "success": run.decisions_successful,
        "failure": run.decisions_failed,
        "pending": run.decisions_pending,
    }
    filters = [(value, title, counts[value]) for value, title in FATE_TITLES.items()]
    problems = links.problems_of(run.pk, shown)
    return {
        "decisions": [(decision, problems.get(decision.number, [])) for decision in shown],
        "picked": picked,
        "timeline": timeline_of(shown),
        "filters": _links(request, "outcome", filters),
        "agent": agent,
        "following": following,
        "first": _with(request, after=""),
        "paged": after > 0 or picked is not None,
    }


def _problems(request: HttpRequest, run: Run, known: Known) -> dict[str, Any]:
    severity, picked = request.GET.get("severity", ""), _number(request, "problem")
    after = _number(request, "after") or 0
    found = queries.problems_worst_first(run, severity if severity in SEVERITIES else None)
    if picked is not None and not after:
        after = _place_of(picked, list(found.values_list("pk", flat=True))) // PROBLEMS_SHOWN * PROBLEMS_SHOWN
    shown = list(found[after : after + PROBLEMS_SHOWN + 1])
    counts = {
        "": run.problem_count,
        "critical": run.critical_count,
        "warning": run.warning_count,
        "minor": run.minor_count,
    }
    filters = [(value, value.capitalize() or "All", count) for value, count in counts.items()]
    following = _with(request, after=after + PROBLEMS_SHOWN) if len(shown) > PROBLEMS_SHOWN else ""
    numbers = links.decision_numbers(run.pk, shown[:PROBLEMS_SHOWN])
    return {
        "problems": [(problem, numbers.get(problem.pk)) for problem in shown[:PROBLEMS_SHOWN]],
        "picked": picked,
        "filters": _links(request, "severity", filters),
        "following": following,
        "first": _with(request, after=""),
        "paged": after > 0 or picked is not None,
    }


def _events(request: HttpRequest, run: Run, known: Known) -> dict[str, Any]:
    """The newest, or those before the one that the address names; in order."""
    before = _number(request, "before")
    kept = run.events.select_related("actor").order_by("-pk")
    newest = list((kept if before is None else kept.filter(pk__lt=before))[: EVENTS_SHOWN + 1])
    shown = newest[:EVENTS_SHOWN][::-1]
    return {
        "events": shown,
        "earlier": shown[0].pk if len(newest) > EVENTS_SHOWN else None,
        "paged": before is not None,
    }


def _spec(request: HttpRequest, run: Run, known: Known) -> dict[str, Any]:
    """Texts of many lines are told apart: in JSON they are one line, which nobody can read."""
    texts = {name: value for name, value in run.params.items() if isinstance(value, str) and "\n" in value}
    params = {name: in_a_line(value) if name in texts else value for name, value in run.params.items()}
    return {
        "spec_lines": spec(run) | {"params": params, "scenario_version": run.scenario_version},
        "spec_texts": [param for param in queries.titled_params(run) if param.value in texts.values()],
    }


FATE_TITLES = {"": "All", "failure": "Failed", "success": "Succeeded", "pending": "Pending"}
READERS: dict[str, Callable[[HttpRequest, Run, Known], dict[str, Any]]] = {
    "turns": _turns,
    "decisions": _decisions,
    "agents": lambda request, run, known: {"agents": agents_of(run)},
    "problems": _problems,
    "explain": lambda request, run, known: explaining.explained(request.GET, run),
    "log": lambda request, run, known: {"log": run.log},
    "events": _events,
    "spec": _spec,
}


def _links(request: HttpRequest, name: str, filters: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    chosen = request.GET.get(name, "")
    return [
        {"address": _with(request, **{name: value, "after": ""}), "title": title, "count": count, "on": value == chosen}
        for value, title, count in filters
    ]


def _with(request: HttpRequest, **changes: Any) -> str:
    query: QueryDict = request.GET.copy()
    for name in PICKED:
        query.pop(name, None)
    for name, value in changes.items():
        query.pop(name, None)
        if value != "":
            query[name] = str(value)
    return query.urlencode()


def _place_of(wanted: int, ids: list[int]) -> int:
    return ids.index(wanted) if wanted in ids else 0


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
