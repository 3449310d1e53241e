"""What an executor is: every backend passes this. Runs are queued as a person queues them, and read from the table."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from runs import services
from runs.executors import Executor, get_executor
from runs.executors.celery import celery_app
from runs.models import Run
from runs.simulations import create_simulation
from runs.states import TERMINAL, Trigger
from simweb.engine import Outcome, Spec, play
from tests.postgres import ADDRESS
from tests.scenarios import SETTING
from tests.services.lab import QUICK, Redis, Worker, require_services
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def celery_worker(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A real worker on the test database, with a Redis between it and the tests."""
    if connection.vendor != "postgresql":
        pytest.skip("Celery is for PostgreSQL: `python -m tests` has it")
    require_services()
    folder = tmp_path_factory.mktemp("celery")
    redis = Redis(folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIMWEB_")}
    database = f"{ADDRESS.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    env = {**kept, **QUICK, "SIMWEB_SCENARIOS": SETTING, "DATABASE_URL": database, "REDIS_URL": redis.url}
    redis.start()
    celery_app().conf.broker_url = redis.url
    worker = Worker(env, folder / "worker")
    yield
    worker.stop(signal.SIGKILL)
    celery_app().pool.force_close_all()
    redis.kill()


@pytest.fixture(params=["immediate", "local", pytest.param("celery", marks=pytest.mark.services)])
def executor(request: pytest.FixtureRequest, idle_executor: None, settings: Any) -> Iterator[Executor]:
    """Each backend in turn, started as a server starts it."""
    if request.param == "celery":
        request.getfixturevalue("celery_worker")
    settings.EXECUTOR = request.param
    get_executor.cache_clear()
    backend = get_executor()
    backend.start()
    yield backend
    backend.stop()


def queue(scenario: str, turns: int = 5, **wanted: Any) -> Run:
    """A run of a new simulation of the scenario."""
    simulation = create_simulation(name=scenario, scenario=scenario, turns=turns)
    [run] = services.create_runs(simulation, trigger=Trigger.MANUAL, **wanted)
    return run


def ended(run: Run) -> Run:
    """The run when it has ended."""
    wait_until(lambda: Run.objects.filter(pk=run.pk, status__in=sorted(TERMINAL)).exists(), 60)
    return Run.objects.get(pk=run.pk)


def test_it_plays_each_turn_once_to_the_end(executor: Executor) -> None:
    run = ended(queue("toy", turns=30))
    assert (run.status, run.turns_done) == ("completed", 30)
    assert list(run.turn_rows.values_list("number", flat=True)) == list(range(1, 31))
    assert run.started_at is not None
    assert run.run_metrics == {"run.actions.total": 330, "run.actions.total_by_type": {"rest": 30, "step": 300}}
    assert list(run.events.values_list("kind", flat=True)) == ["queued", "running", "completed"]


def test_it_measures_what_the_engine_measures_every_time(executor: Executor) -> None:
    keys = ["turn.walk.place", "turn.walk.parts", "run.walk.farthest"]
    *turns, outcome = play(Spec("toy", {"agents": 3}, 11, 12, keys))
    assert isinstance(outcome, Outcome)
    for _ in range(2):
        run = ended(queue("toy", turns=12, params={"agents": 3}, seed=11, metric_keys=keys))
        assert (run.fingerprint, run.run_metrics) == (outcome.fingerprint, outcome.run_metrics)
        assert list(run.turn_rows.values_list("metrics", flat=True)) == [turn.metrics for turn in turns]


def test_another_seed_gives_another_fingerprint(executor: Executor) -> None:
    keys = ["turn.walk.place"]
    first, second = (ended(queue("toy", seed=seed, metric_keys=keys)).fingerprint for seed in (1, 2))
    assert first != second


def test_a_model_that_raises_fails_its_run_and_says_where(executor: Executor) -> None:
    run = ended(queue("crashing"))
    assert (run.status, run.failure_kind, run.error_type) == ("failed", "model", "RuntimeError")
    assert (run.error_message, run.error_turn, run.turns_done) == ("the bank is empty", 3, 2)
    assert "tests/scenarios.py" in run.error_traceback
    assert "the bank is empty" in run.error_traceback
    run.simulation.refresh_from_db()
    assert run.simulation.failed_runs == 1


def test_a_metric_that_raises_costs_a_problem_and_not_the_run(executor: Executor) -> None:
    run = ended(queue("bad-metric", turns=2, metric_keys=["turn.bad.raises", "turn.bad.nan", "turn.walk.ones"]))
    assert (run.status, run.problem_count) == ("completed", 4)
    problems = Counter(run.problems.values_list("source", "severity", "turn"))
    assert set(problems) == {(f"turn.bad.{name}", "warning", turn) for name in ("raises", "nan") for turn in (1, 2)}
    measured = {"turn.bad.raises": None, "turn.bad.nan": None, "turn.walk.ones": 1}
    assert list(run.turn_rows.values_list("metrics", flat=True)) == [measured, measured]


def test_a_metric_is_called_only_when_it_is_ticked_or_needed(executor: Executor, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    params = {"file": str(calls)}
    assert ended(queue("counted", turns=3, params=params, metric_keys=["turn.call.wanted"])).status == "completed"
    assert Counter(calls.read_text().split()) == {"turn.call.wanted": 3, "turn.call.needed": 3}


def test_tokens_and_cost_of_the_turns_add_up(executor: Executor) -> None:
    run = ended(queue("costly", turns=4))
    assert (run.total_tokens, run.problem_count) == (400, 4)
    assert float(run.total_cost_usd or 0) == 0.05


def test_a_run_whose_scenario_vanished_fails_and_says_so(executor: Executor) -> None:
    with transaction.atomic():  # changed before anybody hears of it
        run = queue("toy")
        Run.objects.filter(pk=run.pk).update(scenario="atlantis")
    failed = ended(run)
    assert (failed.status, failed.failure_kind, failed.error_type) == ("failed", "model", "UnknownScenario")


def test_a_run_that_was_cancelled_before_it_was_played_is_never_played(executor: Executor) -> None:
    with transaction.atomic():
        cancelled = queue("toy")
        services.cancel(cancelled, by=None)
    assert ended(queue("toy")).status == "completed"
    executor.run_queued(cancelled.pk)
    assert ended(queue("toy")).status == "completed"
    assert list(cancelled.events.values_list("kind", flat=True)) == ["queued", "cancelled"]


def test_it_says_that_it_is_ready(executor: Executor) -> None:
    assert executor.state == "ok"


def test_it_plays_any_number_of_runs(executor: Executor) -> None:
    simulation = create_simulation(name="Many", scenario="toy", turns=2)
    runs = services.create_runs(simulation, trigger=Trigger.MANUAL, replicates=6)
    assert [ended(run).status for run in runs] == ["completed"] * 6
    simulation.refresh_from_db()
    assert simulation.completed_runs == 6
