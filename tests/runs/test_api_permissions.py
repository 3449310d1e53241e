"""Who may do what: every route of the API against every role. A route that is not in the table fails here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments import services as experiments
from metrics.services import save_selection
from runs.models import Run, Simulation
from runs.notifiers import create_notifier
from runs.saved import save_view
from simweb.access.roles import Role
from simweb.api import api as ninja_api
from simweb.scenarios.optimization.subjects import templates
from tests.conftest import api_of, make_person, signed_in
from tests.runs.lives import lead_to

OPEN, SEES, DOES = None, Role.VIEWER, Role.OPERATOR
TABLE: dict[tuple[str, str], Role | None] = {
    ("GET", "/health"): OPEN,
    ("GET", "/scenarios"): SEES,
    ("GET", "/scenarios/{key}"): SEES,
    ("GET", "/metrics"): SEES,
    ("GET", "/metric-selections"): SEES,
    ("POST", "/metric-selections"): DOES,
    ("GET", "/metric-selections/{selection_id}"): SEES,
    ("PATCH", "/metric-selections/{selection_id}"): DOES,
    ("DELETE", "/metric-selections/{selection_id}"): DOES,
    ("GET", "/simulations"): SEES,
    ("POST", "/simulations"): DOES,
    ("GET", "/simulations/{slug}"): SEES,
    ("PATCH", "/simulations/{slug}"): DOES,
    ("DELETE", "/simulations/{slug}"): DOES,
    ("GET", "/simulations/{slug}/runs"): SEES,
    ("POST", "/simulations/{slug}/runs"): DOES,
    ("POST", "/simulations/run"): DOES,
    ("GET", "/simulations/runs/{run_id}"): SEES,
    ("GET", "/simulations/metrics"): SEES,
    ("GET", "/simulations/feed-algorithms"): SEES,
    ("GET", "/simulations/config/default"): SEES,
    ("GET", "/runs"): SEES,
    ("GET", "/runs/{int:run_id}"): SEES,
    ("DELETE", "/runs/{int:run_id}"): DOES,
    ("POST", "/runs/{int:run_id}/cancel"): DOES,
    ("POST", "/runs/{int:run_id}/retry"): DOES,
    ("POST", "/runs/{int:run_id}/again"): DOES,
    ("GET", "/runs/{int:run_id}/turns"): SEES,
    ("GET", "/runs/{int:run_id}/series"): SEES,
    ("GET", "/runs/{int:run_id}/events"): SEES,
    ("GET", "/runs/{int:run_id}/problems"): SEES,
    ("GET", "/runs/{int:run_id}/log"): SEES,
    ("GET", "/runs/export"): SEES,
    ("GET", "/compare"): SEES,
    ("GET", "/performance"): SEES,
    ("GET", "/performance/dashboard"): SEES,
    ("GET", "/performance/export"): SEES,
    ("GET", "/simulations/{slug}/performance"): SEES,
    ("GET", "/simulations/{slug}/performance/points"): SEES,
    ("GET", "/simulations/{slug}/performance/export"): SEES,
    ("GET", "/runs/{int:run_id}/export"): SEES,
    ("POST", "/runs/import"): DOES,
    ("GET", "/runs/{int:run_id}/decisions"): SEES,
    ("GET", "/runs/{int:run_id}/summary"): SEES,
    ("GET", "/runs/{int:run_id}/agents"): SEES,
    ("GET", "/runs/{int:run_id}/frames"): SEES,
    ("GET", "/runs/{int:run_id}/questions"): SEES,
    ("GET", "/runs/{int:run_id}/answers/{question}"): SEES,
    ("POST", "/runs/{int:run_id}/verify"): DOES,
    ("PATCH", "/runs/{int:run_id}"): DOES,
    ("GET", "/simulations/{slug}/patterns"): SEES,
    ("GET", "/runs/{int:run_id}/deliveries"): DOES,
    ("GET", "/simulations/{slug}/notifiers"): DOES,
    ("POST", "/simulations/{slug}/notifiers"): DOES,
    ("DELETE", "/simulations/{slug}/notifiers/{notifier_id}"): DOES,
    ("GET", "/runs/csv"): SEES,
    ("GET", "/notifiers"): DOES,
    ("POST", "/notifiers"): DOES,
    ("DELETE", "/notifiers/{notifier_id}"): DOES,
    ("GET", "/saved-views"): SEES,
    ("POST", "/saved-views"): DOES,
    ("GET", "/saved-views/{view_id}"): SEES,
    ("PATCH", "/saved-views/{view_id}"): DOES,
    ("DELETE", "/saved-views/{view_id}"): DOES,
    ("GET", "/experiments"): SEES,
    ("POST", "/experiments"): DOES,
    ("GET", "/experiments/{int:experiment_id}"): SEES,
    ("DELETE", "/experiments/{int:experiment_id}"): DOES,
    ("POST", "/experiments/{int:experiment_id}/cancel"): DOES,
    ("POST", "/experiments/{int:experiment_id}/retry-failed"): DOES,
    ("GET", "/experiments/{int:experiment_id}/iterations"): SEES,
    ("GET", "/experiments/{int:experiment_id}/proposals"): SEES,
}
QUERY = {
    "/runs/export": {"ids": "{run_id}"},
    "/compare": {"runs": "{run_id}"},
    "/metrics": {"scenario": "toy"},
    "/runs/{int:run_id}/series": {"metric": "turn.actions.total"},
}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/metric-selections"): {"name": "New", "scenario": "toy"},
    ("PATCH", "/metric-selections/{selection_id}"): {"name": "Other"},
    ("POST", "/simulations"): {"name": "New", "scenario": "toy"},
    ("PATCH", "/simulations/{slug}"): {"name": "Other"},
    ("POST", "/simulations/{slug}/runs"): {},
    ("POST", "/notifiers"): {"channel": "email", "address": "her@example.org"},
    ("POST", "/simulations/{slug}/notifiers"): {"channel": "email", "address": "her@example.org"},
    ("POST", "/simulations/run"): {"simulation": "a-toy"},
    ("POST", "/saved-views"): {"name": "Failed ones", "query": "status:failed"},
    ("PATCH", "/saved-views/{view_id}"): {"sort": "-duration"},
    ("PATCH", "/runs/{int:run_id}"): {"notes": "Look here."},
    ("POST", "/runs/import"): {"simweb_export": 1, "runs": []},
    ("POST", "/experiments"): {"yaml": templates()["castro-1"].text},
}


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path that the API answers."""
    for prefix, router in ninja_api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, f"{prefix.rstrip('/')}/{path.lstrip('/')}"


def test_every_route_is_in_the_table_and_nothing_else_is() -> None:
    assert set(routes()) == set(TABLE)


@pytest.fixture
def ended_run(run: Run) -> Run:
    return lead_to(run, "failed")


def ask(client: Client, method: str, path: str, run: Run, user: User) -> int:
    """The status of the answer to a request that is right in everything but, perhaps, who sends it."""
    selection = save_selection(owner=user, scenario="toy", name="Mine", metric_keys=["turn.walk.place"])
    notifier = create_notifier(run.simulation, channel="email", address="him@example.org", statuses=["failed"])
    if path == "/notifiers/{notifier_id}":
        notifier = create_notifier(None, channel="email", address="him@example.org", statuses=["failed"])
    view = save_view(owner=user, name="Mine")
    experiment = experiments.start({"experiment": templates()["castro-1"].text}, by=user)
    if path.endswith("/retry-failed"):
        experiments.cancel(experiment, by=user)
    if path.endswith("/cancel"):
        run = Run.objects.get(pk=Run.objects.filter(status="queued").values_list("pk")[0][0])
    if path.endswith("/verify"):
        run = Run.objects.filter(status="completed").first() or lead_to(
            Run.objects.filter(status="queued")[0], "completed"
        )
    names = {
        "{key}": "toy",
        "{question}": "walk",
        "{slug}": "a-toy",
        "{selection_id}": selection.pk,
        "{notifier_id}": notifier.pk,
        "{view_id}": view.pk,
        "{int:run_id}": run.pk,
        "{int:experiment_id}": experiment.pk,
        "{run_id}": run.pk,
    }
    address = f"/api/v1{path}"
    for name, value in names.items():
        address = address.replace(name, str(value))
    send = getattr(client, method.lower())
    if method in {"POST", "PATCH"}:
        return send(f"{address}?wait=0", BODIES.get((method, path)), content_type="application/json").status_code
    query = {name: text.format(run_id=run.pk) for name, text in QUERY.get(path, {}).items()}
    return send(address, query).status_code


@pytest.mark.parametrize(("method", "path"), sorted(TABLE), ids=lambda part: str(part))
def test_a_route_answers_those_whose_role_covers_it(
    ended_run: Run, make_run: Any, simulation: Simulation, method: str, path: str
) -> None:
    make_run()
    needed = TABLE[method, path]
    stranger = make_person(Role.ADMIN, "owner of no token")
    assert (ask(Client(), method, path, ended_run, stranger) == 401) is (needed is not OPEN)
    for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN):
        user = make_person(role)
        status = ask(api_of(user, role).client, method, path, ended_run, user)
        if needed is OPEN or role.covers(needed):
            assert status in {200, 201, 202, 204}, (role, status)
            if method != "GET":
                break  # done once: the next role would find it changed
        else:
            assert status == 403, (role, status)


def test_a_token_never_has_more_than_its_owner(simulation: Simulation) -> None:
    viewer = make_person(Role.VIEWER)
    assert api_of(viewer, Role.ADMIN).post("/simulations/a-toy/runs", {}).status_code == 403


def test_a_token_may_have_less_than_its_owner(simulation: Simulation, admin: User) -> None:
    assert api_of(admin, Role.VIEWER).post("/simulations/a-toy/runs", {}).status_code == 403
    assert api_of(admin, Role.VIEWER).get("/runs").status_code == 200


def test_a_session_must_carry_the_csrf_token_to_change_something(simulation: Simulation, operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    address = "/api/v1/simulations/a-toy/runs"
    refused = client.post(address, {}, content_type="application/json")
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert not Run.objects.exists()
    client.get("/")
    token = client.cookies["csrftoken"].value
    accepted = client.post(address, {}, content_type="application/json", headers={"X-CSRFToken": token})
    assert accepted.status_code == 202


def test_a_session_reads_the_api_without_more(simulation: Simulation, viewer: User) -> None:
    assert signed_in(viewer).get("/api/v1/runs").status_code == 200


def test_a_bearer_token_needs_no_csrf(simulation: Simulation, operator: User) -> None:
    api = api_of(operator, Role.OPERATOR)
    api.client.handler.enforce_csrf_checks = True
    assert api.post("/simulations/a-toy/runs", {}).status_code == 202
