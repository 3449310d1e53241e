"""HTTP through the real ASGI application, as daphne calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from runs.models import Run, Simulation
from simweb.access.roles import Role
from tests.conftest import api_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
BASE = "http://127.0.0.1"


@pytest.fixture
def token(operator: User) -> str:
    return str(api_of(operator, Role.OPERATOR).client.defaults["HTTP_AUTHORIZATION"])


def client(token: str) -> httpx.AsyncClient:
    """A program that talks to the application without a network between them."""
    from simweb.asgi import application

    transport = httpx.ASGITransport(application)
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Authorization": token})


async def test_a_run_is_queued_through_the_whole_stack(simulation: Simulation, token: str) -> None:
    async with client(token) as http:
        made = await http.post("/api/v1/simulations/a-toy/runs", json={"turns": 2})
        assert made.status_code == 202
        told = await http.get(made.headers["location"])
        assert told.json().items() >= made.json().items()
        assert told.json()["waiting"] == {"position": 1, "reason": "waiting for a free worker"}


async def test_many_requests_at_once_are_all_answered(simulation: Simulation, token: str) -> None:
    async with client(token) as http:
        posts = [http.post("/api/v1/simulations/a-toy/runs", json={"turns": 2}) for _ in range(30)]
        answers = await asyncio.gather(*posts)
    assert {answer.status_code for answer in answers} == {202}
    assert await database_sync_to_async(Run.objects.count)() == 30


@pytest.mark.parametrize("told_size", [True, False])
async def test_a_body_of_ten_megabytes_is_refused(simulation: Simulation, token: str, told_size: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1024 * 1024

    body: Any = b"x" * 10 * 1024 * 1024 if told_size else chunks()
    async with client(token) as http:
        answer = await http.post("/api/v1/simulations/a-toy/runs", content=body)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 413
        assert (await http.get("/health")).json() == {"status": "ok"}


async def test_an_address_that_is_not_utf8_is_no_error_of_ours(token: str) -> None:
    async with client(token) as http:
        for path in ("/%ff%fe", "/api/v1/simulations/%ff", "/runs/%c3%28/"):
            assert (await http.get(path)).status_code in {302, 400, 404}


async def test_a_file_is_sent_in_pieces(token: str) -> None:
    async with client(token) as http:
        style = await http.get("/static/css/simweb.css")
        assert style.status_code == 200
        assert len(style.content) == int(style.headers["content-length"])


async def test_a_page_carries_its_safety(token: str) -> None:
    async with client(token) as http:
        page = await http.get("/sign-in/")
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe-eval" not in policy
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
