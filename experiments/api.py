"""API of experiments: start, look, stop, try again; iterations and proposals of an optimisation."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from experiments import queries, services
from experiments.models import Experiment
from experiments.schemas import (
    DryRun,
    ExperimentIn,
    ExperimentList,
    ExperimentOut,
    IterationOut,
    Overrides,
    ProposalOut,
    RetryIn,
    experiment_json,
    iteration_json,
    proposal_json,
)
from runs.api.answers import NotFound, answer, caller
from runs.api.pages import AfterId, ThousandAtMost, as_cursor, page
from runs.api.runs import Cancel
from runs.schemas import RunOut, run_json
from runs.specs import BadSpec, FieldError
from simweb.access.idempotency import idempotent
from simweb.access.roles import Role
from simweb.engine import Text
from simweb.scenarios.optimization.params import AS_WRITTEN, config_of
from simweb.scenarios.optimization.preview import preview
from simweb.scenarios.optimization.records import IterationRecord

router = Router(tags=["experiments"])
Limit = Annotated[int, Query(20, ge=1, le=100)]
NOTHING_PLAYED = "Nothing was played: how long an iteration takes is not known before the first."


class IterationList(Schema):
    items: list[IterationOut]
    next_cursor: str | None


class ProposalList(Schema):
    items: list[ProposalOut]
    next_cursor: str | None


@router.get("/experiments", response=ExperimentList, summary="All experiments, newest first")
def list_experiments(request: HttpRequest, limit: Limit, cursor: int | None = None) -> HttpResponse:
    found = queries.visible(caller(request)).order_by("-id")
    if cursor is not None:
        found = found.filter(pk__lt=cursor)
    page = list(found[: limit + 1])
    following = str(page[limit - 1].pk) if len(page) > limit else None
    told = [experiment_json(standing) for standing in queries.standings(page[:limit])]
    return answer({"items": told, "next_cursor": following})


@router.post(
    "/experiments",
    response={201: ExperimentOut, 200: DryRun},
    summary="Start an experiment from its YAML; with dry_run only check it",
)
@idempotent
def start_experiment(request: HttpRequest, data: ExperimentIn, dry_run: bool = False) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    params, seed = _asked(data), data.overrides.seed
    try:
        if dry_run:
            plan = [block.text for block in preview(config_of(services.check(params, seed))) if isinstance(block, Text)]
            estimate = {"seconds": None, "cost_usd": None, "of": NOTHING_PLAYED}
            return answer({"trials": 1, "runs": 1, "estimate": estimate, "plan": plan})
        made = services.start(params, by=by, seed=seed)
    except BadSpec as error:
        raise BadSpec([_placed(one) for one in error.errors]) from None
    [standing] = queries.standings([made])
    return answer(experiment_json(standing), 201, f"/api/v1/experiments/{made.pk}")


@router.get("/experiments/{int:experiment_id}", response=ExperimentOut)
def get_experiment(request: HttpRequest, experiment_id: int) -> HttpResponse:
    [standing] = queries.standings([_find(request, experiment_id)])
    return answer(experiment_json(standing))


@router.delete("/experiments/{int:experiment_id}", response={204: None}, summary="Delete it with its runs")
def delete_experiment(request: HttpRequest, experiment_id: int) -> HttpResponse:
    by = caller(request, Role.OPERATOR).user
    services.delete(_find(request, experiment_id), by=by)
    return HttpResponse(status=204)


@router.post(
    "/experiments/{int:experiment_id}/cancel", response=ExperimentOut, summary="End its run; what was found stays"
)
def cancel_experiment(request: HttpRequest, experiment_id: int, data: Cancel | None = None) -> HttpResponse:
    experiment, by = _find(request, experiment_id), caller(request, Role.OPERATOR).user
    services.cancel(experiment, by=by, reason=data.reason if data else "")
    return get_experiment(request, experiment_id)


@router.post(
    "/experiments/{int:experiment_id}/retry-failed",
    response={202: RunOut},
    summary="Go on after the last complete iteration",
)
@idempotent
def retry_experiment(request: HttpRequest, experiment_id: int, data: RetryIn | None = None) -> HttpResponse:
    experiment, by = _find(request, experiment_id), caller(request, Role.OPERATOR).user
    run = services.retry(experiment, by=by, budget=data.budget.dict() if data else None)
    return answer(run_json(run), 202, f"/api/v1/runs/{run.pk}")


@router.get("/experiments/{int:experiment_id}/iterations", response=IterationList, summary="What each iteration found")
def list_iterations(request: HttpRequest, experiment_id: int, cursor: AfterId, limit: ThousandAtMost) -> HttpResponse:
    run = queries.run_of(_find(request, experiment_id))
    found = page(partial(queries.iterations_after, run), iteration_json, cursor, limit)
    return answer({"items": found.told, "next_cursor": as_cursor(found.following)})


@router.get(
    "/experiments/{int:experiment_id}/proposals", response=ProposalList, summary="The audit: each proposal, whole"
)
def list_proposals(
    request: HttpRequest,
    experiment_id: int,
    cursor: AfterId,
    limit: ThousandAtMost,
    agent: str | None = None,
    iteration: int | None = None,
) -> HttpResponse:
    """A page is of so many iterations."""
    run = queries.run_of(_find(request, experiment_id))

    def told(record: IterationRecord) -> list[dict[str, Any]]:
        wanted = [
            one for one in record.proposals if agent in (None, one.agent) and iteration in (None, record.iteration)
        ]
        return [proposal_json(record, one, record.policies[one.agent]) for one in wanted]

    found = page(partial(queries.iterations_after, run), told, cursor, limit)
    return answer({"items": list(chain.from_iterable(found.told)), "next_cursor": as_cursor(found.following)})


def _asked(data: ExperimentIn) -> dict[str, Any]:
    """The parameters of the scenario."""
    said = data.overrides
    return {
        "experiment": data.yaml,
        "files": data.files,
        "proposer": said.proposer or AS_WRITTEN,
        "model": said.model or "",
        "max_iterations": said.max_iterations,
        "budget_tokens": said.budget.tokens,
        "budget_cost_usd": said.budget.cost_usd,
    }


def _placed(error: FieldError) -> FieldError:
    """An error in the file at its path in the file; the others at the names that they have in the request."""
    if error.loc[:2] == ("params", "experiment"):
        return FieldError(error.loc[2:] or ("yaml",), error.msg, error.line)
    name = error.loc[1:] if error.loc[:1] == ("params",) else error.loc
    place = ("overrides", *name) if name[:1] and name[0] in Overrides.model_fields else name
    return FieldError(place, error.msg, error.line)


def _find(request: HttpRequest, experiment_id: int) -> Experiment:
    """The experiment. Raises NotFound."""
    found = queries.visible(caller(request)).filter(pk=experiment_id).first() if experiment_id < 2**63 else None
    if found is None:
        raise NotFound(f"there is no experiment {experiment_id}")
    return found
