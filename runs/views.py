"""Pages: parse, one service, draw. The same services serve the API, the admin and the commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from metrics.queries import named
from runs import insight, marks, queries, services, tabs
from runs.dashboard import dashboard_context
from runs.models import Run, Simulation
from runs.specs import BadSpec
from runs.states import Act, Trigger
from simweb.access.doors import Caller, caller_of_session, page
from simweb.access.roles import Role
from simweb.engine import catalogue, registry

ACTS: dict[str, Callable[[Run, Any], Run | None]] = {
    "stop": lambda run, by: services.cancel(run, by=by),
    "retry": lambda run, by: services.retry(run, by=by),
    "again": lambda run, by: services.run_again(run, by=by),
    "verify": lambda run, by: services.verify(run, by=by),
    "delete": lambda run, by: services.delete(run, by=by),
    "restore": lambda run, by: services.restore(run, by=by),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A series that the run page draws; `total` is the key of the same, summed up over the turns."""

    key: str
    title: str
    unit: str
    total: str = ""
    is_known: bool = True


@page()
def dashboard(request: HttpRequest) -> HttpResponse:
    """A row per simulation."""
    return render(request, "runs/dashboard.html", {"section": "simulations", **dashboard_context(request)})


@page()
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest runs of a simulation, for its row of the dashboard."""
    simulation = find_simulation(request, slug)
    context = {"simulation": simulation, "as_of": queries.now(), "runs": queries.history_rows(simulation)}
    return render(request, "runs/_history.html", context)


@page()
def patterns(request: HttpRequest, slug: str) -> HttpResponse:
    """What the newest runs of a simulation have in common."""
    return render(request, "runs/_patterns.html", {"patterns": insight.patterns(find_simulation(request, slug))})


@require_POST
@page(Role.OPERATOR)
def quick_run(request: HttpRequest, slug: str) -> HttpResponse:
    """Run it with what it has saved; the answer is its history with the new run on top."""
    simulation = find_simulation(request, slug)
    try:
        [run] = services.create_runs(simulation, trigger=Trigger.MANUAL, by=_user(request))
    except BadSpec as error:
        return refuse(request, f"{simulation.name} cannot run as it is saved. {error}", simulation.get_absolute_url())
    if request.htmx:  # type: ignore[attr-defined]
        return history(request, slug)
    return redirect(run)


@page()
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run, live."""
    found = _find_run(request, run_id, deleted=True)
    known = known_metrics(found)
    context = {
        "section": "runs",
        "run": found,
        "waiting": queries.waiting(found),
        "charts": [*_metric_charts(found, known), *_spending_charts(found)],
        "metrics": named(found.metric_keys, known),
        "known_metrics": len(known),
        "has_view": queries.shows_world(found),
        "has_parquet": find_spec("pyarrow") is not None,
        "params": queries.titled_params(found),
        "spec": tabs.spec(found),
        **insight.outcome(found),
        **tabs.records(request, found, known),
    }
    return render(request, "runs/run.html", context)


@require_POST
@page(Role.OPERATOR)
def mark_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Tags, notes and star, as the form has them."""
    found = _find_run(request, run_id)
    tags = request.POST.get("tags", "").split(",")
    starred = "is_starred" in request.POST
    try:
        marks.mark(
            found,
            by=_user(request),
            tags=tags,
            notes=request.POST.get("notes", ""),
            is_starred=starred,
            description=request.POST.get("description"),
        )
    except BadSpec as error:
        return refuse(request, error.errors[0].msg, found.get_absolute_url())
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "runs/_marks.html", {"run": _find_run(request, run_id), "kept": True})
    return redirect(found)


@require_POST
@page(Role.OPERATOR)
def act(request: HttpRequest, run_id: int, act: str) -> HttpResponse:
    """Stop, retry, run again, delete, restore. Scripts are told by a toast, people without scripts by a page."""
    if act not in ACTS:
        raise Http404(f"nobody can {act} a run")
    found = _find_run(request, run_id, deleted=act == "restore")
    by = _user(request)
    try:
        made = ACTS[act](found, by)
    except services.TransitionRefused as error:
        return refuse(request, f"Too late: {error}.", found.get_absolute_url(), status=409)
    except BadSpec as error:
        return refuse(request, str(error), found.get_absolute_url())
    target = made or found
    if request.headers.get("X-Requested-By") == "script":
        headers = {"X-Run": str(target.pk), "X-Location": target.get_absolute_url()}
        return HttpResponse(status=204, headers=headers)
    return redirect("dashboard" if act == Act.DELETE else found if act == Act.VERIFY else target)


def caller(request: HttpRequest) -> Caller:
    """Who looks at the page."""
    return caller_of_session(request.user)


def find_simulation(request: HttpRequest, slug: str) -> Simulation:
    """The simulation, archived ones too; else the 404 page."""
    found = queries.visible_simulations(caller(request), archived=True).filter(slug=slug).first()
    if found is None:
        raise Http404(f"there is no simulation {slug!r}")
    return found


def _find_run(request: HttpRequest, run_id: int, *, deleted: bool = False) -> Run:
    everyone = queries.visible_runs(caller(request), deleted=deleted)
    found = everyone.filter(pk=run_id).first() if run_id < 2**63 else None
    if found is None:
        raise Http404(f"there is no run {run_id}")
    return found


def _user(request: HttpRequest) -> Any:
    return request.user


def refuse(request: HttpRequest, message: str, back: str, status: int = 422) -> HttpResponse:
    """A plain text for scripts, a message on the page before for everybody else."""
    if request.headers.get("X-Requested-By") == "script" or request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
    messages.error(request, message)
    return redirect(back)


def known_metrics(run: Run | Simulation) -> Any:
    """The catalogue of its scenario; nothing when its code is gone."""
    try:
        return catalogue(registry.load(run.scenario))
    except (registry.UnknownScenario, registry.BrokenScenario):
        return {}  # its code is gone; what it measured is still here


def _metric_charts(run: Run, known: Any) -> list[Chart]:
    found = [known[key] for key in run.metric_keys if key in known]
    return [Chart(m.key, m.title, m.unit) for m in found if m.scope == "turn" and m.kind != "table"]


def _spending_charts(run: Run) -> list[Chart]:
    """None of an ended run that spent nothing; while it is played, they show themselves with the first that is known."""
    charts = [
        Chart("tokens", "Tokens", "tokens", "total_tokens", run.total_tokens is not None),
        Chart("cost_usd", "Cost", "USD", "total_cost_usd", run.total_cost_usd is not None),
    ]
    return [chart for chart in charts if chart.is_known or not run.is_terminal]
