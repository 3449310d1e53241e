"""Cancel against finish: one of them gets its way, the other is refused."""

from __future__ import annotations

from collections import Counter

import pytest

from runs import services
from runs.services import TransitionRefused
from tests.conftest import MakeRun
from tests.environment import FAULT_RUNS
from tests.runs.lives import claimed, played
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
RACES = max(200, FAULT_RUNS)


def test_of_cancel_and_finish_at_once_one_is_refused_and_the_run_ends_once(make_run: MakeRun) -> None:
    won: Counter[str] = Counter()
    for _ in range(RACES):
        run = make_run()
        player = claimed(run)
        finish, cancel = at_once(
            lambda player=player: player.complete(played()), lambda run=run: services.cancel(run, by=None)
        )
        run.refresh_from_db()
        ends = run.events.filter(kind__in=["completed", "failed", "cancelled"]).values_list("kind", flat=True)
        assert list(ends) == [run.status]
        assert isinstance(finish, TransitionRefused) is (run.status == "cancelled")
        assert isinstance(cancel, TransitionRefused) is (run.status == "completed")
        won[run.status] += 1
    print(f"\n{RACES} races: {dict(won)}")  # noqa: T201
