"""Traces: one of each run that ends, sent where SIMWEB_OTLP_ENDPOINT says, and no run is the worse for it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from performance import tracing
from runs import services
from runs.events import run_changed
from runs.models import Event, Run, Turn
from runs.states import Status
from tests.conftest import MakeRun
from tests.runs.lives import claimed, lead_to, played, turn
from tests.scenarios import SETTING

ROOT = Path(__file__).resolve().parents[2]


class Spans(InMemorySpanExporter):
    """What was sent, by name."""

    def by_name(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.get_finished_spans()}


@pytest.fixture
def spans(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    exporter = Spans()
    made = tracing.provider_of(SimpleSpanProcessor(exporter)).get_tracer("simweb")
    monkeypatch.setattr(tracing, "tracer", lambda: made)
    run_changed.connect(tracing.on_run_changed, dispatch_uid="tracing")
    yield exporter
    run_changed.disconnect(dispatch_uid="tracing")


def span_of(span: ReadableSpan) -> tuple[Any, Any]:
    return span.start_time, span.end_time


def ns(*moments: Any) -> tuple[int, ...]:
    return tuple(round(moment.timestamp() * 1_000_000) * 1000 for moment in moments)


def test_a_completed_run_is_told_with_its_parts(spans: Spans, make_run: MakeRun) -> None:
    run = lead_to(make_run(seed=7), "completed")
    sent = spans.by_name()
    root = sent["run a-toy"]
    first, last = Turn.objects.filter(run=run).order_by("number").values_list("created_at", flat=True)
    assert span_of(root) == ns(run.created_at, run.finished_at)
    assert span_of(sent["queued"]) == ns(run.created_at, run.started_at)
    assert span_of(sent["claimed"]) == ns(run.started_at, first)
    assert span_of(sent["played"]) == ns(first, last)
    assert span_of(sent["recorded"]) == ns(last, run.finished_at)
    parts = [span for name, span in sent.items() if name != "run a-toy"]
    assert {span.parent.span_id for span in parts if span.parent} == {root.context.span_id}
    assert {span.context.trace_id for span in sent.values()} == {root.context.trace_id}
    assert root.status.status_code.name == "OK"
    assert {
        name: root.attributes[f"simweb.{name}"] for name in ("run.id", "simulation", "scenario", "seed", "attempt")
    } == {"run.id": run.pk, "simulation": "a-toy", "scenario": "toy", "seed": 7, "attempt": 1}
    assert (root.attributes["simweb.status"], root.attributes["simweb.trigger"]) == ("completed", "manual")
    assert root.resource.attributes["service.name"] == "simweb"


def test_tokens_and_cost_are_told_when_they_are_known(spans: Spans, make_run: MakeRun) -> None:
    holder = claimed(make_run())
    holder.add([turn(1, tokens=12, cost_usd=0.25)])
    holder.complete(played())
    attributes = spans.by_name()["run a-toy"].attributes
    assert (attributes["simweb.tokens"], attributes["simweb.cost_usd"]) == (12, 0.25)
    assert "simweb.retry_of" not in attributes


def test_a_failed_run_says_why_and_what_happened_on_the_way(spans: Spans, make_run: MakeRun) -> None:
    run = make_run()
    problem = {
        "severity": "critical",
        "description": "It burns.",
        "source": "stove",
        "root_cause": "",
        "suggested_fix": "",
        "decision": "",
    }
    holder = claimed(run)
    holder.add([turn(1, problems=[problem])])
    services.transition(run.pk, Status.STUCK)
    holder.fail("model", {"type": "RuntimeError", "message": "boom", "turn": 2, "traceback": ""})
    root = spans.by_name()["run a-toy"]
    assert root.status.status_code.name == "ERROR"
    assert root.status.description == "RuntimeError: boom"
    assert root.attributes["error.type"] == "RuntimeError"
    assert root.attributes["simweb.failure_kind"] == "model"
    names = [event.name for event in root.events]
    assert [name for name in names if name != "critical problem"] == ["queued", "running", "stuck", "failed"]
    [told] = [event for event in root.events if event.name == "critical problem"]
    assert told.attributes == {"simweb.description": "It burns.", "simweb.source": "stove", "simweb.turn": 1}
    stuck = Event.objects.get(run=run, kind="stuck")
    assert [event.timestamp for event in root.events if event.name == "stuck"] == list(ns(stuck.created_at))


def test_a_run_that_never_started_was_queued_and_nothing_else(spans: Spans, make_run: MakeRun) -> None:
    run = lead_to(make_run(), "cancelled")
    sent = spans.by_name()
    assert set(sent) == {"run a-toy", "queued"}
    assert span_of(sent["queued"]) == span_of(sent["run a-toy"]) == ns(run.created_at, run.finished_at)
    assert sent["run a-toy"].status.status_code.name == "UNSET"


def test_a_run_without_a_turn_was_claimed_until_its_end(spans: Spans, make_run: MakeRun) -> None:
    run = make_run()
    claimed(run)
    services.cancel(Run.objects.get(pk=run.pk), by=None)
    run.refresh_from_db()
    sent = spans.by_name()
    assert set(sent) == {"run a-toy", "queued", "claimed"}
    assert span_of(sent["claimed"]) == ns(run.started_at, run.finished_at)


def test_no_part_ends_before_it_begins_though_the_clocks_of_machines_differ(spans: Spans, make_run: MakeRun) -> None:
    run = make_run()
    Run.objects.filter(pk=run.pk).update(created_at=run.created_at + timedelta(minutes=1))
    lead_to(run, "completed")
    for span in spans.get_finished_spans():
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time


class Collector(BaseHTTPRequestHandler):
    """Takes traces, and keeps them."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, ExportTraceServiceRequest.FromString(body)))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def collector() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.taken = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def manage(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    own = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    env = {**own, "SIMWEB_DATA_DIR": str(folder), "SIMWEB_SCENARIOS": SETTING, **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=90, check=False)


def played_run(folder: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    """`manage.py run`, from an empty folder."""
    assert manage(folder, "manage.py", "migrate", "--verbosity=0").returncode == 0
    make = "import django; django.setup(); from runs.simulations import create_simulation as make; "
    make += "make(name='A toy', scenario='toy', slug='a-toy')"
    assert manage(folder, "-c", make, DJANGO_SETTINGS_MODULE="simweb.settings").returncode == 0
    return manage(folder, "manage.py", "run", "a-toy", SIMWEB_OTLP_ENDPOINT=endpoint)


def test_a_run_is_sent_over_http_before_its_process_ends(tmp_path: Path, collector: ThreadingHTTPServer) -> None:
    done = played_run(tmp_path, f"http://127.0.0.1:{collector.server_port}/")
    assert done.returncode == 0, done.stderr
    [(path, request)] = collector.taken  # type: ignore[attr-defined]
    assert path == "/v1/traces"
    [spans] = [scope.spans for resource in request.resource_spans for scope in resource.scope_spans]
    assert {span.name for span in spans} == {"run a-toy", "queued", "claimed", "played", "recorded"}
    assert len({span.trace_id for span in spans}) == 1


def test_an_endpoint_that_nobody_listens_at_harms_no_run_and_is_told_of_once(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and never listens
        done = played_run(tmp_path, f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert done.returncode == 0
    with sqlite3.connect(tmp_path / "simweb.sqlite3") as database:
        assert database.execute("SELECT status, turns_done FROM runs_run").fetchall() == [("completed", 5)]
    assert done.stderr.count("does not take traces") == 1
    assert "Traceback" not in done.stderr


def test_nothing_is_imported_where_no_endpoint_is_set(tmp_path: Path) -> None:
    code = "import sys, simweb.asgi; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    said = manage(tmp_path, "-c", code)
    assert (said.stdout.strip(), said.returncode) == ("[]", 0), said.stderr


def test_an_endpoint_without_the_packages_is_refused_by_the_name_of_the_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['opentelemetry'] = None; import simweb.asgi"
    said = manage(tmp_path, "-c", code, SIMWEB_OTLP_ENDPOINT="http://127.0.0.1:4318")
    last = said.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    assert "SIMWEB_OTLP_ENDPOINT" in last
    assert "`tracing`" in last
