"""Rules that the database itself keeps: each is broken on purpose, past all of the code."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from metrics.models import MetricSelection
from runs.models import Decision, Delivery, Event, Notifier, Problem, Run, Simulation, Turn
from simweb.access.models import IdempotentRequest, Token
from tests.conftest import MakeRun
from tests.runs.lives import lead_to

NOW = timezone.now()
RUN_RULES: list[tuple[str, str, dict[str, Any]]] = [
    ("run_status_known", "queued", {"status": "asleep"}),
    ("run_trigger_known", "queued", {"trigger": "magic"}),
    ("run_finished_at_iff_terminal", "queued", {"finished_at": NOW}),
    ("run_finished_at_iff_terminal", "running", {"finished_at": NOW}),
    ("run_finished_at_iff_terminal", "completed", {"finished_at": None}),
    ("run_finished_at_iff_terminal", "cancelled", {"finished_at": None}),
    ("queued_run_has_no_lease", "queued", {"lease": uuid4()}),
    ("run_failure_kind_iff_failed", "failed", {"failure_kind": ""}),
    ("run_failure_kind_iff_failed", "failed", {"failure_kind": "bad-luck"}),
    ("run_failure_kind_iff_failed", "completed", {"failure_kind": "model"}),
    ("run_turns_done_within_turns", "running", {"turns_done": 6}),
    ("run_has_turns", "queued", {"turns": 0}),
    ("run_seed_within_bounds", "queued", {"seed": -1}),
    ("run_seed_within_bounds", "queued", {"seed": 2**53}),
    ("run_cost_within_bounds", "completed", {"total_cost_usd": Decimal(-1)}),
    ("run_counts_within_bounds", "completed", {"total_tokens": 2**53}),
    ("run_counts_within_bounds", "completed", {"decision_tokens": 2**53}),
    ("run_counts_within_bounds", "completed", {"duration_ms": 2**53}),
    ("run_latency_within_bounds", "completed", {"decision_latency_ms": -1.0}),
    ("run_latency_within_bounds", "completed", {"decision_latency_ms": float("inf")}),
    ("run_settled_decisions_are_decisions", "completed", {"decisions_failed": 1}),
    ("run_severe_problems_are_problems", "completed", {"critical_count": 1}),
]
TESTED = {name for name, _, _ in RUN_RULES} | {
    "simulation_has_a_name",
    "simulation_has_turns",
    "one_row_per_turn",
    "turns_count_from_one",
    "turn_within_bounds",
    "one_row_per_decision",
    "decision_outcome_known",
    "decision_within_bounds",
    "one_run_per_import",
    "problem_severity_known",
    "notifier_channel_known",
    "one_delivery_per_notifier_and_run",
    "delivery_outcome_known",
    "token_role_known",
    "one_answer_per_person_and_key",
    "one_selection_per_owner_scenario_and_name",
    "selection_has_a_name",
}


def test_every_rule_of_the_database_is_tested_here() -> None:
    owners: list[type[models.Model]] = [
        Simulation,
        Run,
        Turn,
        Decision,
        Event,
        Problem,
        Notifier,
        Delivery,
        Token,
        IdempotentRequest,
        MetricSelection,
    ]
    rules = {rule.name for owner in owners for rule in owner._meta.constraints}
    assert rules == TESTED


@pytest.mark.parametrize(("rule", "status", "changes"), RUN_RULES)
def test_a_run_cannot_be_put_into_a_state_that_makes_no_sense(
    run: Run, rule: str, status: str, changes: dict[str, Any]
) -> None:
    other = lead_to(run, status)
    other.pk = None  # a row of its own: no trigger knows it yet, as it knows one that has ended
    for name, value in changes.items():
        setattr(other, name, value)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        other.save(force_insert=True)


@pytest.mark.parametrize(
    ("rule", "changes"), [("simulation_has_a_name", {"name": ""}), ("simulation_has_turns", {"turns": 0})]
)
def test_a_simulation_has_a_name_and_turns(simulation: Simulation, rule: str, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Simulation.objects.filter(pk=simulation.pk).update(**changes)


def test_two_simulations_cannot_share_a_slug(simulation: Simulation) -> None:
    with pytest.raises(IntegrityError, match="slug"), transaction.atomic():
        Simulation.objects.create(name="Other", slug=simulation.slug, scenario="toy", turns=1)


def test_a_turn_is_written_once_and_counted_from_one(run: Run) -> None:
    lead_to(run, "running")
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.create(run=run, number=1, created_at=NOW, duration_ms=1)
    with pytest.raises(IntegrityError, match="turns_count_from_one"), transaction.atomic():
        Turn.objects.create(run=run, number=0, created_at=NOW, duration_ms=1)


@pytest.mark.parametrize("wrong", [{"duration_ms": 1e16}, {"tokens": 2**53}, {"cost_usd": Decimal(-1)}])
def test_numbers_of_a_turn_are_within_bounds(run: Run, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="turn_within_bounds"), transaction.atomic():
        Turn.objects.create(**{"run": run, "number": 1, "created_at": NOW, "duration_ms": 1, **wrong})


def test_a_decision_is_written_once_with_a_known_outcome_and_numbers_within_bounds(run: Run) -> None:
    common: dict[str, Any] = {"run": run, "number": 1, "turn": 1, "created_at": NOW}
    Decision.objects.create(**common)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(**common)
    common["number"] = 2
    with pytest.raises(IntegrityError, match="decision_outcome_known"), transaction.atomic():
        Decision.objects.create(**common, outcome="unclear")
    for wrong in (
        {"tokens": 2**53},
        {"latency_ms": -1.0},
        {"started_ms": -1.0},
        {"cost_usd": Decimal(-1)},
        {"quality": 1.5},
    ):
        with pytest.raises(IntegrityError, match="decision_within_bounds"), transaction.atomic():
            Decision.objects.create(**common, **wrong)


def test_a_run_is_imported_once(make_run: MakeRun) -> None:
    one, other = make_run(), make_run()
    Run.objects.filter(pk=one.pk).update(import_digest="d" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=other.pk).update(import_digest="d" * 64)


def test_a_problem_has_a_known_severity(run: Run) -> None:
    with pytest.raises(IntegrityError, match="problem_severity_known"), transaction.atomic():
        Problem.objects.create(run=run, severity="terrible", description="x", created_at=NOW)


def test_a_notifier_has_a_known_channel(simulation: Simulation) -> None:
    with pytest.raises(IntegrityError, match="notifier_channel_known"), transaction.atomic():
        Notifier.objects.create(simulation=simulation, channel="pigeon", address="the roof")


def test_a_notifier_tells_once_of_a_run_and_the_outcome_is_known(run: Run) -> None:
    notifier = Notifier.objects.create(simulation=run.simulation, channel="email", address="her@example.org")
    common = {"notifier": notifier, "run": run, "created_at": NOW}
    with pytest.raises(IntegrityError, match="delivery_outcome_known"), transaction.atomic():
        Delivery.objects.create(**common, outcome="eaten")
    Delivery.objects.create(**common)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(**common)


def test_a_token_has_a_known_role_and_a_name_of_its_own(operator: User) -> None:
    Token.objects.create(name="ci", role="viewer", digest="1", owner=operator)
    with pytest.raises(IntegrityError, match="token_role_known"), transaction.atomic():
        Token.objects.create(name="other", role="emperor", digest="2", owner=operator)
    with pytest.raises(IntegrityError, match="name"), transaction.atomic():
        Token.objects.create(name="ci", role="viewer", digest="3", owner=operator)


def test_a_request_of_a_person_is_answered_under_one_key(operator: User, admin: User) -> None:
    common = {"key": "k", "digest": "d", "status": 202, "body": ""}
    IdempotentRequest.objects.create(person=operator, **common)
    IdempotentRequest.objects.create(person=admin, **common)
    with pytest.raises(IntegrityError), transaction.atomic():
        IdempotentRequest.objects.create(person=operator, **common)


def test_a_selection_has_a_name_that_its_owner_uses_once(operator: User, admin: User) -> None:
    MetricSelection.objects.create(owner=operator, scenario="toy", name="Mine")
    MetricSelection.objects.create(owner=admin, scenario="toy", name="Mine")
    MetricSelection.objects.create(owner=operator, scenario="wealth", name="Mine")
    with pytest.raises(IntegrityError), transaction.atomic():
        MetricSelection.objects.create(owner=operator, scenario="toy", name="Mine")
    with pytest.raises(IntegrityError, match="selection_has_a_name"), transaction.atomic():
        MetricSelection.objects.create(owner=operator, scenario="toy", name="")
