"""What has ended is kept from change by the database itself, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from runs import services
from runs.immutable import RESULTS
from runs.models import Run, Turn
from tests.conftest import MakeRun
from tests.runs.lives import lead_to

pytestmark = pytest.mark.django_db
OTHER: dict[str, Any] = {
    "status": "running",
    "trigger": "verify",
    "attempt": 9,
    "scenario": "other",
    "scenario_version": "99",
    "params": {"other": 1},
    "seed": 99,
    "turns": 77,
    "metric_keys": ["x"],
    "duration_ms": 1,
    "turns_done": 1,
    "run_metrics": {"x": 1},
    "fingerprint": "0" * 64,
    "total_tokens": 1,
    "total_cost_usd": "1.5",
    "narrative": "other",
    "environment": {"python": "2"},
    "verifies_id": 7,
    "problem_count": 5,
    "critical_count": 5,
    "warning_count": 5,
    "decision_count": 5,
    "decisions_successful": 5,
    "decisions_failed": 5,
    "decisions_dropped": 5,
    "decision_tokens": 5,
    "decision_latency_ms": 5.0,
    "deciding_agents": 5,
    "nodes_executed": ["other"],
    "edges_traversed": ["other"],
    "node_count": 5,
    "edge_count": 5,
    "output_data": {"other": 1},
    "failure_kind": "budget",
    "error_type": "Other",
    "error_message": "other",
    "error_turn": 1,
    "error_traceback": "other",
}


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
@pytest.mark.parametrize("column", [column for column in RESULTS if column != "simulation_id"])
def test_no_result_of_an_ended_run_can_be_changed(run: Run, status: str, column: str) -> None:
    lead_to(run, status)
    value = OTHER.get(column, timezone.now())
    with pytest.raises(DatabaseError, match="a run that has ended cannot be changed"), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(**{column: value})


def test_tags_deletion_and_restoring_are_no_results(run: Run) -> None:
    lead_to(run, "completed")
    Run.objects.filter(pk=run.pk).update(tags=["good"])
    services.delete(Run.objects.get(pk=run.pk), by=None)
    services.restore(Run.objects.get(pk=run.pk), by=None)
    assert Run.objects.get(pk=run.pk).tags == ["good"]


def test_a_turn_is_written_once(run: Run) -> None:
    lead_to(run, "running")
    with pytest.raises(DatabaseError, match="a turn is written once"), transaction.atomic():
        Turn.objects.filter(run=run).update(metrics={})


def test_a_simulation_may_go_with_all_its_runs(make_run: MakeRun) -> None:
    run = lead_to(make_run(), "completed")
    again = services.run_again(run, by=None)
    run.simulation.delete()
    assert not Run.objects.filter(pk__in=[run.pk, again.pk]).exists()
