"""Runs that end at the same moment are all counted, whichever of them makes the row, on either database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from performance.counters import MOST_ERROR_TYPES
from performance.models import ErrorTotals, ExecutionTotals
from runs import services
from runs.recording import Recording
from runs.states import FailureKind
from tests.conftest import Api, MakeRun
from tests.performance.scraping import scrape
from tests.runs.lives import ERROR, claimed, lead_to, played, turn
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def fail(player: Recording, error_type: str) -> None:
    player.fail(FailureKind.MODEL, {**ERROR, "type": error_type})


def test_the_first_ends_of_a_simulation_at_once_are_all_counted(make_run: MakeRun) -> None:
    for _ in range(3):
        players = [claimed(make_run()) for _ in range(4)]
        waiting = [make_run() for _ in range(2)]
        ends = [lambda player=player: player.complete(played()) for player in players[:2]]
        ends += [lambda player=player: fail(player, "Boom") for player in players[2:]]
        stops = [lambda run=run: services.cancel(run, by=None) and None for run in waiting]
        assert at_once(*ends, *stops) == [None] * 6
        totals = ExecutionTotals.objects.get()
        assert (totals.completed, totals.failed, totals.cancelled) == (2, 2, 2)
        assert ErrorTotals.objects.get().count == 2
        totals.delete()
        ErrorTotals.objects.all().delete()


def test_new_types_of_error_at_once_stay_within_the_limit(make_run: MakeRun) -> None:
    for number in range(MOST_ERROR_TYPES - 2):
        fail(claimed(make_run()), f"Early{number}")
    players = [claimed(make_run()) for _ in range(6)]
    at_the_same_time = [lambda player=player, n=n: fail(player, f"Late{n}") for n, player in enumerate(players)]
    assert at_once(*at_the_same_time) == [None] * 6
    counts = dict(ErrorTotals.objects.values_list("error_type", "count"))
    assert (len(counts), counts["other"]) == (MOST_ERROR_TYPES + 1, 4)
    assert sum(counts.values()) == MOST_ERROR_TYPES + 4


def test_turns_of_runs_that_end_during_a_scrape_are_counted_once(viewer_api: Api, make_run: MakeRun) -> None:
    """After every statement of the scrape another run ends: between no two of them may turns be lost, or come twice."""
    lead_to(make_run(), "completed")
    players = [claimed(make_run()) for _ in range(12)]
    for player in players:
        player.add([turn(1), turn(2), turn(3)])
    left = list(players)

    def end_one(execute: Any, sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        if sql.startswith("SELECT"):
            assert at_once(lambda: left.pop().complete(played())) == [None]  # over a connection of its own
        return answer

    with connection.execute_wrapper(end_one):
        told = scrape(viewer_api).value("simweb_turns_recorded_total")
    assert 1 < len(left) < 10
    assert told == scrape(viewer_api).value("simweb_turns_recorded_total") == 3 * 12 + 2
