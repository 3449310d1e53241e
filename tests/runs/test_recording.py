"""What a player records of a run: turns, tokens, cost, problems, the line on the dashboard."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from runs.models import Run
from runs.states import FailureKind
from tests.conftest import MakeRun
from tests.runs.lives import ERROR, claimed, lead_to, played, turn


def problem(text: str) -> dict[str, Any]:
    return {"severity": "warning", "description": text, "source": "turn.walk.place"}


def test_turns_are_recorded_as_they_were_told(run: Run) -> None:
    player = claimed(run)
    assert player.add([turn(1)])
    assert player.add([turn(2, actions={"step": 3}), turn(3)])
    run.refresh_from_db()
    assert (run.turns_done, run.status) == (3, "running")
    rows = list(run.turn_rows.all())
    assert [row.number for row in rows] == [1, 2, 3]
    assert rows[1].actions == {"step": 3}
    assert rows[0].metrics == {"turn.actions.total": 11, "turn.walk.place": 1}


def test_a_turn_that_is_told_twice_is_refused_with_all_that_came_with_it(run: Run) -> None:
    player = claimed(run)
    player.add([turn(1)])
    with pytest.raises(IntegrityError), transaction.atomic():
        player.add([turn(1), turn(2)])
    run.refresh_from_db()
    assert (run.turns_done, run.turn_rows.count()) == (1, 1)


def test_tokens_and_cost_are_summed_exactly_and_unknown_until_told(run: Run) -> None:
    player = claimed(run)
    player.add([turn(1)])
    run.refresh_from_db()
    assert (run.total_tokens, run.total_cost_usd) == (None, None)
    player.add([turn(2, tokens=10, cost_usd=0.1), turn(3, tokens=5, cost_usd=0.2)])
    player.add([turn(4, tokens=1, cost_usd=0.000001)])
    run.refresh_from_db()
    assert (run.total_tokens, run.total_cost_usd) == (16, Decimal("0.300001"))


def test_problems_are_kept_up_to_a_cap_and_counted_beyond_it(run: Run, settings: Any) -> None:
    settings.MAX_PROBLEMS_PER_RUN = 3
    player = claimed(run)
    player.add([turn(1, problems=[problem("a"), problem("b")])])
    player.add([turn(2, problems=[problem("c"), problem("d")])])
    player.complete(played(problems=[problem("e")]))
    run.refresh_from_db()
    kept = [(row.description, row.turn) for row in run.problems.all()]
    assert kept == [("a", 1), ("b", 1), ("c", 2)]
    assert run.problem_count == 5


def test_a_completed_run_keeps_its_measurements_and_fingerprint(run: Run) -> None:
    player = claimed(run)
    player.add([turn(number) for number in (1, 2, 3)])
    player.complete(played())
    run.refresh_from_db()
    assert (run.status, run.run_metrics, run.fingerprint) == ("completed", {"run.actions.total": 55}, "f" * 64)
    assert (run.failure_kind, run.error_type) == ("", "")


def test_a_failed_run_keeps_where_and_why_it_failed(run: Run) -> None:
    player = claimed(run)
    player.add([turn(1), turn(2)])
    player.fail(FailureKind.MODEL, ERROR)
    run.refresh_from_db()
    assert (run.status, run.failure_kind, run.error_type, run.error_message) == (
        "failed",
        "model",
        "RuntimeError",
        "boom",
    )
    assert (run.error_turn, run.error_traceback) == (3, "Traceback: boom")
    last = run.events.last()
    assert last is not None
    assert last.detail == "RuntimeError: boom"


def test_a_very_long_error_is_kept_whole_and_its_event_cut(run: Run) -> None:
    claimed(run).fail(FailureKind.MODEL, {**ERROR, "type": "T" * 300, "message": "m" * 5000})
    run.refresh_from_db()
    assert (len(run.error_type), len(run.error_message)) == (200, 5000)
    last = run.events.last()
    assert last is not None
    assert len(last.detail) == 500


def test_the_sparkline_follows_the_headline_metric_and_keeps_its_peak(make_run: MakeRun) -> None:
    run = make_run(turns=5000)
    run.simulation.headline_metric = "turn.walk.place"
    run.simulation.save()
    player = claimed(run)
    for start in range(1, 5001, 1000):
        places = range(start, start + 1000)
        player.add([turn(n, metrics={"turn.walk.place": 99 if n == 2345 else n % 7}) for n in places])
    player.complete(played())
    run.refresh_from_db()
    assert len(run.sparkline) <= 40
    assert max(run.sparkline) == 99
    assert run.sparkline[0] == 1


def test_a_run_without_a_number_to_draw_has_an_empty_sparkline(run: Run) -> None:
    run.simulation.headline_metric = "turn.walk.parts"
    run.simulation.save()
    player = claimed(run)
    player.add([turn(1, metrics={"turn.walk.parts": {"odd": 1}})])
    player.complete(played())
    run.refresh_from_db()
    assert run.sparkline == []


def test_progress_rate_and_time_left_come_from_what_is_recorded(run: Run) -> None:
    lead_to(run, "running")
    run.refresh_from_db()
    assert run.progress == 40
    assert run.rate is not None
    assert run.eta_ms == round(3 / run.rate * 1000)
    done = lead_to(Run.objects.create(**_copy_of(run)), "completed")
    assert done.eta_ms is None


def _copy_of(run: Run) -> dict[str, Any]:
    names = ("simulation", "trigger", "scenario", "scenario_version", "params", "seed", "turns", "metric_keys")
    return {name: getattr(run, name) for name in (*names, "created_at", "changed_at")}
