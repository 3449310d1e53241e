"""Verification: a run is played again and its measurements are compared, fingerprint first, then turn by turn.

What is found stands on the verified run: {status, runs, turn, metric, reason}, with `runs` the ids of its replays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs.events import announce
from runs.models import Run, Turn
from runs.specs import BadSpec, build_spec, load_scenario, spec_of
from runs.states import Status
from simweb.engine import Recording, use_recording
from simweb.engine.scenario import file_digest

CHUNK = 2_000
Measured = tuple[int, dict[str, Any], dict[str, Any]]


def obstacle(run: Run) -> str:
    """Why the run cannot be verified, as a sentence; blank when it can."""
    return obstacle_to_playing(run) if run.fingerprint else "It has no fingerprint to compare with."


def obstacle_to_playing(run: Run) -> str:
    """Why the same would not happen if the run were played again, as a sentence; blank when it would."""
    try:
        scenario = load_scenario(run.scenario)
    except BadSpec as error:
        return f"Its code is gone or broken. {error.errors[0].msg}"
    if not scenario.deterministic:
        return f"The scenario {run.scenario} does not promise to repeat itself (deterministic = False)."
    if scenario.version != run.scenario_version:
        return (
            f"The scenario is now version {scenario.version}; the run was played with version {run.scenario_version}."
        )
    if changed := changed_files(run):
        return f"It was played with other contents of {', '.join(changed)}."
    try:
        spec = spec_of(run)
        with use_recording(Recording((), "replay")):  # it asks no model, so nothing that asking takes need be here
            build_spec(scenario, params=spec.params, turns=spec.turns, seed=spec.seed, metric_keys=spec.metric_keys)
    except BadSpec as error:
        return f"The scenario no longer takes what the run was played with. {error}"
    return ""


def changed_files(run: Run) -> list[str]:
    """Data files that are here, but not as the run has read them. What another machine has is seen when it has played."""
    changed = []
    for file, digest in run.environment.get("files", {}).items():
        folder, _, name = file.partition("/")
        with contextlib.suppress(ValueError):  # it is not here: the parameters are refused, or another machine has it
            if file_digest(folder, name) != digest:
                changed.append(file)
    return changed


def cannot(run: Run, reason: str) -> None:
    """Say on the run why it cannot be verified."""
    _write(run.pk, status="impossible", reason=reason)


def begin(run: Run, replay: Run) -> None:
    """Say on the run that it is being played again."""
    _write(run.pk, status="pending", replay=replay.pk)


def settle(replay: Run) -> None:
    """A replay has ended: say on the verified run what it showed. Call it in the transaction of the end."""
    original = replay.verifies
    if original is None:
        return
    if replay.state is not Status.COMPLETED:
        told = replay.error_message or "It was stopped."
        _write(original.pk, status="impossible", reason=f"The replay, run {replay.pk}, is {replay.status}. {told}")
    elif replay.fingerprint == original.fingerprint:
        _write(original.pk, status="verified")
    else:
        changes = "; ".join(environment_changes(original.environment, replay.environment))
        reason = f"Since then: {changes}." if changes else ""
        _write(original.pk, status="differs", reason=reason)
        # A million turns are compared after the commit: they must not keep the table locked.
        transaction.on_commit(lambda: _locate(original.pk, replay.pk, reason), robust=True)


def first_difference(one: int, other: int) -> tuple[int | None, str | None]:
    """(turn, metric) at which two runs first part: turn None for a metric of the whole run, metric None for a missing turn."""
    for here, there in zip_longest(_measured(one), _measured(other)):
        if here is None or there is None:
            return (here or there)[0], None
        if here != there:
            keys = sorted(key for key in here[2] | there[2] if here[2].get(key) != there[2].get(key))
            return here[0], keys[0] if keys else "actions"
    whole = dict(Run.objects.filter(pk__in=[one, other]).values_list("pk", "run_metrics"))
    mine, theirs = whole[one] or {}, whole[other] or {}
    keys = sorted(key for key in mine | theirs if mine.get(key) != theirs.get(key))
    return None, keys[0] if keys else None


def environment_changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is different, in words: "numpy was 2.1.0, is 2.2.0"."""
    flat = [{"Python": e.get("python"), "platform": e.get("platform"), **e.get("packages", {})} for e in (before, now)]
    flat = [
        {**f, "git commit": e.get("git", {}).get("commit"), "processor": e.get("processor"), **e.get("files", {})}
        for f, e in zip(flat, (before, now), strict=True)
    ]
    names = [name for name in sorted(flat[0] | flat[1]) if flat[0].get(name) != flat[1].get(name)]
    return [f"{name} was {flat[0].get(name) or 'not there'}, is {flat[1].get(name) or 'not there'}" for name in names]


def _measured(run_id: int) -> Iterator[Measured]:
    rows = Turn.objects.filter(run=run_id).order_by("number").values_list("number", "actions", "metrics")
    return rows.iterator(chunk_size=CHUNK)


def _locate(original: int, replay: int, reason: str) -> None:
    turn, metric = first_difference(original, replay)
    _write(original, status="differs", turn=turn, metric=metric, reason=reason)


@transaction.atomic
def _write(run_id: int, *, replay: int | None = None, **changes: Any) -> None:
    run = Run.objects.select_for_update(of=("self",)).get(pk=run_id)
    known = run.verification or {"runs": [], "reason": ""}
    runs = known["runs"] if replay is None else [*known["runs"], replay]
    found = {"turn": None, "metric": None, "reason": "", **changes, "runs": runs}
    told = {"version": F("version") + 1, "changed_at": timezone.now()}
    Run.objects.filter(pk=run_id).update(verification=found, **told)
    announce(run, "state")
