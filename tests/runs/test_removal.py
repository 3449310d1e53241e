"""Tables that grow by themselves: what is of no use any more goes within the hour, and nothing else."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.utils import timezone

from runs import removal, retention, services
from runs.models import BulkAct, Delivery, Event, Run, ServerProcess
from runs.notifiers import create_notifier
from runs.upkeep import Upkeep
from simweb.access.models import IdempotentRequest, SignInLink
from simweb.access.services import create_sign_in_link
from tests.conftest import Api, MakeRun, signed_in
from tests.runs.lives import lead_to

pytestmark = pytest.mark.django_db
GOES_WITH_ITS_RUN = {"Turn", "Event", "Problem", "Decision", "Frame", "JournalEntry", "SeriesBlock"}


def age(model: Any, field: str, days: float) -> None:
    """As if every row were so much older."""
    for row in model.objects.all():
        model.objects.filter(pk=row.pk).update(**{field: getattr(row, field) - timedelta(days=days)})


@pytest.mark.parametrize(
    ("model", "field", "days"),
    [
        (IdempotentRequest, "created_at", 1),
        (Session, "expire_date", 14),
        (SignInLink, "expires_at", 0.5),
        (AccessAttempt, "attempt_time", 15 / 24 / 60),
        (Delivery, "created_at", 30),
        (BulkAct, "finished_at", 30),
        (LogEntry, "action_time", 365),
        (ServerProcess, "seen_at", 1 / 24),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_row_goes_when_its_time_is_over(
    api: Api, admin: User, make_run: MakeRun, model: Any, field: str, days: float
) -> None:
    run = make_run()
    create_notifier(run.simulation, channel="email", address="ada@example.com", statuses=["failed"])
    lead_to(run, "failed")
    Delivery.objects.update(outcome="sent")
    api.post("/simulations/a-toy/runs", {}, Idempotency_Key="k")
    signed_in(admin)
    create_sign_in_link(admin)
    AccessAttempt.objects.create(username="guessed", failures_since_start=3)
    BulkAct.objects.create(act="delete", place=0, finished_at=timezone.now())
    LogEntry.objects.create(user=admin, content_type=ContentType.objects.first(), action_flag=1)
    ServerProcess.objects.create(name="gone", kind="web", seen_at=timezone.now())
    age(model, field, days * 0.9)
    assert removal.remove_the_useless() == (0, False)
    age(model, field, days * 0.2)
    assert removal.remove_the_useless() == (1, False)
    assert not model.objects.exists()


def test_many_go_a_few_batches_a_round_so_that_other_duties_come_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "BATCH", 2)
    monkeypatch.setattr(removal, "BATCHES", 2)
    over = timezone.now() - timedelta(days=1)
    Session.objects.bulk_create([Session(session_key=str(number), expire_date=over) for number in range(7)])
    server, now, left = Upkeep(), time.time(), []
    for second in range(3):
        for duty in server.duties(now + second):
            duty()
        left.append(Session.objects.count())
    assert left == [3, 0, 0]
    assert server.clear not in server.duties(now + 3)


def test_what_is_still_to_be_sent_stays_however_old_it_is(make_run: MakeRun) -> None:
    run = make_run()
    create_notifier(run.simulation, channel="email", address="ada@example.com", statuses=["failed"])
    lead_to(run, "failed")
    age(Delivery, "created_at", 90)
    assert removal.remove_the_useless() == (0, False)


def test_what_a_run_leaves_goes_with_it(make_run: MakeRun) -> None:
    run = lead_to(make_run(), "completed")
    services.delete(run, by=None)
    Run.objects.update(deleted_at=timezone.now() - timedelta(days=8))
    assert Event.objects.exists()
    assert sum(retention.prune(timezone.now(), 0)) == 1
    for name in GOES_WITH_ITS_RUN:
        assert not apps.get_model("runs", name).objects.exists(), name


def test_an_answer_of_yesterday_is_not_repeated_even_before_it_is_removed(api: Api, make_run: MakeRun) -> None:
    make_run()
    first = api.post("/simulations/a-toy/runs", {}, Idempotency_Key="k").json()
    age(IdempotentRequest, "created_at", 1.1)
    second = api.post("/simulations/a-toy/runs", {"turns": 2}, Idempotency_Key="k")
    assert second.status_code == 202
    assert second.json()["id"] != first["id"]
