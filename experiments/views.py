"""Pages of experiments: the list, a new one, what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from experiments import queries, services
from experiments.charts import charts_of
from experiments.found import agents_found, proposals_found
from experiments.queries import Standing
from runs.spec_form import asked_spec, spec_form
from runs.specs import BadSpec, load_scenario
from runs.views import caller, refuse
from simweb.access.doors import page
from simweb.access.roles import Role
from simweb.engine import Faulty
from simweb.scenarios.optimization.config import ExperimentConfig
from simweb.scenarios.optimization.params import read_experiment
from simweb.scenarios.optimization.subjects import templates

PAGE = 50
ACTS: dict[str, Callable[..., Any]] = {
    "stop": services.cancel,
    "retry": services.retry,
    "delete": services.delete,
    "restore": services.restore,
}


@page()
def experiments(request: HttpRequest) -> HttpResponse:
    """All experiments, newest first."""
    found = queries.matching(queries.visible(caller(request)), request.GET.get("q", "")).order_by("-id")
    before = request.GET.get("before", "")
    if (number := queries.number_in(before)) is not None:
        found = found.filter(pk__lt=number)
    listed = list(found[: PAGE + 1])
    context = {
        "section": "experiments",
        "standings": queries.standings(listed[:PAGE]),
        "older": listed[PAGE - 1].pk if len(listed) > PAGE else None,
        "paged": bool(before),
        "q": request.GET.get("q", ""),
        "templates": templates().values(),
    }
    return render(request, "experiments/experiments.html", context)


@page(Role.OPERATOR)
def new_experiment(request: HttpRequest) -> HttpResponse:
    """The form, from a template or another experiment; a POST starts it."""
    scenario = load_scenario(services.SCENARIO)
    if request.method != "POST":
        params = _begun_from(request)
        return render(
            request, "experiments/new.html", {**spec_form(request, scenario, params, {}), **_choices(request)}
        )
    asked = asked_spec(request, scenario)
    try:
        made = services.start(asked["params"], by=request.user, seed=asked["seed"])  # type: ignore[arg-type]
    except BadSpec as error:
        context = {**spec_form(request, scenario, {}, request.POST, error), **_choices(request)}
        wrong_seed = next((one.msg for one in error.errors if one.loc == ("seed",)), "")
        return render(request, "experiments/new.html", {**context, "seed_error": wrong_seed}, status=422)
    return redirect(made)


@page()
def experiment(request: HttpRequest, experiment_id: int) -> HttpResponse:
    """One experiment: what was found, live."""
    standing = _find(request, experiment_id)
    return render(request, "experiments/experiment.html", {**_found(standing), "section": "experiments"})


@page()
def found(request: HttpRequest, experiment_id: int) -> HttpResponse:
    """What was found so far, for the page while it runs."""
    return render(request, "experiments/_found.html", _found(_find(request, experiment_id)))


@page()
def iteration(request: HttpRequest, experiment_id: int, number: int) -> HttpResponse:
    """All of one iteration: its seeds and every proposal, whole."""
    standing = _find(request, experiment_id)
    records = queries.iterations(standing.run)
    if not 1 <= number <= len(records):
        raise Http404(f"experiment {experiment_id} has no iteration {number}")
    record = records[number - 1]
    context = {**standing._asdict(), "record": record, "proposals": proposals_found(record), "section": "experiments"}
    is_part = request.htmx  # type: ignore[attr-defined]
    return render(request, "experiments/_iteration.html" if is_part else "experiments/iteration.html", context)


@page(Role.OPERATOR)
def template(request: HttpRequest, key: str) -> HttpResponse:
    """The YAML of a template, to keep as a file."""
    if key not in templates():
        raise Http404(f"there is no template {key!r}")
    response = HttpResponse(templates()[key].text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}.yaml"'
    return response


@require_POST
@page(Role.OPERATOR)
def act(request: HttpRequest, experiment_id: int, act: str) -> HttpResponse:
    """Stop, retry, delete, restore."""
    if act not in ACTS:
        raise Http404(f"nobody can {act} an experiment")
    standing = _find(request, experiment_id)
    try:
        ACTS[act](standing.experiment, by=request.user, **_budget(request) if act == "retry" else {})
    except services.CannotAct as error:
        return refuse(request, f"Too late: {error}.", standing.experiment.get_absolute_url(), status=409)
    except BadSpec as error:
        return refuse(request, str(error), standing.experiment.get_absolute_url())
    return redirect(standing.experiment)


def _found(standing: Standing) -> dict[str, Any]:
    records = queries.iterations(standing.run)
    return {
        **standing._asdict(),
        "status": standing.status,
        "result": standing.result,
        "records": records,
        "newest_first": records[::-1],
        "agents": agents_found(records, standing.result),
        "charts": charts_of(records, standing.result["reference"] if standing.result else None),
        "settings": _settings(standing),
        "first_problem": standing.run.problems.values_list("description", flat=True).first() if standing.run else "",
        "gaps": [(agent, gap) for agent, gap in (records[-1].exploitability or {}).items()] if records else [],
    }


def _settings(standing: Standing) -> ExperimentConfig | None:
    """The experiment as its file says it; None for one that this version cannot read any more."""
    experiment = standing.experiment
    try:
        return read_experiment(experiment.source, tuple(experiment.files.items()))
    except Faulty:
        return None


def _budget(request: HttpRequest) -> dict[str, Any]:
    """The larger budget that is asked for beside Retry."""
    tokens = request.POST.get("budget_tokens", "").replace(",", "")
    return {"budget": {"tokens": int(tokens)}} if tokens.isdecimal() and len(tokens) < 16 else {}


def _begun_from(request: HttpRequest) -> dict[str, Any]:
    """The parameters of the experiment in `from`, or the text of the template in `template`."""
    if like := _like(request):
        return dict(like.experiment.simulation.params)
    chosen = templates().get(request.GET.get("template", ""))
    return {"experiment": chosen.text} if chosen else {}


def _like(request: HttpRequest) -> Standing | None:
    """The experiment in `from`, that another is to be like."""
    number = queries.number_in(request.GET.get("from", ""))
    return None if number is None else _find(request, number)


def _choices(request: HttpRequest) -> dict[str, Any]:
    like = _like(request)
    return {
        "section": "experiments",
        "templates": templates().values(),
        "chosen_template": request.GET.get("template", ""),
        "seed": request.POST.get("seed", like.run.seed if like and like.run else ""),
    }


def _find(request: HttpRequest, experiment_id: int) -> Standing:
    everything = queries.visible(caller(request), deleted=True)
    found = everything.filter(pk=experiment_id).first() if experiment_id < 2**63 else None
    if found is None:
        raise Http404(f"there is no experiment {experiment_id}")
    [standing] = queries.standings([found])
    return standing
