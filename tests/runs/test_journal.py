"""The journal: a run that is tried again goes on where the one before ended, and one that is verified is played whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs import services
from runs.models import JournalEntry, Run
from runs.simulations import create_simulation
from runs.states import Trigger
from tests.scenarios import SETTING

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def notes(played: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMWEB_SCENARIOS", SETTING)
    return tmp_path / "notes"


def play(notes: Path) -> Run:
    simulation = create_simulation(name="Resuming", scenario="resuming", turns=5, params={"notes": str(notes)})
    [run] = services.create_runs(simulation, trigger=Trigger.MANUAL, seed=3)
    return Run.objects.get(pk=run.pk)


def fresh(run: Run | None) -> Run:
    assert run is not None
    return Run.objects.get(pk=run.pk)


def test_a_retry_plays_only_what_is_missing_and_ends_like_a_run_that_never_stopped(notes: Path) -> None:
    whole = play(notes.with_name("whole"))
    notes.with_name("broken").touch()
    failed = play(notes)
    assert (failed.status, failed.turns_done) == ("failed", 2)
    notes.with_name("broken").unlink()
    again = fresh(services.retry(failed, by=None))
    assert (again.status, again.turns_done) == ("completed", 5)
    assert notes.read_text().split() == ["1", "2", "3", "4", "5"], "no turn was played twice"
    assert again.fingerprint == whole.fingerprint
    assert list(again.turn_rows.values_list("metrics", flat=True)) == list(
        whole.turn_rows.values_list("metrics", flat=True)
    )


def test_a_retry_of_a_retry_goes_on_too_and_each_run_has_its_journal_whole(notes: Path) -> None:
    notes.with_name("broken").touch()
    failed = play(notes)
    second = fresh(services.retry(failed, by=None))
    assert (second.status, second.turns_done) == ("failed", 2)
    notes.with_name("broken").unlink()
    third = fresh(services.retry(second, by=None))
    assert third.status == "completed"
    turns = JournalEntry.objects.order_by("id").values_list("run", "turn")
    assert [turn for run, turn in turns if run == third.pk] == [1, 2, 3, 4, 5]
    assert [turn for run, turn in turns if run == second.pk] == [1, 2]


def test_a_replay_that_verifies_plays_every_turn_itself(notes: Path) -> None:
    run = play(notes)
    services.verify(run, by=None)
    assert fresh(run).verification["status"] == "verified"  # type: ignore[index]
    assert notes.read_text().split() == ["1", "2", "3", "4", "5"] * 2


def test_the_journal_of_another_version_of_the_code_is_not_used(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes.with_name("broken").touch()
    failed = play(notes)
    notes.with_name("broken").unlink()
    monkeypatch.setattr("tests.resuming_worlds.Resuming.version", "2")
    again = fresh(services.retry(failed, by=None))
    assert (again.status, again.scenario_version) == ("completed", "2")
    assert notes.read_text().split() == ["1", "2", "1", "2", "3", "4", "5"]
