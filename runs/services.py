"""Verbs: what people and programs do to runs, and `transition`, the only statement that changes a run's status."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from metrics.models import MetricSelection
from runs import journal, outbox, verification
from runs.errors import error_group
from runs.events import announce, record, run_counted, run_ended
from runs.models import Run, Simulation
from runs.specs import BadSpec, build_spec, clean_description, kept_params, load_scenario, merged, spec_of, whole_or
from runs.states import Act, Status, Trigger, sources
from simweb.engine import Recording, Spec, use_recording

MAX_BACKOFF_S = 24 * 3600
COUNTERS = {Status.COMPLETED: "completed_runs", Status.FAILED: "failed_runs"}  # of a simulation


class TransitionRefused(Exception):
    """The run is in a state from which this cannot be done; `status` is that state."""

    def __init__(self, run_id: int, status: str, wanted: str) -> None:
        super().__init__(f"run {run_id} is {status}, so it cannot be {wanted}")
        self.status = status


@transaction.atomic
def create_runs(
    simulation: Simulation,
    *,
    trigger: Trigger,
    by: User | None = None,
    params: Mapping[str, Any] | None = None,
    turns: int | None = None,
    seed: int | None = None,
    metric_keys: Iterable[str] | None = None,
    selection: MetricSelection | None = None,
    priority: int = 0,
    replicates: int = 1,
    description: str = "",
) -> list[Run]:
    """Queue one run, or several that differ only in their seeds. What is not given is taken from the simulation.
    A selection is kept on the run if its metrics are what is measured.

    A given seed is the first replicate's; each further one takes the next number. Raises BadSpec.
    """
    scenario = load_scenario(simulation.scenario)
    keys = list(metric_keys or ()) or (selection.metric_keys if selection else simulation.metric_keys)
    first = build_spec(
        scenario,
        params=merged(scenario, simulation, params),
        turns=whole_or(scenario, simulation) if turns is None else turns,
        seed=seed,
        metric_keys=keys,
        replicates=replicates,
    )
    if selection is not None and set(selection.metric_keys) != set(first.metric_keys):
        selection = None
    common: dict[str, Any] = {"trigger": trigger, "by": by, "selection": selection, "priority": priority}
    common["description"] = clean_description(description)
    common |= {"version": scenario.version, **kept_params(scenario, first)}
    return [_queue(simulation, replace(first, seed=first.seed + number), **common) for number in range(replicates)]


@transaction.atomic
def retry(run: Run, *, by: User | None, trigger: Trigger = Trigger.MANUAL) -> Run:
    """Queue the same spec again, as the next attempt. Raises TransitionRefused unless the run failed or was cancelled."""
    _need(run, Act.RETRY, "retried")
    made = _copy(run, seed=run.seed, by=by, trigger=trigger, retry_of=run, attempt=run.attempt + 1)
    journal.hand_over(run, made)
    record(run.pk, "retried", made.created_at, actor=by, detail=f"as run {made.pk}")
    return made


@transaction.atomic
def run_again(run: Run, *, by: User | None, trigger: Trigger = Trigger.MANUAL) -> Run:
    """Queue a new run with the same parameters and a new seed. Raises BadSpec when the scenario no longer takes them."""
    return _copy(run, seed=None, by=by, trigger=trigger)


@transaction.atomic
def verify(run: Run, *, by: User | None) -> Run | None:
    """Queue a replay of a completed run; None, with the reason on the run, when it cannot be verified.

    Raises TransitionRefused unless the run is completed.
    """
    _need(run, Act.VERIFY, "verified")
    if reason := verification.obstacle(run):
        verification.cannot(run, reason)
        return None
    with use_recording(Recording((), "replay")):  # it asks no model
        replay = _copy(run, seed=run.seed, by=by, trigger=Trigger.VERIFY, verifies=run)
    verification.begin(run, replay)
    return replay


def cancel(run: Run, *, by: User | None, reason: str = "") -> Run:
    """End the run now; what it has recorded stays. Raises TransitionRefused when it has already ended."""
    return transition(run.pk, Status.CANCELLED, actor=by, detail=reason)


@transaction.atomic
def delete(run: Run, *, by: User | None) -> None:
    """Take an ended run out of every list; `restore` brings it back. Raises TransitionRefused while it is not ended."""
    _need(run, Act.DELETE, "deleted")
    now = timezone.now()
    if Run.objects.filter(pk=run.pk, deleted_at=None).update(deleted_at=now, changed_at=now, version=F("version") + 1):
        record(run.pk, "deleted", now, actor=by)
        count_ended(run, -1)
        announce(run, "deleted")


@transaction.atomic
def restore(run: Run, *, by: User | None) -> None:
    """Undo `delete`."""
    now = timezone.now()
    gone = Run.objects.filter(pk=run.pk, deleted_at__isnull=False)
    if gone.update(deleted_at=None, changed_at=now, version=F("version") + 1):
        record(run.pk, "restored", now, actor=by)
        count_ended(run, +1)
        announce(run, "restored")


@transaction.atomic
def transition(
    run_id: int,
    to: Status,
    *,
    fence: UUID | None = None,
    only_from: Status | None = None,
    actor: User | None = None,
    detail: str = "",
    at: datetime | None = None,
    **changes: Any,
) -> Run:
    """Bring a run to another state: compare and swap, event, news. With a fence, only for the holder of that lease;
    with `only_from`, only out of that state, though others lead there too.

    Raises TransitionRefused when the run is in no state that leads there, or the lease is no longer its own.
    """
    at = at or timezone.now()
    allowed = Run.objects.filter(pk=run_id, status__in=sources(to) if only_from is None else [only_from])
    if fence is not None:
        allowed = allowed.filter(lease=fence)
    if to.is_terminal:
        changes.update(finished_at=at, duration_ms=_duration(run_id, at))
    if to is Status.FAILED:
        changes["error_group"] = error_group(changes.get("error_type", ""), changes.get("error_message", ""))
    if not allowed.update(status=to, version=F("version") + 1, changed_at=at, **changes):
        raise TransitionRefused(run_id, Run.objects.values_list("status", flat=True).get(pk=run_id), to.value)
    run = Run.objects.listed().select_related("simulation").get(pk=run_id)
    if to.is_terminal:
        count_ended(run, +1)
        outbox.post(run, at)
        run_ended.send(sender=Run, run=run)
        _retry_by_itself(run)
        if run.verifies_id is not None:
            verification.settle(run)
    record(run_id, to.value, at, actor=actor, detail=detail)
    announce(run, "ended" if to.is_terminal else "state")
    return run


def _duration(run_id: int, finished_at: datetime) -> int | None:
    """Milliseconds since the start, which nobody changes once it is set, so that it may be read before the swap."""
    started_at = Run.objects.values_list("started_at", flat=True).get(pk=run_id)
    return None if started_at is None else max(0, round((finished_at - started_at).total_seconds() * 1000))


def _retry_by_itself(run: Run) -> None:
    """Queue the next attempt when the simulation asks for it: in the transaction of the failure, so none is forgotten."""
    rule = run.simulation
    if run.state is not Status.FAILED or run.failure_kind not in rule.retry_kinds or run.attempt > rule.retry_attempts:
        return
    if run.verifies_id is not None:
        return  # what it was to show is told on the verified run, where people can ask again
    wait = timedelta(seconds=min(MAX_BACKOFF_S, rule.retry_backoff_s * 2 ** (run.attempt - 1)))
    with contextlib.suppress(BadSpec):  # its code is gone: there is nothing to retry with
        made = _copy(
            run,
            seed=run.seed,
            by=run.created_by,
            trigger=Trigger(run.trigger),
            retry_of=run,
            attempt=run.attempt + 1,
            not_before=timezone.now() + wait,
        )
        journal.hand_over(run, made)
        record(run.pk, "retried", made.created_at, detail=f"by itself, as run {made.pk}")


def count_ended(run: Run, by: int) -> None:
    """Keep the simulation's counts of decided runs exact. A replay says nothing new of its simulation."""
    if run.trigger == Trigger.VERIFY:
        return
    field = COUNTERS.get(run.state)
    counted = {} if field is None else {field: F(field) + by}
    Simulation.objects.filter(pk=run.simulation_id).update(**counted, endings=F("endings") + 1)
    run_counted.send(sender=Run, run=run)


def _need(run: Run, act: Act, done: str) -> None:
    if act not in run.acts:
        raise TransitionRefused(run.pk, run.status, done)


def _copy(run: Run, *, seed: int | None, by: User | None, trigger: Trigger, **changes: Any) -> Run:
    scenario, spec = load_scenario(run.scenario), spec_of(run)
    checked = build_spec(scenario, params=spec.params, turns=spec.turns, seed=seed, metric_keys=spec.metric_keys)
    return _queue(
        run.simulation,
        replace(spec, seed=checked.seed),
        version=scenario.version,
        trigger=trigger,
        by=by,
        selection=run.metric_selection,
        priority=run.priority,
        params=run.params,
        secrets=run.secrets,
        description=run.description,
        **changes,
    )


def _queue(
    simulation: Simulation,
    spec: Spec,
    *,
    version: str,
    trigger: Trigger,
    by: User | None,
    selection: MetricSelection | None,
    priority: int,
    **changes: Any,
) -> Run:
    now = timezone.now()
    run = Run.objects.create(
        simulation=simulation,
        trigger=trigger,
        created_by=by,
        created_at=now,
        changed_at=now,
        scenario=spec.scenario,
        scenario_version=version,
        seed=spec.seed,
        turns=spec.turns,
        metric_keys=list(spec.metric_keys),
        metric_selection=selection,
        priority=priority,
        run_timeout_s=simulation.run_timeout_s,
        turn_timeout_s=simulation.turn_timeout_s,
        memory_limit_mb=simulation.memory_limit_mb,
        **changes,
    )
    record(run.pk, Status.QUEUED.value, now, actor=by)
    announce(run, "queued")
    return run
