"""`manage.py run`: a run in the terminal is recorded like any other."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from runs.models import Run, Simulation, Turn

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_is_played_recorded_and_summed_up(simulation: Simulation, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("run", "a-toy", "--turns", "3", "--seed", "5", "--param", "agents=7", "--metric", "turn.walk.place")
    run = Run.objects.get()
    assert (run.status, run.trigger, run.seed, run.turns_done) == ("completed", "manual", 5, 3)
    assert run.params["agents"] == 7
    assert run.metric_keys == ["turn.walk.place"]
    assert Turn.objects.filter(run=run).count() == 3
    said = capsys.readouterr()
    assert f"Run {run.pk}: completed, 3 turns" in said.out
    assert "turn.walk.place" in said.out
    assert "3/3" in said.err


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_recorded(simulation: Simulation) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("run", "a-toy", "--turns", "0", "--param", "agents=0", "--metric", "no.such")
    for words in ("params.agents: Must be at least 1.", "turns: Must be", "metric_keys: Unknown metric 'no.such'"):
        assert words in str(refused.value)
    assert not Run.objects.exists()


def test_an_unknown_simulation_is_answered_with_those_that_there_are(simulation: Simulation) -> None:
    with pytest.raises(CommandError, match="There are: a-toy"):
        call_command("run", "a-toi")


def test_a_parameter_without_a_value_is_refused(simulation: Simulation) -> None:
    with pytest.raises(CommandError, match="NAME=VALUE"):
        call_command("run", "a-toy", "--param", "agents")


def test_a_run_that_fails_says_why_and_ends_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    Simulation.objects.create(name="Crash", slug="crash", scenario="crashing", turns=5)
    with pytest.raises(SystemExit) as ended:
        call_command("run", "crash")
    assert ended.value.code == 1
    assert Run.objects.get().status == "failed"
    assert "in turn 3" in capsys.readouterr().out
