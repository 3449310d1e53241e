"""Idempotency-Key: a request that is sent twice creates once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from runs.models import Run, Simulation
from simweb.access.roles import Role
from tests.conftest import Api, MakeRun, api_of
from tests.runs.lives import lead_to
from tests.runs.test_api_errors import fields, is_problem
from tests.threads import at_once


def test_the_same_request_with_the_same_key_gets_the_first_answer(api: Api, simulation: Simulation) -> None:
    first, second = (api.post("/simulations/a-toy/runs", {"turns": 2}, Idempotency_Key="k1") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first["Location"] == second["Location"] == f"/api/v1/runs/{first.json()['id']}"
    assert second["Idempotency-Replayed"] == "true"
    assert Run.objects.count() == 1


def test_the_same_key_for_another_request_is_refused(api: Api, simulation: Simulation) -> None:
    api.post("/simulations/a-toy/runs", {"turns": 2}, Idempotency_Key="k1")
    assert "Idempotency-Key" in fields(api.post("/simulations/a-toy/runs", {"turns": 3}, Idempotency_Key="k1"))
    other = {"name": "a", "scenario": "toy"}
    assert "Idempotency-Key" in fields(api.post("/metric-selections", other, Idempotency_Key="k1"))
    assert Run.objects.count() == 1


def test_without_a_key_each_request_creates(api: Api, simulation: Simulation) -> None:
    for _ in range(2):
        api.post("/simulations/a-toy/runs", {})
    assert Run.objects.count() == 2


def test_keys_of_two_people_have_nothing_to_do_with_each_other(api: Api, simulation: Simulation, admin: User) -> None:
    other = api_of(admin, Role.ADMIN)
    ids = {one.post("/simulations/a-toy/runs", {}, Idempotency_Key="k").json()["id"] for one in (api, other)}
    assert len(ids) == 2


def test_a_refused_request_may_be_sent_again_corrected(api: Api, simulation: Simulation) -> None:
    is_problem(api.post("/simulations/a-toy/runs", {"turns": 0}, Idempotency_Key="k"), 422)
    assert api.post("/simulations/a-toy/runs", {"turns": 1}, Idempotency_Key="k").status_code == 202


@pytest.mark.parametrize("length", [201, 5000])
def test_a_key_that_is_too_long_is_refused(api: Api, simulation: Simulation, length: int) -> None:
    assert "Idempotency-Key" in fields(api.post("/simulations/a-toy/runs", {}, Idempotency_Key="k" * length))


@pytest.mark.parametrize("act", ["retry", "again"])
def test_a_retry_that_is_sent_twice_is_one_retry(api: Api, make_run: MakeRun, act: str) -> None:
    run = lead_to(make_run(), "failed")
    ids = {api.post(f"/runs/{run.pk}/{act}", None, Idempotency_Key="k").json()["id"] for _ in range(2)}
    assert len(ids) == 1
    assert Run.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once_creates_one_run(api: Api, simulation: Simulation) -> None:
    for number in range(5):
        key = f"key-{number}"
        answers = at_once(*[lambda key=key: api.post("/simulations/a-toy/runs", {}, Idempotency_Key=key)] * 2)
        assert [answer.status_code for answer in answers] == [202, 202]
        assert len({answer.json()["id"] for answer in answers}) == 1
    assert Run.objects.count() == 5
