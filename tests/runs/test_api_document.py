"""The API keeps what its OpenAPI document promises, whatever it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, Phase, settings

from runs.models import Simulation
from simweb.access.roles import Role
from simweb.api import api as ninja_api
from tests.conftest import MakeRun, api_of
from tests.runs.lives import lead_to

FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
schema = schemathesis.openapi.from_dict(ninja_api.get_openapi_schema(path_prefix="/api/v1/"))


@pytest.fixture
def known(make_run: MakeRun, operator: User) -> Client:
    """An operator's client on a server that has a run to ask for."""
    lead_to(make_run(), "completed")
    make_run()
    return api_of(operator, Role.OPERATOR).client


def test_the_document_says_what_each_route_is_sent() -> None:
    document = ninja_api.get_openapi_schema(path_prefix="/api/v1/")
    assert len(document["paths"]) > 15
    assert document["info"]["title"] == "simweb"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert (
                "requestBody" in operation
                or method in {"get", "delete"}
                or path.endswith(("/retry", "/again", "/verify"))
            )


@schema.parametrize()
@FEW
def test_nothing_that_is_sent_makes_the_server_fail(
    case: schemathesis.Case, known: Client, simulation: Simulation
) -> None:
    answer = send(known, case)
    assert answer.status_code < 500, (case.method, case.path, answer.content)
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json", (case.method, case.path, answer.status_code)


def send(client: Client, case: schemathesis.Case) -> Any:
    """The case as it would be sent, without a network. Nobody waits for a run here."""
    kwargs = case.as_transport_kwargs(base_url="http://testserver")
    url = kwargs["url"]
    query = {**(kwargs.get("params") or {}), **({"wait": 0} if case.path.endswith("/simulations/run") else {})}
    body = kwargs.get("json")
    content = b"" if body is None else json.dumps(body).encode()
    return client.generic(
        case.method,
        url.removeprefix("http://testserver"),
        content,
        content_type="application/json",
        query_params=query,
    )
