"""Imports: runs that were exported as JSON, here or in another lab, become rows again: equal in all but their ids.

The only place besides `services` that writes a status, and only into rows that it makes: what comes has ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from runs import blocks, services
from runs.decisions import decimal_cost
from runs.errors import error_group
from runs.events import announce, record
from runs.models import Decision, Event, Frame, Problem, Run, SeriesBlock, Simulation, Turn
from runs.specs import BadSpec, FieldError, field_errors
from runs.states import Status
from runs.transfer.checks import doubts
from runs.transfer.document import FORMAT, Part, RunDocument
from simweb.engine.play import canonical_json
from simweb.texts import read_json

CHUNK = 1_000
MOST_ERRORS = 100
RECORDED = (
    *("scenario", "scenario_version", "params", "seed", "turns", "metric_keys", "turns_done", "run_metrics"),
    *("total_tokens", "duration_ms", "attempt", "tags", "notes", "description", "is_starred", "log"),
    *("output_data", "nodes_executed", "edges_traversed"),
    *("status", "trigger", "created_at", "started_at", "finished_at"),
)
NO_EXPORT = "This is no JSON export of simweb: it lacks simweb_export and runs."


def read_export(data: bytes) -> Any:
    """The JSON of a file as people have it: UTF-8 with or without a byte-order mark, UTF-16 or UTF-32. Raises BadSpec."""
    try:
        return read_json(data)
    except ValueError as error:
        raise BadSpec([FieldError(("file",), f"This is no JSON: {error}.")]) from None


def import_runs(data: Any, *, by: User | None) -> list[Run]:
    """Make a run of each that is in the export; all or none. Raises BadSpec with all that does not fit and where it stands."""
    if not isinstance(data, Mapping) or not {"simweb_export", "runs"} <= set(data):
        raise BadSpec([FieldError(("file",), NO_EXPORT)])
    if data["simweb_export"] != FORMAT or isinstance(data["simweb_export"], bool):
        raise BadSpec([FieldError(("simweb_export",), f"Must be {FORMAT}, the one format that is known here.")])
    if not isinstance(data["runs"], list):
        raise BadSpec([FieldError(("runs",), "Must be a list.")])
    with transaction.atomic():
        documents = _checked(data["runs"])
        made: dict[int, Run] = {}
        # A retry or a replay has a greater number than the run that it is one of, and needs its row.
        for document, digest in sorted(documents, key=lambda item: item[0].id):
            made[document.id] = _import(document, digest, made, by)
        for document, _ in documents:
            _verified(document, made)
    return [made[document.id] for document, _ in documents]


def _checked(runs: Sequence[Any]) -> list[tuple[RunDocument, str]]:
    errors: list[FieldError] = []
    documents: list[tuple[RunDocument, str]] = []
    for place, told in enumerate(runs):
        where = ("runs", str(place))
        try:
            document = RunDocument.model_validate(told)
        except ValidationError as error:
            errors.extend(field_errors(error, *where))
            continue
        documents.append((document, digest_of(document)))
        errors.extend(FieldError((*where, *error.loc), error.msg) for error in doubts(document))
    errors.extend(_repeated(documents))
    if errors:
        more = [FieldError(("runs",), f"… and {len(errors) - MOST_ERRORS:,} more errors.")][: len(errors) > MOST_ERRORS]
        raise BadSpec([*errors[:MOST_ERRORS], *more])
    return documents


def _repeated(documents: Sequence[tuple[RunDocument, str]]) -> Iterator[FieldError]:
    digests = [digest for _, digest in documents]
    known = {
        row["import_digest"]: row
        for row in Run.objects.filter(import_digest__in=digests).values("import_digest", "pk", "deleted_at")
    }
    numbers: dict[int, int] = {}
    for place, (document, digest) in enumerate(documents):
        where = ("runs", str(place), "id")
        if document.id in numbers:
            yield FieldError(where, f"Run {document.id} is also runs.{numbers[document.id]}.")
        elif digest in known:
            state = ", which was deleted: restore it" if known[digest]["deleted_at"] else ""
            yield FieldError(where, f"It was imported before, as run {known[digest]['pk']}{state}.")
        numbers.setdefault(document.id, place)


def digest_of(document: RunDocument) -> str:
    """SHA-256 by which the same run is known when it comes again, whatever people have noted on it since."""
    names = (
        "id",
        "scenario",
        "params",
        "seed",
        "turns",
        "metric_keys",
        "created_at",
        "finished_at",
        "status",
        "fingerprint",
    )
    told = document.model_dump(mode="json", include=set(names))
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def _import(document: RunDocument, digest: str, made: Mapping[int, Run], by: User | None) -> Run:
    now, error = timezone.now(), document.error
    run = Run.objects.create(
        simulation=_simulation(document, by),
        created_by=by,
        changed_at=now,
        import_digest=digest,
        fingerprint=document.fingerprint or "",
        narrative=document.own_narrative,
        total_cost_usd=None if document.total_cost_usd is None else decimal_cost(document.total_cost_usd),
        environment=document.environment.model_dump(exclude_none=True) if document.environment else {},
        failure_kind=document.failure_kind or "",
        error_type=error.type if error else "",
        error_group=error_group(error.type, error.message) if error and document.status is Status.FAILED else "",
        error_message=error.message if error else "",
        error_turn=error.turn if error else None,
        error_traceback=error.traceback if error else "",
        retry_of=made.get(document.retry_of or 0),
        verifies=made.get(document.verifies or 0),
        **document.counts.model_dump(),
        **{name: getattr(document, name) for name in RECORDED},
    )
    _write_rows(run, document)
    services.count_ended(run, +1)
    record(run.pk, "imported", now, actor=by, detail=f"was run {document.id} where it was exported")
    announce(run, "state")
    return run


def _write_rows(run: Run, document: RunDocument) -> None:
    _create(Turn, run, document.turn_rows)
    _create(Decision, run, document.decisions)
    _create(Problem, run, document.problems)
    _create(Event, run, document.events)
    _create(Frame, run, document.frames)
    turns = sorted(((row.number, row.metrics) for row in document.turn_rows), key=lambda turn: turn[0])
    SeriesBlock.objects.bulk_create(blocks.packed(run.pk, turns)[0])


def _create(model: Any, run: Run, rows: Sequence[Part]) -> None:
    model.objects.bulk_create((model(run=run, **_columns(row)) for row in rows), batch_size=CHUNK)


def _columns(row: Part) -> dict[str, Any]:
    told: dict[str, Any] = row.model_dump()
    cost = told.get("cost_usd")
    return told if cost is None else {**told, "cost_usd": decimal_cost(cost)}


def _verified(document: RunDocument, made: Mapping[int, Run]) -> None:
    """What a replay showed; its own number here, when it came along. One that was still being played says nothing."""
    if document.verification is None or document.verification.status == "pending":
        return
    runs = [made[number].pk for number in document.verification.runs if number in made]
    told = {**document.verification.model_dump(), "runs": runs}
    run = made[document.id]
    Run.objects.filter(pk=run.pk).update(verification=told)
    run.verification = told


def _simulation(document: RunDocument, by: User | None) -> Simulation:
    spec = {name: getattr(document, name) for name in ("scenario", "params", "turns", "metric_keys")}
    made = {"name": document.simulation, "created_by": by, **spec}
    return Simulation.objects.get_or_create(slug=document.simulation, defaults=made)[0]
