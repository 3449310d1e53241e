"""News of a change goes out after the commit, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from runs import services
from runs.events import run_changed
from runs.models import Event, Run
from runs.specs import BadSpec
from runs.states import Status, Trigger
from tests.conftest import MakeRun
from tests.runs.lives import claimed, lead_to, played, turn

pytestmark = pytest.mark.django_db(transaction=True)
News = list[tuple[int, str]]


@pytest.fixture
def news() -> Iterator[News]:
    """What listeners hear, with the status that the table shows them at that moment."""
    heard: News = []

    def listen(*, run_id: int, kind: str, **more: Any) -> None:
        heard.append((run_id, kind))

    run_changed.connect(listen)
    yield heard
    run_changed.disconnect(listen)


def test_each_change_is_told_once_with_ids_only(make_run: MakeRun, news: News) -> None:
    run = make_run()
    player = claimed(run)
    player.add([turn(1), turn(2)])
    player.complete(played())
    services.delete(Run.objects.get(pk=run.pk), by=None)
    services.restore(run, by=None)
    assert news == [(run.pk, kind) for kind in ("queued", "state", "progress", "ended", "deleted", "restored")]


def test_what_is_rolled_back_is_never_told(make_run: MakeRun, news: News) -> None:
    run = make_run()
    news.clear()

    with transaction.atomic():
        services.cancel(run, by=None)
        services.run_again(run, by=None)
        transaction.set_rollback(True)
    assert news == []
    run.refresh_from_db()
    assert (run.status, run.version, Event.objects.count(), Run.objects.count()) == ("queued", 1, 1, 1)


def test_nothing_is_told_before_the_commit(make_run: MakeRun, news: News) -> None:
    run = make_run()
    news.clear()
    with transaction.atomic():
        services.cancel(run, by=None)
        assert news == []
    assert news == [(run.pk, "ended")]


def test_a_refused_change_is_not_told(make_run: MakeRun, news: News) -> None:
    run = lead_to(make_run(), Status.COMPLETED)
    news.clear()
    with pytest.raises(services.TransitionRefused):
        services.cancel(run, by=None)
    assert news == []


def test_a_listener_that_raises_harms_neither_the_change_nor_the_other_listeners(
    make_run: MakeRun, news: News, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**more: Any) -> None:
        raise RuntimeError("no ears")

    run = make_run()
    news.clear()
    run_changed.connect(broken)
    try:
        services.cancel(run, by=None)
    finally:
        run_changed.disconnect(broken)
    assert Run.objects.get(pk=run.pk).status == "cancelled"
    assert news == [(run.pk, "ended")]
    assert "no ears" in caplog.text


def test_a_refused_replicate_queues_none_of_them(make_run: MakeRun, news: News) -> None:
    run = make_run()
    news.clear()
    with pytest.raises(BadSpec):
        services.create_runs(run.simulation, trigger=Trigger.MANUAL, replicates=3, turns=0)
    assert (news, Run.objects.count()) == ([], 1)
