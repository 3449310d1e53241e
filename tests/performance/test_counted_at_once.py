"""Runs that end at the same moment are all counted, whichever of them makes the row, on either database."""

from __future__ import annotations

import threading

import pytest

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


def test_turns_never_decrease_while_runs_end(viewer_api: Api, make_run: MakeRun) -> None:
    """Neither twice nor not at all: a run that ends during a scrape is on one side of it."""
    players = [claimed(make_run()) for _ in range(12)]
    for player in players:
        player.add([turn(1), turn(2), turn(3)])
    lead_to(make_run(), "completed")
    told: list[float] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set() or len(told) < 2:
            told.append(scrape(viewer_api).value("simweb_turns_recorded_total"))

    def end() -> None:
        for player in players:
            player.complete(played())
        ended.set()

    assert at_once(look, end) == [None] * 2
    assert set(told) == {3 * 12 + 2}
