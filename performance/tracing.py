"""Traces: of each run that ends, one, made from what is recorded of it. Imported only where SIMWEB_OTLP_ENDPOINT is set.

The root span is the run, from `created_at` to `finished_at`; below it lie `queued`, `claimed` (until its first turn is
recorded), `played` (until its last is) and `recorded`. Spans are sent from a thread of their own, and thrown away when
nobody takes them: an endpoint that is down holds up no run.
"""

from __future__ import annotations

import atexit
import logging
import math
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

from celery.signals import worker_process_shutdown
from django.conf import settings
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, Status, StatusCode, Tracer, set_span_in_context

from runs import states
from runs.models import Run

logger = logging.getLogger(__name__)
SECONDS = 3.0  # within which the endpoint must take what it is sent, and which it is given when the process ends
PROBLEMS = 50
PARTS = ("queued", "claimed", "played", "recorded")
EPOCH = datetime.fromtimestamp(0, UTC)


class Outgoing(SpanExporter):
    """Sends spans, and says once that they are not taken, and once that they are again."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._way: SpanExporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=SECONDS)
        self._are_taken = True
        self._until = math.inf
        # What it says of each attempt would fill the log as long as the endpoint is down.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)

    def end_soon(self) -> None:
        """The process ends: what is not sent within SECONDS is thrown away."""
        self._until = time.monotonic() + SECONDS

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if time.monotonic() > self._until:
            return SpanExportResult.FAILURE
        result = self._way.export(spans)
        are_taken = result is SpanExportResult.SUCCESS
        if are_taken is not self._are_taken:
            self._are_taken = are_taken
            said = "takes traces again" if are_taken else "does not take traces; they are thrown away until it does"
            logger.warning("tracing: %s %s", self._endpoint, said)
        return result

    def shutdown(self) -> None:
        self._way.shutdown()


@cache
def tracer() -> Tracer:
    """Made by the first run that ends in this process: a process that ends none has no thread for it."""
    outgoing = Outgoing(settings.OTLP_ENDPOINT)
    provider = provider_of(BatchSpanProcessor(outgoing))

    def finish(**news: Any) -> None:
        outgoing.end_soon()
        provider.shutdown()

    atexit.register(finish)
    worker_process_shutdown.connect(finish, weak=False)  # such a process asks nothing of atexit
    return provider.get_tracer("simweb")


def provider_of(processor: Any) -> TracerProvider:
    """A maker of spans that are handed to `processor`."""
    resource = Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or "simweb"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider


def on_run_changed(*, run_id: int, kind: str, **news: Any) -> None:
    """Listener of `run_changed`, after the commit, in whichever process ended the run."""
    if kind != "ended":
        return
    run = Run.objects.listed().select_related("simulation").filter(pk=run_id).first()
    if run is not None:
        trace(run, tracer())


def trace(run: Run, tracer: Tracer) -> None:
    """Make the spans of an ended run."""
    root = tracer.start_span(
        f"run {run.simulation.slug}", start_time=_ns(run.created_at), attributes=_attributes(run), context=Context()
    )
    for at, name, attributes in _happenings(run):
        root.add_event(name, attributes, _ns(at))
    for name, start, end in _parts(run):
        part = tracer.start_span(name, context=set_span_in_context(root), start_time=_ns(start))
        part.end(_ns(end))
    _say_how_it_ended(run, root)
    root.end(_ns(_end(run)))


def _end(run: Run) -> datetime:
    """Clocks of several machines differ; no span ends before it begins."""
    return max(run.created_at, run.finished_at or run.created_at)


def _parts(run: Run) -> Iterator[tuple[str, datetime, datetime]]:
    """(name, start, end) of what a run went through, one after the other."""
    end = _end(run)
    if run.started_at is None:
        yield "queued", run.created_at, end
        return
    turns = run.turn_rows.order_by("number").values_list("created_at", flat=True)
    first, last = turns.first(), turns.last()
    marks = [run.created_at, run.started_at, *((first, last) if first and last else ()), end]
    ordered = accumulate((min(mark, end) for mark in marks), max)
    yield from ((name, *part) for name, part in zip(PARTS, pairwise(ordered), strict=False))


def _attributes(run: Run) -> dict[str, Any]:
    """What can be searched by."""
    known = {
        "run.id": run.pk,
        "simulation": run.simulation.slug,
        "scenario": run.scenario,
        "seed": run.seed,
        "trigger": run.trigger,
        "status": run.status,
        "turns": run.turns,
        "turns_done": run.turns_done,
        "attempt": run.attempt,
        "retry_of": run.retry_of_id,
        "tokens": run.total_tokens,
        "cost_usd": None if run.total_cost_usd is None else float(run.total_cost_usd),
        "failure_kind": run.failure_kind or None,
    }
    return {f"simweb.{name}": value for name, value in known.items() if value is not None}


def _happenings(run: Run) -> list[tuple[datetime, str, dict[str, Any]]]:
    """(when, name, attributes) of each change of state, and of critical problems."""
    events = run.events.filter(kind__in=states.Status.values).values_list("created_at", "kind", "detail")
    problems = run.problems.filter(severity="critical").order_by("id")
    told = problems.values_list("created_at", "description", "source", "turn")[:PROBLEMS]
    found: list[tuple[datetime, str, dict[str, Any]]] = [
        (at, kind, {"simweb.detail": detail} if detail else {}) for at, kind, detail in events
    ]
    for at, description, source, turn in told:
        where = {} if turn is None else {"simweb.turn": turn}
        found.append((at, "critical problem", {"simweb.description": description, "simweb.source": source, **where}))
    return sorted(found, key=lambda happening: happening[0])


def _say_how_it_ended(run: Run, root: Span) -> None:
    if run.status == states.Status.COMPLETED:
        root.set_status(Status(StatusCode.OK))
    elif run.status == states.Status.FAILED:
        root.set_attribute("error.type", run.error_type)
        root.set_status(Status(StatusCode.ERROR, f"{run.error_type}: {run.error_message}"))


def _ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000
