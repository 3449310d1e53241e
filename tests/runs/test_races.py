"""Two hands on one run: exactly one of them gets its way."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import User

from runs import bulk, marks, recording, services
from runs.models import Run
from runs.recording import Recording, bury
from runs.services import TransitionRefused
from tests.conftest import MakeRun
from tests.runs.lives import claimed, lead_to, played
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_eight_threads_that_claim_a_run_one_gets_it(make_run: MakeRun) -> None:
    for _ in range(3):
        run = make_run()
        results = at_once(*[lambda pk=run.pk: recording.claim(pk)] * 8)
        winners = [result for result in results if isinstance(result, Recording)]
        assert len(winners) == 1
        assert [result for result in results if result is None] == [None] * 7
        run.refresh_from_db()
        assert (run.status, run.lease) == ("running", winners[0].lease)
        assert run.events.filter(kind="running").count() == 1


def test_a_run_that_is_finished_and_cancelled_at_once_ends_once(make_run: MakeRun) -> None:
    for _ in range(10):
        run = make_run()
        player = claimed(run)
        results = at_once(
            lambda player=player: player.complete(played()),
            lambda run=run: services.cancel(run, by=None),
            lambda run=run: bury(run.pk, "the server ended"),
        )
        run.refresh_from_db()
        ends = run.events.filter(kind__in=["completed", "cancelled", "failed"]).values_list("kind", flat=True)
        assert list(ends) == [run.status]
        assert sum(isinstance(result, TransitionRefused) or result is False for result in results) == 2
    simulation = run.simulation
    simulation.refresh_from_db()
    assert simulation.completed_runs == simulation.runs.filter(status="completed").count()
    assert simulation.failed_runs == simulation.runs.filter(status="failed").count()


def test_counts_stay_exact_when_runs_end_and_are_deleted_at_once(make_run: MakeRun) -> None:
    players = [claimed(make_run()) for _ in range(4)]
    ended = [lead_to(make_run(), "completed") for _ in range(2)]
    finish = [lambda player=player: player.complete(played()) for player in players]
    delete = [lambda run=run: services.delete(run, by=None) for run in ended for _ in range(2)]
    assert at_once(*finish, *delete) == [None] * 8
    assert Run.objects.filter(status="completed", deleted_at=None).count() == 4
    simulation = ended[0].simulation
    simulation.refresh_from_db()
    assert simulation.completed_runs == 4


def test_two_people_who_tag_the_same_runs_at_once_lose_no_tag(make_run: MakeRun, operator: User, admin: User) -> None:
    runs = [make_run() for _ in range(12)]
    both = [bulk.begin("tag", by=by, tag=by.username, ids=[run.pk for run in runs]) for by in (operator, admin)]
    assert at_once(*[lambda act=act: bulk.play(act, time.monotonic() + 60) for act in both]) == [None] * 2
    assert {tuple(tags) for tags in Run.objects.values_list("tags", flat=True)} == {("admin", "operator")}
    assert {run.events.filter(kind="marked").count() for run in runs} == {2}


def test_a_tag_that_is_added_to_tags_read_long_ago_takes_none_away(make_run: MakeRun, operator: User) -> None:
    run = make_run()
    mine, yours = (Run.objects.get(pk=run.pk) for _ in range(2))
    marks.add_tag(mine, "mine", by=operator)
    marks.add_tag(yours, "yours", by=operator)
    marks.add_tag(yours, "mine", by=operator)
    run.refresh_from_db()
    assert run.tags == ["mine", "yours"]
    assert run.events.filter(kind="marked").count() == 2, "a tag that is there already is no news"
