"""Queries that must stay quick with a million runs: each is answered from the index that was made for it, unsorted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from runs import queries, retention
from runs.models import Run, Simulation, Turn
from runs.paging import page_of
from runs.queries import filtered, visible_runs
from runs.states import Status
from simweb.access.doors import Caller
from simweb.access.roles import Role
from tests.conftest import MakeRun
from tests.runs.lives import lead_to

CALLER = Caller(None, Role.VIEWER)  # type: ignore[arg-type]
Executed = list[tuple[str, Any]]


@pytest.fixture
def many(simulation: Simulation, make_run: MakeRun) -> Simulation:
    """A history long enough for a planner to care about."""
    template = make_run()
    now = timezone.now()
    names = [field.attname for field in Run._meta.concrete_fields if not field.primary_key]
    common = {name: getattr(template, name) for name in names}
    common |= {"finished_at": now, "status": "completed"}
    rest = Simulation.objects.bulk_create(
        Simulation(name=f"S{number}", slug=f"s{number}", scenario="toy", turns=5) for number in range(20)
    )
    for number in range(600):
        fate = {"status": "failed", "failure_kind": "model"} if number % 20 == 0 else {}
        owner = rest[number % 20].pk if number % 2 else simulation.pk
        Run.objects.create(**{**common, **fate, "simulation_id": owner, "created_at": now - timedelta(minutes=number)})
    running = lead_to(make_run(turns=900), "running")
    Turn.objects.bulk_create(Turn(run=running, number=n, created_at=now, duration_ms=1) for n in range(3, 400))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return simulation


def executed(action: Callable[[], Any]) -> Executed:
    """The statements of an action, with their parameters as they are bound."""
    found: Executed = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        action()
    return found


def plan_of(sql: str, params: Any) -> str:
    """How the database answers the statement; PostgreSQL is kept from reading small tables whole."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        word = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{word} {sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def found_by(index: str, action: Callable[[], Any]) -> str:
    """The plan that uses the index. PostgreSQL may choose a better one for few rows, so long as it is an index."""
    plans = [plan_of(sql, params) for sql, params in executed(action) if sql.startswith("SELECT")]
    if connection.vendor == "postgresql":
        about = [
            plan for plan in plans if re.search(r"Index (Only )?Scan using \w+ on runs_(run|turn|event|problem)", plan)
        ]
        assert about, plans
        assert not any(re.search("Seq Scan on runs_(run|turn|event|problem)", plan) for plan in plans), plans
        return about[-1]
    name = {"one_row_per_turn": "autoindex_runs_turn"}.get(index, index)
    assert any(name in plan for plan in plans), plans
    return next(plan for plan in reversed(plans) if name in plan)


def cursor_of(limit: int) -> str:
    following = page_of(visible_runs(CALLER), None, limit)[1]
    assert following is not None
    return following


def first_running() -> Run:
    return queries.playing_runs().get()


def admins_list() -> Any:
    """The list of runs as the admin opens it."""
    request = RequestFactory().get("/admin/runs/run/")
    request.user = User.objects.create_superuser("root")
    return list(site.get_model_admin(Run).get_changelist_instance(request).result_list)


QUERIES: list[tuple[str, Callable[[Simulation], Any]]] = [
    ("run_history", lambda simulation: list(queries.history(simulation))),
    ("run_history", lambda simulation: queries.history_rows(simulation)),
    ("run_history", lambda simulation: page_of(visible_runs(CALLER).filter(simulation=simulation), None, 20)),
    ("run_newest", lambda simulation: page_of(visible_runs(CALLER), None, 20)),
    ("run_newest", lambda simulation: page_of(visible_runs(CALLER), cursor_of(50), 20)),
    ("run_newest", lambda simulation: admins_list()),
    ("run_by_status", lambda simulation: page_of(filtered(visible_runs(CALLER), status=Status.FAILED), None, 20)),
    ("run_queue", lambda simulation: queries.next_queued()),
    ("run_queue", lambda simulation: queries.next_queued({1, 2})),
    ("one_row_per_turn", lambda simulation: queries.turns_after(first_running(), 100, 20)),
    ("one_row_per_turn", lambda simulation: queries.turns_before(first_running(), None, 20)),
    ("events_of_run", lambda simulation: list(first_running().events.all())),
    ("problems_of_run", lambda simulation: list(first_running().problems.all()[:200])),
]


FEW: list[tuple[str, Callable[[Simulation], Any]]] = [
    ("run_history", lambda simulation: queries.dashboard(Simulation.objects.all())),
    ("run_by_status", lambda simulation: queries.silent(20)),
    ("run_by_status", lambda simulation: queries.played_by("a server")),
    ("run_by_status", lambda simulation: queries.full_simulations()),
    ("run_by_status", lambda simulation: queries.counts(timezone.now())),
    ("run_gone", lambda simulation: list(retention.prune(timezone.now(), 0))),
    ("run_newest", lambda simulation: list(retention.prune(timezone.now(), 90))),
    ("run_changed", lambda simulation: queries.changed_since(timezone.now())),
]


@pytest.mark.parametrize(("index", "action"), FEW, ids=[f"{name}-{n}" for n, (name, _) in enumerate(FEW)])
def test_a_query_about_few_rows_finds_them_by_an_index(
    many: Simulation, index: str, action: Callable[[Simulation], Any]
) -> None:
    assert found_by(index, lambda: action(many))


@pytest.mark.parametrize(("index", "action"), QUERIES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(QUERIES)])
def test_a_query_is_answered_from_its_index_without_sorting(
    many: Simulation, index: str, action: Callable[[Simulation], Any]
) -> None:
    plan = found_by(index, lambda: action(many))
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("page", ["/", "/runs/"])
def test_a_list_page_asks_the_database_as_often_for_thirty_rows_as_for_one(
    browser: Any, make_run: MakeRun, simulation: Simulation, page: str
) -> None:
    lead_to(make_run(), "completed")
    browser.get(page)
    few = len(executed(lambda: browser.get(page)))
    for number in range(30):
        one = Simulation.objects.create(name=f"S{number}", slug=f"s{number}", scenario="toy", turns=5)
        lead_to(make_run(one), "completed")
    assert len(executed(lambda: browser.get(page))) == few


@pytest.mark.parametrize("path", ["/runs", "/simulations", "/simulations/a-toy/runs", "/simulations/a-toy"])
def test_a_list_of_the_api_asks_the_database_as_often_for_thirty_rows_as_for_one(
    api: Any, make_run: MakeRun, path: str
) -> None:
    lead_to(make_run(), "completed")
    few = len(executed(lambda: api.get(path)))
    for _ in range(30):
        lead_to(make_run(), "completed")
    assert len(executed(lambda: api.get(path))) == few
