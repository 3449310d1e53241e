"""Every error of the API has one shape (RFC 9457) and says what to change."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from runs.models import Run, Simulation
from tests.conftest import Api
from tests.runs.lives import lead_to

BIG = 2**80


def is_problem(response: HttpResponse, status: int) -> dict[str, Any]:
    """The problem, of the one shape."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status
    assert body["title"]
    if status == 422:
        assert body["errors"]
        assert all(set(error) == {"loc", "msg"} for error in body["errors"])
    return body


def fields(response: HttpResponse) -> dict[str, str]:
    """What is wrong, by dotted field."""
    return {".".join(error["loc"]): error["msg"] for error in is_problem(response, 422)["errors"]}


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Bearer simweb_nonsense", "Basic YTpi", "Bearer"])
def test_a_stranger_is_told_how_to_sign_in(db: None, header: str | None) -> None:
    response = Client(headers={"authorization": header} if header else None).get("/api/v1/runs")
    assert "token" in is_problem(response, 401)["detail"]
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_viewer_is_told_which_role_is_missing(viewer_api: Api, simulation: Simulation) -> None:
    problem = is_problem(viewer_api.post("/simulations/a-toy/runs", {}), 403)
    assert problem["detail"] == "this needs the role operator; yours is viewer"
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "path",
    f"""/runs/4711 /runs/{BIG} /runs/4711/turns /simulations/none /simulations/none/runs /scenarios/none
    /metrics?scenario=none /metric-selections/4711 /metric-selections/{BIG} /simulations/runs/4711
    /simulations/runs/abc /no/such/address""".split(),
)
def test_what_is_not_there_is_a_404(api: Api, path: str) -> None:
    is_problem(api.get(path), 404)


@pytest.mark.parametrize("act", ["cancel", "retry"])
def test_an_act_that_comes_too_late_is_a_409_with_the_present_status(api: Api, run: Run, act: str) -> None:
    lead_to(run, "completed")
    problem = is_problem(api.post(f"/runs/{run.pk}/{act}", {}), 409)
    assert problem["run_status"] == "completed"
    assert f"run {run.pk} is completed" in problem["detail"]


def test_a_run_that_has_not_ended_cannot_be_deleted(api: Api, run: Run) -> None:
    assert is_problem(api.delete(f"/runs/{run.pk}"), 409)["run_status"] == "queued"


@pytest.mark.parametrize("body", ["{", "", "nonsense", "[1]", "null", '"text"', b"\xff\xfe", "[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(api: Api, simulation: Simulation, body: str | bytes) -> None:
    response = api.post("/simulations/a-toy/runs", body)
    is_problem(response, response.status_code)
    assert response.status_code in {400, 422}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"turns": "many"}, "turns"),
        ({"turns": 0}, "turns"),
        ({"turns": BIG}, "turns"),
        ({"turns": 1.5}, "turns"),
        ({"seed": -1}, "seed"),
        ({"seed": BIG}, "seed"),
        ({"priority": 1000}, "priority"),
        ({"params": []}, "params"),
        ({"params": {"agents": 0}}, "params.agents"),
        ({"params": {"agents": BIG}}, "params.agents"),
        ({"params": {"colour": "red"}}, "params.colour"),
        ({"metric_keys": "all"}, "metric_keys"),
        ({"metric_keys": [1]}, "metric_keys.0"),
        ({"metric_keys": ["turn.no.such"]}, "metric_keys"),
        ({"metric_selection": "mine"}, "metric_selection"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_field_is_named(api: Api, simulation: Simulation, body: dict[str, Any], field: str) -> None:
    assert list(fields(api.post("/simulations/a-toy/runs", body))) == [field]
    assert not Run.objects.exists()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_that_are_not_finite_are_refused(api: Api, simulation: Simulation, number: str) -> None:
    response = api.post("/simulations/a-toy/runs", f'{{"params": {{"tempo": {number}}}}}')
    assert response.status_code in {400, 422}
    is_problem(response, response.status_code)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_texts_that_no_database_can_keep_are_refused(api: Api, simulation: Simulation, text: str) -> None:
    is_problem(api.post("/simulations/a-toy/runs", {"params": {"note": text}}), 400)
    is_problem(api.post("/simulations", {"name": text, "scenario": "toy"}), 400)
    is_problem(api.post("/metric-selections", {"name": text, "scenario": "toy"}), 400)
    is_problem(api.post("/simulations/a-toy/runs", {"metric_keys": [text]}), 400)


@pytest.mark.parametrize(("path", "status"), [("%00", 400), ("%FF", 404), ("a%20b", 404), ("%F0%9F%90%A7", 404)])
def test_odd_texts_in_an_address_are_refused(api: Api, path: str, status: int) -> None:
    is_problem(api.get(f"/simulations/{path}"), status)
    if status == 400:
        is_problem(api.get(f"/metric-selections?scenario={path}"), 400)


# A moment without a zone, and a number that is too large.
@pytest.mark.parametrize("place", ["2026-01-01T00:00:00 1", f"2026-01-01T00:00:00+00:00 {2**80}"])
def test_a_cursor_that_was_made_up_finds_what_it_finds(api: Api, run: Run, place: str) -> None:
    cursor = base64.urlsafe_b64encode(place.encode()).decode()
    assert api.get("/runs", cursor=cursor).status_code in {200, 422}


def test_characters_of_every_plane_are_kept(api: Api, simulation: Simulation) -> None:
    text = "penguin 🐧, Ελληνικά, שלום"
    made = api.post("/simulations/a-toy/runs", {"params": {"note": text}}).json()
    assert api.get(f"/runs/{made['id']}").json()["params"]["note"] == text


def test_an_unknown_selection_is_a_404(api: Api, simulation: Simulation) -> None:
    for number in (4711, 2**62, BIG):
        response = api.post("/simulations/a-toy/runs", {"metric_selection": number})
        is_problem(response, response.status_code)
        assert response.status_code in {404, 422}


def test_an_unknown_scenario_is_named(api: Api) -> None:
    assert fields(api.post("/simulations", {"name": "X", "scenario": "atlantis"})) == {
        "scenario": "Unknown scenario 'atlantis'."
    }


def test_a_scenario_whose_code_is_broken_says_why(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMWEB_SCENARIOS", "broken=no.such.module:Thing")
    assert "No module named" in fields(api.post("/simulations", {"name": "X", "scenario": "broken"}))["scenario"]
    assert "No module named" in is_problem(api.get("/scenarios/broken"), 404)["detail"]
    assert "No module named" in api.get("/scenarios").json()["warnings"]["broken"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"status": "asleep"}, "status"),
        ({"trigger": "magic"}, "trigger"),
        ({"since": "2d"}, "since"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
    ],
)
@pytest.mark.parametrize("path", ["/runs", "/simulations/a-toy/runs"])
def test_a_wrong_filter_is_named(api: Api, run: Run, path: str, query: dict[str, Any], field: str) -> None:
    assert list(fields(api.get(path, **query))) == [field]


@pytest.mark.parametrize("query", [{"cursor": -1}, {"cursor": 2**40}, {"limit": 0}])
@pytest.mark.parametrize("path", ["turns", "problems"])
def test_a_wrong_place_in_a_list_is_refused(api: Api, run: Run, path: str, query: dict[str, Any]) -> None:
    assert list(fields(api.get(f"/runs/{run.pk}/{path}", **query))) == list(query)


@pytest.mark.parametrize("query", [{"max_points": 3}, {"max_points": 10**9}, {"after": -1}])
def test_a_series_within_bounds_only(api: Api, run: Run, query: dict[str, Any]) -> None:
    assert list(fields(api.get(f"/runs/{run.pk}/series", metric="turn.actions.total", **query))) == list(query)


def test_a_method_that_an_address_does_not_have_is_a_405(api: Api, run: Run) -> None:
    assert api.delete("/runs").status_code == 405
    assert api.post("/scenarios", {}).status_code == 405


def test_an_error_of_ours_is_a_problem_too_and_tells_no_secrets(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("runs.queries.filtered", broken)
    api.client.raise_request_exception = False
    response = api.get("/runs")
    is_problem(response, 500)
    assert "swordfish" not in json.dumps(response.json())
