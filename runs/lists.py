"""The pages of lists of runs: finding them, acting upon many, keeping views. What is shown lives in the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from metrics.queries import named
from runs import bulk, finding, queries, saved
from runs.models import BulkAct, Run, Simulation
from runs.search import narrowed
from runs.specs import BadSpec
from runs.states import Status, Trigger
from runs.templatetags.show import cost, duration, in_a_line, measured
from runs.terms import SORTS, sort_of
from runs.transfer.listed import fields_of, parameter
from runs.views import caller, find_simulation, known_metrics, refuse
from simweb.access.doors import page
from simweb.access.roles import Role

RUNS_SHOWN = 50
AGES = {"1d", "7d", "30d", "90d"}
REMEMBERED = "simweb_columns"
NOW = ("compare", "export")  # what leads to another page, and changes nothing


@page()
def runs(request: HttpRequest) -> HttpResponse:
    """All runs, newest first unless sorted."""
    return _runs_page(request, None)


@page()
def simulation(request: HttpRequest, slug: str) -> HttpResponse:
    """A simulation: what it is made of, and all its runs."""
    return _runs_page(request, find_simulation(request, slug))


@page()
def rows(request: HttpRequest) -> HttpResponse:
    """Rows of a table with chosen columns, as they are now; a row that says so for what is gone."""
    texts = request.GET.get("ids", "").split(",")
    ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19][:RUNS_SHOWN]
    try:
        columns = saved.clean_columns(request.GET.get("columns", "").split(","))
    except BadSpec as error:
        return HttpResponse(error.errors[0].msg, status=422, content_type="text/plain; charset=utf-8")
    found = queries.visible_runs(caller(request)).rows(*fields_of(columns)).in_bulk(ids)
    listed = [(found[run_id], _cells(found[run_id], columns)) for run_id in ids if run_id in found]
    gone = [run_id for run_id in ids if run_id not in found]
    return render(request, "runs/_listed_rows.html", {"listed": listed, "gone": gone})


@require_POST
@page()
def begin_bulk(request: HttpRequest) -> HttpResponse:
    """An act upon the ticked runs, or upon all that match."""
    back, act = reverse("runs"), request.POST.get("act", "")
    ids = [int(text) for text in request.POST.getlist("run") if text.isascii() and text.isdigit() and len(text) < 19]
    if act in NOW:
        listed = ",".join(map(str, ids[:200]))
        if not ids:
            return refuse(request, f"Tick the runs to {act} first.", back)
        return redirect(f"/compare/?runs={listed}" if act == "compare" else f"/api/v1/runs/export?ids={listed}")
    caller(request).need(Role.OPERATOR)
    everything = "all" in request.POST
    try:
        wanted: dict[str, Any] = {"query": request.POST.get("q", "")} if everything else {"ids": ids}
        made = bulk.begin(act, by=_user(request), tag=request.POST.get("tag", ""), **wanted)
    except BadSpec as error:
        return refuse(request, error.errors[0].msg, back)
    if not everything:
        bulk.play(made)
    return redirect("bulk-act", made.pk)


@page()
def bulk_act(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """How far a bulk act is."""
    found = _find_bulk(bulk_id)
    context = {
        "section": "runs",
        "bulk": found,
        "refusals": found.items.exclude(refusal="").order_by("id")[:10],
        "may_undo": bulk.may_undo(found),
    }
    return render(request, "runs/_bulk.html" if request.htmx else "runs/bulk.html", context)  # type: ignore[attr-defined]


@require_POST
@page(Role.OPERATOR)
def undo_bulk(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Bring back what a bulk deletion took."""
    found = _find_bulk(bulk_id)
    try:
        made = bulk.undo(found, by=_user(request))
    except BadSpec as error:
        return refuse(request, error.errors[0].msg, reverse("bulk-act", args=[found.pk]))
    bulk.play(made)
    return redirect("bulk-act", made.pk)


@require_POST
@page(Role.OPERATOR)
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the query, its order and columns under a name."""
    sent = request.POST
    columns = sent.get("columns", "").split(",")
    shared = "is_shared" in sent
    try:
        view = saved.save_view(
            owner=_user(request),
            name=sent.get("name", ""),
            query=sent.get("q", ""),
            sort=sent.get("sort", ""),
            columns=columns,
            is_shared=shared,
        )
    except BadSpec as error:
        return refuse(request, error.errors[0].msg, reverse("runs"))
    messages.success(request, f"The view “{view.name}” is saved.")
    return redirect(address_of(view))


@require_POST
@page(Role.OPERATOR)
def remove_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Forget one of one's own views."""
    saved.views_of(_user(request)).filter(pk=view_id, owner=_user(request)).delete()
    return redirect("runs")


def address_of(view: Any) -> str:
    """The list as the view shows it."""
    kept = {"q": view.query, "sort": view.sort, "columns": ",".join(view.columns)}
    return f"{reverse('runs')}?{urlencode({name: value for name, value in kept.items() if value})}"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its title, where a click on it leads, and how the list is sorted by it."""

    name: str
    title: str
    address: str
    sorted: str


def _runs_page(request: HttpRequest, simulation: Simulation | None) -> HttpResponse:
    chosen = _chosen(request)
    q, sort = request.GET.get("q", ""), request.GET.get("sort", "")
    context = {**_about(request, simulation), "chosen": chosen, "q": q, "sort": sort, "runs": []}
    try:
        columns = _columns(request)
        asked = narrowed(q, status=chosen["status"], trigger=chosen["trigger"], created=chosen["since"])
        context |= _found(request, simulation, asked, sort, columns)
    except BadSpec as error:
        if error.errors[0].loc == ("cursor",):
            return redirect(request.path)
        context |= {"error": error.errors[0], "columns": saved.SHOWN, "filtered": True}
        return render(request, "runs/runs.html", context, status=422)
    response = render(request, "runs/runs.html", context)
    if "column" in request.GET or "columns" in request.GET:
        response.set_cookie(REMEMBERED, ",".join(columns), max_age=365 * 86_400, samesite="Lax", httponly=True)
    return response


def _chosen(request: HttpRequest) -> dict[str, str | None]:
    """What the form's selects say; nonsense is nothing."""
    known = {"status": Status.values, "trigger": Trigger.values, "since": AGES}
    return {name: value if (value := request.GET.get(name)) in values else None for name, values in known.items()}


def _columns(request: HttpRequest) -> list[str]:
    """The columns of the address, or else those that were chosen last. Raises BadSpec."""
    if "column" in request.GET:
        return saved.clean_columns(
            [*request.GET.getlist("column"), *request.GET.get("more", "").replace(",", " ").split()]
        )
    if "columns" in request.GET:
        return saved.clean_columns(request.GET["columns"].split(","))
    try:
        return saved.clean_columns(request.COOKIES.get(REMEMBERED, "").split(",")) or saved.SHOWN
    except BadSpec:
        return saved.SHOWN


def _about(request: HttpRequest, simulation: Simulation | None) -> dict[str, Any]:
    views = [(view, address_of(view), view.owner_id == _user(request).pk) for view in saved.views_of(_user(request))]
    return {
        "section": "runs" if simulation is None else "simulations",
        "simulation": simulation,
        "params": queries.titled_params(simulation) if simulation else [],
        "metrics": named(simulation.metric_keys, known_metrics(simulation)) if simulation else [],
        "statuses": Status.choices,
        "triggers": Trigger.choices,
        "reset": request.path,
        "new_run": reverse("new-run", args=[simulation.slug]) if simulation else "",
        "views": views,
        "known_columns": saved.COLUMNS,
    }


def _found(
    request: HttpRequest, simulation: Simulation | None, q: str, sort: str, columns: list[str]
) -> dict[str, Any]:
    """What the list shows. Raises BadSpec."""
    runs = queries.visible_runs(caller(request)).listed()
    if simulation is not None:
        runs = runs.filter(simulation=simulation)
    if metric := request.GET.get("group", "").strip():
        groups, is_partial = finding.groups(runs, q, metric)
        return {"groups": groups, "group": metric, "is_partial": is_partial, "asked": q, "columns": columns}
    is_plain = columns == saved.SHOWN
    rows, following = finding.page_of_matching(
        runs.rows(*fields_of(columns)), q, sort, request.GET.get("cursor"), RUNS_SHOWN
    )
    filtered = bool(q or sort)
    return {
        "runs": rows,
        "asked": q,
        "acts_on": narrowed(q, simulation=simulation.slug) if simulation else q,
        "columns": columns,
        "more_columns": [name for name in columns if name not in saved.COLUMNS],
        "is_plain": is_plain,
        "listed": [] if is_plain else [(run, _cells(run, columns)) for run in rows],
        "rows_from": f"{reverse('listed-rows')}?{urlencode({'columns': ','.join(columns)})}",
        "firsts": [_head(request, name, sort) for name in ("id", "status")],
        "heads": [_head(request, name, sort) for name in columns],
        "filtered": filtered,
        "csv": _csv_address(q, sort, columns, simulation),
        "following": _address(request, cursor=following) if following else "",
        "is_short": following is not None and len(rows) < RUNS_SHOWN,
        "paged": "cursor" in request.GET,
        "count": finding.count_matching(runs, q) if rows and following else finding.Count(len(rows), False),
    }


def _csv_address(q: str, sort: str, columns: list[str], simulation: Simulation | None) -> str:
    asked = narrowed(q, simulation=simulation.slug) if simulation else q
    return f"/api/v1/runs/csv?{urlencode({'q': asked, 'sort': sort, 'columns': ','.join(columns)})}"


def _cells(run: Run, columns: list[str]) -> list[tuple[str, Any]]:
    return [(name, cell(run, name)) for name in columns]


def _head(request: HttpRequest, name: str, sort: str) -> Head:
    title = {"id": "Run", "status": "Status", **saved.COLUMNS}.get(name, name)
    if name in saved.COLUMNS and name not in SORTS:
        return Head(name, title, "", "")
    present = sort_of(sort)
    if present.name != name:
        return Head(name, title, _address(request, sort=f"-{name}", cursor=None), "none")
    opposite = name if present.descending else f"-{name}"
    direction = "descending" if present.descending else "ascending"
    return Head(name, title, _address(request, sort=opposite, cursor=None), direction)


def _address(request: HttpRequest, **changes: str | None) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


CELLS: dict[str, Callable[[Run], Any]] = {
    "started": lambda run: run.started_at,
    "created": lambda run: run.created_at,
    "duration": lambda run: duration(run.duration_ms),
    "trigger": lambda run: Trigger(run.trigger).label,
    "tokens": lambda run: measured(run.total_tokens),
    "cost": lambda run: cost(run.total_cost_usd),
    "seed": lambda run: str(run.seed),
    "turns": lambda run: f"{run.turns_done}/{run.turns}",
    "problems": lambda run: measured(run.problem_count),
    "tags": lambda run: ", ".join(run.tags),
}


def cell(run: Run, name: str) -> Any:
    """What a column says of a run; moments are drawn by the template."""
    kind, _, key = name.partition(".")
    if kind == "param":
        return in_a_line(parameter(run, key))
    if kind == "metric":
        return measured((run.run_metrics or {}).get(key))
    return CELLS[name](run)


def _find_bulk(bulk_id: int) -> BulkAct:
    found = BulkAct.objects.filter(pk=bulk_id).first() if bulk_id < 2**63 else None
    if found is None:
        raise Http404(f"there is no bulk act {bulk_id}")
    return found


def _user(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
