"""The admin: everything can be looked at; what is done to runs is done by the same services; no row is counted."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as site
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runs import services
from runs.models import BulkItem, Run
from tests.conftest import MakeRun, signed_in
from tests.runs.lives import lead_to

pytestmark = pytest.mark.django_db
MODELS = [
    model
    for app in ("runs", "metrics", "performance")
    for model in apps.get_app_config(app).get_models()
    if model is not BulkItem
]


@pytest.fixture
def office(admin: User) -> Client:
    return signed_in(admin)


def act(office: Client, action: str, *runs: Run) -> str:
    data: dict[str, Any] = {"action": action, "_selected_action": [run.pk for run in runs]}
    return office.post(reverse("admin:runs_run_changelist"), data, follow=True).content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_listed(office: Client, make_run: MakeRun, model: Any) -> None:
    lead_to(make_run(), "failed")
    answer = office.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    assert answer.status_code == 200


def test_every_model_of_ours_is_in_the_admin() -> None:
    assert set(MODELS) <= set(site.site._registry)


def test_deleted_runs_are_listed_when_they_are_asked_for(office: Client, make_run: MakeRun) -> None:
    kept, deleted = lead_to(make_run(), "completed"), lead_to(make_run(), "failed")
    services.delete(deleted, by=None)
    address = reverse("admin:runs_run_changelist")
    for asked, shown, absent in (("", kept, deleted), ("?deleted=yes", deleted, kept)):
        page = office.get(f"{address}{asked}").content.decode()
        assert reverse("admin:runs_run_change", args=[shown.pk]) in page
        assert reverse("admin:runs_run_change", args=[absent.pk]) not in page
    assert office.get(reverse("admin:runs_run_change", args=[deleted.pk])).status_code == 200


def test_a_run_is_shown_with_its_events_and_nothing_to_edit(office: Client, make_run: MakeRun) -> None:
    run = lead_to(make_run(), "failed")
    page = office.get(reverse("admin:runs_run_change", args=[run.pk])).content.decode()
    assert "RuntimeError" in page
    assert "queued" in page
    assert 'name="_save"' not in page


def test_runs_are_stopped_and_retried_by_the_same_services(office: Client, admin: User, make_run: MakeRun) -> None:
    running, over = lead_to(make_run(), "running"), lead_to(make_run(), "completed")
    said = act(office, "stop", running, over)
    assert Run.objects.get(pk=running.pk).status == "cancelled"
    assert running.events.get(kind="cancelled").actor == admin
    assert "1 of 2 runs stopped." in said
    assert f"Run {over.pk} is completed, so it cannot be cancelled" in said
    act(office, "retry", running)
    assert Run.objects.filter(retry_of=running).exists()


def test_a_list_of_runs_asks_few_questions_and_counts_no_table(office: Client, make_run: MakeRun) -> None:
    for _ in range(30):
        make_run()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        office.get(reverse("admin:runs_run_changelist"))
    statements = [query["sql"] for query in asked.captured_queries]
    assert len(statements) <= 10
    counts = [sql for sql in statements if "COUNT(" in sql and "runs_run" in sql]
    assert not [sql for sql in counts if "LIMIT 10000" not in sql], "counted only as far as a person will page"
