"""What an import asks of a run beyond its shape: the same as of a run that is made here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from runs.marks import LONGEST_NOTES, clean_tags
from runs.models import Simulation
from runs.simulations import RESERVED, SLUG_RULE, is_slug
from runs.specs import ONLY_THE_MASK, BadSpec, FieldError, build_spec, clean_description, load_scenario
from runs.states import Status
from runs.transfer.document import RunDocument
from simweb.engine.play import Fingerprint

EXPONENT = 10**16
CLOCK_CHANGE = timedelta(hours=1)  # a machine's clock may be set back while it plays


def doubts(document: RunDocument) -> list[FieldError]:
    """All that is wrong with it, each with its path within the run."""
    checks = (_of_simulation, _of_spec, _of_end, _of_turns, _of_marks, _of_counts)
    found = [error for check in checks for error in check(document)]
    return found or list(_of_fingerprint(document))


def _of_simulation(document: RunDocument) -> Iterator[FieldError]:
    if not is_slug(document.simulation) or document.simulation in RESERVED:
        yield FieldError(("simulation",), SLUG_RULE)
        return
    here = Simulation.objects.filter(slug=document.simulation).values_list("scenario", flat=True).first()
    if here not in {None, document.scenario}:
        message = (
            f"The simulation {document.simulation!r} of this lab is of the scenario {here!r}, the run is of "
            f"{document.scenario!r}: write the name of another simulation."
        )
        yield FieldError(("simulation",), message)


def _of_spec(document: RunDocument) -> Iterator[FieldError]:
    """Only the version that a run was played with can judge its parameters; runs of others are kept as they are."""
    if document.metric_keys != sorted(set(document.metric_keys)):
        yield FieldError(("metric_keys",), "Must be in alphabetical order, each key once.")
    try:
        scenario = load_scenario(document.scenario)
    except BadSpec:
        return
    if scenario.version != document.scenario_version:
        return
    spec: dict[str, Any] = {name: getattr(document, name) for name in ("params", "turns", "seed", "metric_keys")}
    try:
        build_spec(scenario, **spec)
    except BadSpec as error:
        yield from (item for item in error.errors if item.msg != ONLY_THE_MASK)  # an export holds no secrets


def _of_end(document: RunDocument) -> Iterator[FieldError]:
    if (document.status is Status.FAILED) != (document.failure_kind is not None):
        yield FieldError(("failure_kind",), "Must be given for a failed run, and only for one.")
    if (document.status is Status.FAILED) != (document.error is not None):
        yield FieldError(("error",), "Must be given for a failed run, and only for one.")
    if document.started_at is not None and document.finished_at < document.started_at - CLOCK_CHANGE:
        yield FieldError(("finished_at",), "Must not lie before started_at.")
    if document.turns_done > document.turns:
        yield FieldError(("turns_done",), f"Must be at most its turns, {document.turns}.")


def _of_turns(document: RunDocument) -> Iterator[FieldError]:
    numbers = [row.number for row in document.turn_rows]
    yield from _once(numbers, "turn_rows", "number")
    yield from _once([row.number for row in document.decisions], "decisions", "number")
    yield from _once([row.turn for row in document.frames], "frames", "turn")
    late = next((place for place, number in enumerate(numbers) if number > document.turns_done), None)
    if late is not None:
        where = ("turn_rows", str(late), "number")
        yield FieldError(where, f"Must be at most the turns that were done, {document.turns_done}.")
    measured = {key for row in document.turn_rows for key in row.metrics}
    if long := [key for key in measured if key.startswith("run.")]:
        yield FieldError(("turn_rows",), f"{long[0]!r} is a metric of the whole run, not of a turn.")


def _of_fingerprint(document: RunDocument) -> Iterator[FieldError]:
    """A fingerprint is of these measurements, or the file was changed."""
    if document.fingerprint is None:
        return
    # PostgreSQL writes a float of 1e16 or more as a whole number.
    if document.fingerprint in {_fingerprint(document, lambda value: value), _fingerprint(document, as_floats)}:
        return
    yield FieldError(("fingerprint",), "Is not that of the turns and metrics in this file: some of them were changed.")


def _fingerprint(document: RunDocument, read: Callable[[Any], Any]) -> str:
    fingerprint = Fingerprint()
    for row in sorted(document.turn_rows, key=lambda row: row.number):
        fingerprint.add(row.number, row.actions, read(row.metrics))
    return fingerprint.of_run(read(document.run_metrics or {}))


def as_floats(value: Any) -> Any:
    """With every whole number that a float writes with an exponent as a float."""
    if isinstance(value, dict):
        return {name: as_floats(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_floats(item) for item in value]
    return float(value) if isinstance(value, int) and abs(value) >= EXPONENT else value


def _of_marks(document: RunDocument) -> Iterator[FieldError]:
    try:
        tags = clean_tags(document.tags)
    except BadSpec as error:
        yield from error.errors
    else:
        if tags != document.tags:
            yield FieldError(("tags",), "Must be in lower case and alphabetical order, each tag once.")
    if len(document.notes) > LONGEST_NOTES:
        yield FieldError(("notes",), f"Notes are at most {LONGEST_NOTES:,} characters long.")
    try:
        clean_description(document.description)
    except BadSpec as error:
        yield from error.errors


def _of_counts(document: RunDocument) -> Iterator[FieldError]:
    counts = document.counts
    if counts.critical_count + counts.warning_count > counts.problem_count:
        yield FieldError(("counts", "problem_count"), "Must be at least the critical problems and the warnings.")
    if counts.decisions_successful + counts.decisions_failed > counts.decision_count:
        yield FieldError(("counts", "decision_count"), "Must be at least the successful and the failed decisions.")
    for name, kept in (("node_count", document.nodes_executed), ("edge_count", document.edges_traversed)):
        if getattr(counts, name) < len(kept):
            yield FieldError(("counts", name), f"Must be at least the {len(kept)} that are named.")


def _once(numbers: Sequence[int], rows: str, name: str) -> Iterable[FieldError]:
    first: dict[int, int] = {}
    for place, number in enumerate(numbers):
        if number in first:
            yield FieldError((rows, str(place), name), f"{number} is also in {rows}.{first[number]}.")
        first.setdefault(number, place)
