"""Frames: what a change of runs looks like, as partials for pages and as JSON for programs. Drawn from the rows alone."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Literal

from django.template.loader import render_to_string

from runs import insight, links, queries
from runs.models import Run, RunQuerySet, Simulation
from runs.rows import drawn_row, undrawable
from runs.schemas import iso, problem_json, run_json, simulation_json

Format = Literal["html", "view", "json"]  # partials for who may act, for who may only look; JSON for programs
HTML: tuple[Format, ...] = ("html", "view")
Audience = tuple[Format, str]  # what it understands, what it watches
QUIET = frozenset({"progress", "problem"})  # news that changes no state
PROBLEMS_TOLD = 5
Drawn = list[tuple[Audience, str]]


def draw(changed: Mapping[int, Collection[str]], audiences: Collection[Audience]) -> tuple[Drawn, dict[int, int]]:
    """All that the given audiences must be told about the changed runs, in order; and the versions that were drawn."""
    drawn: Drawn = []
    versions: dict[int, int] = {}
    touched: set[int] = set()
    for run in Run.objects.select_related("simulation", "created_by").defer("log").filter(pk__in=changed):
        versions[run.pk] = run.version
        # Progress that is told after the end of its run tells the end: whoever has this version has all of it.
        kinds = {*changed[run.pk], "state"} if run.is_terminal else changed[run.pk]
        drawn.extend(_run_frames(run, kinds, audiences))
        if not set(kinds) <= QUIET:
            touched.add(run.simulation_id)
    if touched:
        drawn.extend(_simulation_frames(touched, audiences))
    return _together(drawn), versions


def _run_frames(run: Run, kinds: Collection[str], audiences: Collection[Audience]) -> Drawn:
    """What is told of one run. Whatever goes wrong with it is its own affair: other runs are told all the same."""
    try:
        problems = _problem_frames(run, audiences) if "problem" in kinds else []
        return [*problems, *_json_frames(run, kinds, audiences), *_html_frames(run, kinds, audiences)]
    except Exception:
        row, live = undrawable(run, "row"), undrawable(run, "live")
    topics = (f"run:{run.pk}", f"simulation:{run.simulation.slug}", "runs")
    refusal = {"code": "CANNOT_BE_SHOWN", "message": f"run {run.pk} cannot be shown; the server's log says why"}
    told: Drawn = [(("json", topic), envelope("error", topic, refusal)) for topic in topics]
    for form in HTML:
        told += [
            ((form, f"simulation:{run.simulation.slug}"), row),
            ((form, "history"), row),
            ((form, topics[0]), live),
        ]
    return [(audience, text) for audience, text in told if audience in audiences]


def _together(drawn: Drawn) -> Drawn:
    """Partials for the same page go in one frame."""
    pages: dict[Audience, list[str]] = {}
    for audience, text in drawn:
        if audience[0] in HTML:
            pages.setdefault(audience, []).append(text)
    told = [(audience, text) for audience, text in drawn if audience[0] == "json"]
    return [*told, *((audience, "".join(texts)) for audience, texts in pages.items())]


def _html_frames(run: Run, kinds: Collection[str], audiences: Collection[Audience]) -> Drawn:
    only_progress = set(kinds) <= QUIET
    name = "gone" if run.deleted_at else "progress" if only_progress else "row"
    drawn: Drawn = []
    for form in HTML:
        lists: list[Audience] = [(form, f"simulation:{run.simulation.slug}"), (form, "history")]
        watched = [audience for audience in lists if audience in audiences]
        if watched:
            is_row = name == "row"
            text = drawn_row(run, **_role(form)) if is_row else render_to_string(f"runs/_run_{name}.html", {"run": run})
            drawn.extend((audience, text) for audience in watched)
        page: Audience = (form, f"run:{run.pk}")
        if page in audiences:
            drawn.append((page, run_page_frame(run, form, only_progress=only_progress)))
    return drawn


def _role(form: Format) -> dict[str, bool]:
    """What a partial must know of who looks at it."""
    return {"may_operate": form == "html"}


def run_page_frame(run: Run, form: Format, *, only_progress: bool) -> str:
    """The parts of the run page that a turn changes; with a change of state, those that hold controls as well."""
    parts = ["live"] if only_progress else ["head", "live", "outcome"]
    context: dict[str, Any] = {"run": run, "waiting": queries.waiting(run), **_role(form)}
    if not only_progress:
        context |= insight.outcome(run)
    return "".join(render_to_string(f"runs/_page_{part}.html", context) for part in parts)


def history_frame(simulation: Simulation, form: Format) -> str:
    """The whole list of a simulation's history: what a socket gets when it begins to watch."""
    context = {"simulation": simulation, "as_of": queries.now(), "runs": queries.history_rows(simulation)}
    return render_to_string("runs/_history_rows.html", {**context, **_role(form)})


def rows_frame(runs: RunQuerySet, form: Format) -> str:
    """The newest rows of the list of all runs."""
    newest = runs[: queries.HISTORY]
    return "".join(drawn_row(run, **_role(form)) for run in newest)


def dashboard_frame(simulations: Collection[Simulation]) -> str:
    """The figures above the dashboard, and of each simulation the cells that runs change."""
    cells = [
        render_to_string("runs/_simulation_cells.html", {"simulation": simulation, "last": last})
        for simulation, last in queries.dashboard(simulations)
    ]
    stats = render_to_string("runs/_stats.html", {"counts": queries.counts(queries.now())})
    return stats + "".join(cells)


def _simulation_frames(simulation_ids: Collection[int], audiences: Collection[Audience]) -> Drawn:
    drawn: Drawn = []
    figures: list[Audience] = [(form, "runs") for form in HTML if (form, "runs") in audiences]
    if figures:
        text = dashboard_frame(list(Simulation.objects.filter(pk__in=simulation_ids)))  # it holds no controls
        drawn.extend((audience, text) for audience in figures)
    watched = [topic for form, topic in audiences if form == "json" and topic.startswith("simulation:")]
    if watched:
        for simulation, last in queries.dashboard(Simulation.objects.filter(pk__in=simulation_ids)):
            topic = f"simulation:{simulation.slug}"
            if topic in watched:
                data = simulation_json(simulation, last)
                drawn.append((("json", topic), envelope("simulation_update", topic, data)))
    return drawn


def _json_frames(run: Run, kinds: Collection[str], audiences: Collection[Audience]) -> Drawn:
    topics = (f"run:{run.pk}", f"simulation:{run.simulation.slug}", "runs")
    watched = [topic for topic in topics if ("json", topic) in audiences]
    if not watched:
        return []
    if run.deleted_at:
        kind, data = "run_deleted", {"id": run.pk, "version": run.version}
    elif set(kinds) <= QUIET:
        names = ("id", "status", "turns", "turns_done", "problem_count", "total_tokens", "total_cost_usd", "version")
        whole = run_json(run)
        kind, data = "run_progress", {name: whole[name] for name in names}
    else:
        kind, data = "run_update", run_json(run)
    return [(("json", topic), envelope(kind, topic, data)) for topic in watched]


def _problem_frames(run: Run, audiences: Collection[Audience]) -> Drawn:
    """The newest problems, for who watches the run; one may be told twice, so each has its id."""
    topic = f"run:{run.pk}"
    if ("json", topic) not in audiences:
        return []
    newest = list(reversed(run.problems.order_by("-id")[:PROBLEMS_TOLD]))
    numbers, about = links.decision_numbers(run.pk, newest), {"run": run.pk, "problem_count": run.problem_count}
    told = [{**about, **problem_json(problem, numbers.get(problem.pk))} for problem in newest]
    return [(("json", topic), envelope("run_problem", topic, data)) for data in told]


def envelope(kind: str, topic: str | None, data: Any) -> str:
    """A frame of the JSON socket."""
    message = {"v": 1, "type": kind, "topic": topic, "ts": iso(queries.now()), "data": data}
    return json.dumps(message, separators=(",", ":"))
