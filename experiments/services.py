"""Verbs: start an experiment, stop it, try it again, delete it. Its run is a run like any other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from experiments.models import Experiment
from experiments.queries import run_of
from runs import journal, services
from runs.models import Run
from runs.simulations import create_simulation, remove_simulation
from runs.specs import build_spec, load_scenario
from runs.states import Act, Trigger
from simweb.engine.params import read_params
from simweb.scenarios.optimization.params import OptimizationParams, config_of

SCENARIO = "optimization"


class CannotAct(Exception):
    """The experiment is in a state in which this cannot be done; the message says which."""


def check(params: Mapping[str, Any], seed: Any = None) -> OptimizationParams:
    """What would be run, and nothing made. Raises BadSpec."""
    spec = build_spec(load_scenario(SCENARIO), params=params, turns=None, seed=seed, metric_keys=None)
    return cast(OptimizationParams, read_params(OptimizationParams, spec.params))


@transaction.atomic
def start(params: Mapping[str, Any], *, by: User | None, seed: int | None = None) -> Experiment:
    """Keep the experiment and queue its run; its seed is the file's master seed unless one is given. Raises BadSpec."""
    checked = check(params, seed)
    config = config_of(checked)
    simulation = create_simulation(
        name=config.name, scenario=SCENARIO, params=params, description=config.description, by=by
    )
    remove_simulation(simulation)  # from the dashboard: experiments have a list of their own
    experiment = Experiment.objects.create(
        name=config.name,
        source=checked.experiment,
        files=checked.files,
        proposer=config.proposer.kind,
        budget=asdict(config.budget),
        simulation=simulation,
        created_at=timezone.now(),
        created_by=by,
    )
    services.create_runs(
        simulation, trigger=Trigger.EXPERIMENT, by=by, seed=config.master_seed if seed is None else seed
    )
    return experiment


def cancel(experiment: Experiment, *, by: User | None, reason: str = "") -> None:
    """End its run now; what it has found stays. Raises CannotAct when there is nothing to end."""
    run = _run_that_can(experiment, Act.STOP, "cancelled")
    services.cancel(run, by=by, reason=reason)


@transaction.atomic
def retry(experiment: Experiment, *, by: User | None, budget: Mapping[str, Any] | None = None) -> Run:
    """Go on after the last complete iteration, with another budget if one is given: `tokens`, `cost_usd`, or both.

    Raises CannotAct unless its run failed or was cancelled, BadSpec for what is no budget.
    """
    run = _run_that_can(experiment, Act.RETRY, "tried again")
    changed = {f"budget_{name}": value for name, value in (budget or {}).items() if value is not None}
    if not changed:
        return services.retry(run, by=by)
    params = {**run.params, **changed}
    [made] = services.create_runs(
        experiment.simulation, trigger=Trigger.EXPERIMENT, by=by, params=params, turns=run.turns, seed=run.seed
    )
    journal.hand_over(run, made)
    Experiment.objects.filter(pk=experiment.pk).update(budget=asdict(config_of(check(params)).budget))
    return made


@transaction.atomic
def delete(experiment: Experiment, *, by: User | None) -> None:
    """Take it out of the list, and its runs with it; `restore` brings all back."""
    if not Experiment.objects.filter(pk=experiment.pk, deleted_at=None).update(deleted_at=timezone.now()):
        return
    for run in experiment.simulation.runs.filter(deleted_at=None):
        with suppress(services.TransitionRefused):  # it has ended, perhaps in this very moment
            services.cancel(run, by=by, reason="its experiment was deleted")
        services.delete(Run.objects.get(pk=run.pk), by=by)


@transaction.atomic
def restore(experiment: Experiment, *, by: User | None) -> None:
    """Undo `delete`."""
    if Experiment.objects.filter(pk=experiment.pk, deleted_at__isnull=False).update(deleted_at=None):
        for run in experiment.simulation.runs.filter(deleted_at__isnull=False):
            services.restore(run, by=by)


def _run_that_can(experiment: Experiment, act: Act, done: str) -> Run:
    run = run_of(experiment)
    if run is None or act not in run.acts:
        status = run.status if run else "without a run"
        raise CannotAct(f"experiment {experiment.pk} is {status}, so it cannot be {done}")
    return run
