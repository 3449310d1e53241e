"""The API of runs and simulations: what it answers when all is well."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from metrics.services import save_selection
from runs.models import Run, Simulation
from runs.schemas import (
    EventOut,
    ProblemOut,
    RunOut,
    SimulationOut,
    TurnOut,
    event_json,
    problem_json,
    run_json,
    simulation_json,
    turn_json,
)
from runs.simulations import create_simulation
from runs.states import Status
from simweb.engine.play import MAX_SEED
from tests.conftest import Api, MakeRun
from tests.runs import lives
from tests.runs.lives import claimed, lead_to, turn

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.mark.parametrize("status", list(Status))
def test_what_is_built_for_a_run_is_what_the_document_says(make_run: MakeRun, operator: User, status: Status) -> None:
    run = lead_to(make_run(by=operator), status)
    built = run_json(run)
    assert set(built) == set(RunOut.model_fields)
    assert RunOut.model_validate(built, strict=True).model_dump() == built


def test_what_is_built_for_the_other_rows_is_what_the_document_says(run: Run) -> None:
    player = claimed(run)
    player.add([turn(1, problems=[{"severity": "minor", "description": "d", "source": ""}])])
    player.complete(lives.played())
    run = Run.objects.get(pk=run.pk)
    pairs: list[tuple[Any, dict[str, Any]]] = [
        (TurnOut, turn_json(run.turn_rows.get())),
        (EventOut, event_json(run.events.all()[0])),
        (ProblemOut, problem_json(run.problems.get())),
        (SimulationOut, simulation_json(run.simulation, run)),
    ]
    for schema, built in pairs:
        assert set(built) == set(schema.model_fields)
        assert schema.model_validate_json(json.dumps(built), strict=True).model_dump(mode="json") == built


def test_a_run_is_queued_and_found_where_the_answer_says(api: Api, simulation: Simulation, operator: User) -> None:
    body = {"params": {"agents": 3}, "turns": 4, "seed": 9, "metric_keys": ["turn.walk.place"], "priority": 2}
    answer = api.post("/simulations/a-toy/runs", body)
    assert answer.status_code == 202
    made = answer.json()
    waits = {"position": 1, "reason": "waiting for a free worker"}
    unplayed = {"environment": None, "narrative": "It waits to be played.", "notes": "", "description": ""}
    unplayed |= {"output_data": None}
    assert api.client.get(answer["Location"]).json() == {**made, "waiting": waits, **unplayed}
    wanted = {**body, "status": "queued", "trigger": "api", "created_by": operator.username, "simulation": "a-toy"}
    assert {name: made[name] for name in wanted} == {**wanted, "params": made["params"]}
    assert made["params"]["agents"] == 3
    assert made["version"] == 1


def test_the_largest_seed_survives(api: Api, simulation: Simulation) -> None:
    made = api.post("/simulations/a-toy/runs", {"seed": MAX_SEED}).json()
    assert made["seed"] == MAX_SEED == 9007199254740991


def test_a_run_measures_a_saved_selection(api: Api, simulation: Simulation, operator: User, admin: User) -> None:
    mine = save_selection(owner=operator, scenario="toy", name="Mine", metric_keys=["turn.walk.place"])
    made = api.post("/simulations/a-toy/runs", {"metric_selection": mine.pk}).json()
    assert (made["metric_keys"], made["metric_selection"]) == (["turn.walk.place"], mine.pk)
    theirs = save_selection(owner=admin, scenario="toy", name="Theirs", metric_keys=["turn.walk.place"])
    assert api.post("/simulations/a-toy/runs", {"metric_selection": theirs.pk}).status_code == 404


def test_moments_are_utc_to_the_millisecond_with_z(api: Api, run: Run) -> None:
    lead_to(run, "completed")
    told = api.get(f"/runs/{run.pk}").json()
    for name in ("created_at", "started_at", "finished_at"):
        assert ISO.fullmatch(told[name]), told[name]
    assert ISO.fullmatch(api.get(f"/runs/{run.pk}/events").json()["items"][0]["created_at"])
    assert ISO.fullmatch(api.get(f"/runs/{run.pk}/turns").json()["items"][0]["created_at"])


def all_pages(api: Api, path: str, between: Any = None, **query: Any) -> list[int]:
    """The ids on all pages, with something happening between two pages."""
    found, cursor = [], ""
    while cursor is not None:
        page = api.get(path, **query, **({"cursor": cursor} if cursor else {})).json()
        found += [run["id"] for run in page["items"]]
        cursor = page["next_cursor"]
        if between:
            between()
    return found


@pytest.mark.parametrize("path", ["/runs", "/simulations/a-toy/runs"])
def test_pages_stay_right_while_runs_are_added(api: Api, make_run: MakeRun, path: str) -> None:
    ids = [make_run().pk for _ in range(7)]
    assert all_pages(api, path, make_run, limit=3) == ids[::-1]


def test_runs_of_the_same_moment_are_on_one_page_each(api: Api, make_run: MakeRun) -> None:
    ids = [make_run().pk for _ in range(5)]
    Run.objects.update(created_at=timezone.now())
    assert all_pages(api, "/runs", limit=2) == ids[::-1]


@pytest.mark.parametrize("path", ["/runs", "/simulations/a-toy/runs"])
def test_lists_are_filtered(api: Api, make_run: MakeRun, path: str) -> None:
    failed, old, by_api = lead_to(make_run(), "failed"), make_run(), make_run(trigger="api")
    Run.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    assert all_pages(api, path, status="failed") == [failed.pk]
    assert all_pages(api, path, trigger="api") == [by_api.pk]
    assert all_pages(api, path, since="7d") == [by_api.pk, failed.pk]
    assert all_pages(api, path, since="30d") == [by_api.pk, failed.pk, old.pk]


def test_turns_come_in_pages_in_order(api: Api, make_run: MakeRun) -> None:
    run = make_run(turns=10)
    claimed(run).add([turn(number) for number in range(1, 8)])
    first = api.get(f"/runs/{run.pk}/turns", limit=5).json()
    assert [item["number"] for item in first["items"]] == [1, 2, 3, 4, 5]
    rest = api.get(f"/runs/{run.pk}/turns", limit=5, cursor=first["next_cursor"]).json()
    assert ([item["number"] for item in rest["items"]], rest["next_cursor"]) == ([6, 7], None)


def test_a_series_is_thinned_so_that_its_peak_survives(api: Api, make_run: MakeRun) -> None:
    run = make_run(turns=2000)
    claimed(run).add([turn(n, metrics={"turn.walk.place": 999 if n == 1234 else n % 5}) for n in range(1, 2001)])
    told = api.get(f"/runs/{run.pk}/series", metric="turn.walk.place", max_points=50).json()
    points = told["points"]
    assert (told["kind"], told["turns_done"]) == ("number", 2000)
    assert len(points) <= 50
    assert [1234, 999] in points
    assert (points[0][0], points[-1][0]) == (1, 2000)
    after = api.get(f"/runs/{run.pk}/series", metric="turn.walk.place", after=1990).json()["points"]
    assert [number for number, _ in after] == list(range(1991, 2001))


def test_a_series_of_a_mapping_has_points_by_name_and_gaps(api: Api, run: Run) -> None:
    values = [{"a": 1}, None, {"a": 3, "b": 4}]
    claimed(run).add([turn(n, metrics={"turn.walk.parts": value}) for n, value in enumerate(values, 1)])
    told = api.get(f"/runs/{run.pk}/series", metric="turn.walk.parts").json()
    assert told["kind"] == "mapping"
    assert told["series"] == {"a": [[1, 1], [2, None], [3, 3]], "b": [[1, None], [2, None], [3, 4]]}


def test_a_metric_that_was_not_measured_has_no_series(api: Api, run: Run) -> None:
    lead_to(run, "completed")
    assert api.get(f"/runs/{run.pk}/series", metric="turn.no.such").status_code == 404
    assert api.get(f"/runs/{run.pk}/series", metric="run.actions.total").status_code == 404


def test_a_run_is_cancelled_with_a_reason(api: Api, run: Run) -> None:
    answer = api.post(f"/runs/{run.pk}/cancel", {"reason": "enough"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    last = api.get(f"/runs/{run.pk}/events").json()["items"][-1]
    assert (last["kind"], last["actor"], last["detail"]) == ("cancelled", "operator", "enough")


def test_a_run_is_cancelled_without_a_body(api: Api, run: Run) -> None:
    assert api.post(f"/runs/{run.pk}/cancel").json()["status"] == "cancelled"


def test_a_failed_run_tells_its_error_and_can_be_retried(api: Api, run: Run) -> None:
    lead_to(run, "failed")
    told = api.get(f"/runs/{run.pk}").json()
    error = {"type": "RuntimeError", "message": "boom", "turn": 3, "traceback": "Traceback: boom"}
    assert (told["failure_kind"], told["error"]) == ("model", error)
    answer = api.post(f"/runs/{run.pk}/retry")
    made = answer.json()
    assert answer.status_code == 202
    assert (made["retry_of"], made["attempt"], made["seed"], made["trigger"]) == (run.pk, 2, told["seed"], "api")


def test_a_run_is_run_again(api: Api, run: Run) -> None:
    made = api.post(f"/runs/{run.pk}/again").json()
    assert made["params"] == run.params
    assert made["seed"] != run.seed


def test_a_deleted_run_is_gone_for_the_api(api: Api, run: Run) -> None:
    lead_to(run, "completed")
    assert api.delete(f"/runs/{run.pk}").status_code == 204
    assert api.get(f"/runs/{run.pk}").status_code == 404
    assert api.get("/runs").json()["items"] == []
    assert api.delete(f"/runs/{run.pk}").status_code == 404


def test_log_and_problems_of_a_run(api: Api, run: Run) -> None:
    player = claimed(run)
    told = [{"severity": "minor", "description": f"doubt {n}", "source": ""} for n in range(5)]
    player.add([turn(1, problems=told)])
    player.keep_log("hello")
    assert api.get(f"/runs/{run.pk}/log").json() == {"text": "hello"}
    first = api.get(f"/runs/{run.pk}/problems", limit=3).json()
    rest = api.get(f"/runs/{run.pk}/problems", limit=3, cursor=first["next_cursor"]).json()
    texts = [problem["description"] for problem in first["items"] + rest["items"]]
    assert texts == [f"doubt {n}" for n in range(5)]
    assert rest["next_cursor"] is None


def test_a_simulation_is_made_changed_archived_and_brought_back(api: Api) -> None:
    made = api.post("/simulations", {"name": " My  toy ", "scenario": "toy", "params": {"agents": 3}})
    assert made.status_code == 201
    told = made.json()
    assert (told["slug"], told["name"], told["turns"], told["last_run"]) == ("my-toy", "My toy", 5, None)
    assert (told["success_rate"], told["terminal_runs"]) == (None, 0)
    assert api.client.get(made["Location"]).json() == told
    changed = api.patch("/simulations/my-toy", {"turns": 9, "params": {"tempo": 1}}).json()
    assert (changed["turns"], changed["params"]["agents"], changed["params"]["tempo"]) == (9, 3, 1.0)
    assert api.delete("/simulations/my-toy").status_code == 204
    assert api.get("/simulations").json()["items"] == []
    assert [item["slug"] for item in api.get("/simulations", archived=True).json()["items"]] == ["my-toy"]
    assert api.patch("/simulations/my-toy", {"is_archived": False}).json()["is_archived"] is False


def test_a_slug_that_is_taken_is_a_conflict_and_a_reserved_one_is_refused(api: Api, simulation: Simulation) -> None:
    assert api.post("/simulations", {"name": "X", "scenario": "toy", "slug": "a-toy"}).status_code == 409
    for slug in ("run", "metrics", "Not A Slug", "a/b", "s" * 101):
        assert api.post("/simulations", {"name": "X", "scenario": "toy", "slug": slug}).status_code == 422


def test_names_that_make_the_same_slug_get_a_number(db: None) -> None:
    assert [create_simulation(name="Same!", scenario="toy").slug for _ in range(3)] == ["same", "same-2", "same-3"]


def test_a_simulation_tells_its_newest_run_and_success_rate(api: Api, make_run: MakeRun) -> None:
    lead_to(make_run(), "failed")
    newest = lead_to(make_run(), "completed")
    told = api.get("/simulations/a-toy").json()
    assert (told["success_rate"], told["terminal_runs"], told["last_run"]["id"]) == (50.0, 2, newest.pk)
    assert api.get("/simulations").json()["items"] == [told]


def test_health_is_open_and_says_just_that(db: None) -> None:
    for path in ("/health", "/api/health", "/api/v1/health"):
        answer = Api().client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_is_ok_when_all_parts_are(transactional_db: None, played: None) -> None:
    answer = Api().client.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_a_server_that_plays_nothing_is_not_ready(transactional_db: None) -> None:
    answer = Api().client.get("/ready")
    assert answer.status_code == 503
    assert "plays no runs" in answer.json()["executor"]
