"""What the routers share: answers built without a second validation, and finding things or saying 404."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from itertools import chain
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query

from runs import csv_lines, insight, queries
from runs.models import Run, Simulation
from runs.pieces import in_pieces
from runs.schemas import run_json
from simweb.access.doors import Caller
from simweb.access.roles import Role

CSV_PIECE = 1 << 16  # characters
Bom = Annotated[bool, Query(description="1: a CSV begins with a byte-order mark, by which Excel knows UTF-8.")]


class NotFound(LookupError):
    """There is no such thing, or this caller may not know of it."""


def caller(request: HttpRequest, role: Role = Role.VIEWER) -> Caller:
    """Who is asking. Raises Forbidden when the role is less than `role`."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    found.need(role)
    return found


def answer(data: Any, status: int = 200, location: str = "") -> HttpResponse:
    """JSON as the builders of `runs.schemas` made it: they are tested against the schemas, so it is not checked again."""
    text = json.dumps(data, separators=(",", ":"))
    response = HttpResponse(text, status=status, content_type="application/json; charset=utf-8")
    if location:
        response["Location"] = location
    return response


def csv_file(lines: Iterable[str], name: str, *, bom: bool) -> StreamingHttpResponse:
    """A CSV to save under this name, sent as it is made. Its beginning is made first, so that an error is no half file."""
    made = in_pieces(lines, CSV_PIECE)
    first = next(made, "")
    parts = chain([csv_lines.BOM if bom else "", first], made)
    response = StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def detail_json(run: Run) -> dict[str, Any]:
    """The run as RunDetail describes it."""
    waiting = queries.waiting(run)
    return {
        **run_json(run),
        "waiting": asdict(waiting) if waiting else None,
        "narrative": insight.narrative(run),
        "environment": run.environment or None,
        "notes": run.notes,
        "description": run.description,
        "output_data": run.output_data,
    }


def find_run(request: HttpRequest, run_id: int) -> Run:
    """The run. Raises NotFound."""
    found = queries.visible_runs(caller(request)).defer("log").filter(pk=run_id).first() if run_id < 2**63 else None
    if found is None:
        raise NotFound(f"there is no run {run_id}")
    return found


def find_simulation(request: HttpRequest, slug: str) -> Simulation:
    """The simulation, archived ones too. Raises NotFound."""
    found = queries.visible_simulations(caller(request), archived=True).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"there is no simulation {slug!r}")
    return found
