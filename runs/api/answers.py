"""What the routers share: answers built without a second validation, and finding things or saying 404."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse

from runs import insight, queries
from runs.models import Run, Simulation
from runs.schemas import run_json
from simweb.access.doors import Caller
from simweb.access.roles import Role


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
