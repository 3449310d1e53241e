"""How a request to the API proves who asks: a token beside its owner, a session with its CSRF token."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from runs.models import Run, Simulation
from simweb.access.roles import Role
from tests.conftest import api_of, make_person, signed_in


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
