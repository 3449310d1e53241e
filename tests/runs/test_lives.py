"""Any order of create, claim, heartbeat, turn, stall, cancel, finish, die and come back keeps the promises of runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from runs import recording, services
from runs.models import Event, Run, Simulation, Turn
from runs.recording import Recording
from runs.simulations import create_simulation
from runs.states import TERMINAL, TRANSITIONS, FailureKind, Status, Trigger
from runs.upkeep import bury_the_lost
from tests.runs.lives import ERROR, played, turn

TURNS = 6


class Lives(RuleBasedStateMachine):
    """Players hold recordings; some are dead, some late, some were fenced off. The rows must not care."""

    runs = Bundle("runs")
    players = Bundle("players")

    def __init__(self) -> None:
        super().__init__()
        Simulation.objects.all().delete()
        self.simulation = create_simulation(name="A toy", scenario="toy", slug="a-toy", turns=TURNS)
        self.ended: dict[int, dict[str, Any]] = {}

    @rule(target=runs)
    def create(self) -> int:
        [run] = services.create_runs(self.simulation, trigger=Trigger.API)
        return run.pk

    @rule(target=players, run=runs)
    def claim(self, run: int) -> Any:
        was_queued = Run.objects.get(pk=run).status == Status.QUEUED
        holder = recording.claim(run)
        assert (holder is not None) == was_queued
        return multiple() if holder is None else holder

    @rule(player=players)
    def record_a_turn(self, player: Recording) -> None:
        if player.turns_done < TURNS:
            held = self.holds(player)
            assert player.add([turn(player.turns_done + 1)]) == held

    @rule(player=players)
    def beat(self, player: Recording) -> None:
        assert player.beat() == self.holds(player)

    @rule(player=players)
    def stall(self, player: Recording) -> None:
        if not player.stuck:
            player.stall("no turn")

    @rule(player=players)
    def give_back(self, player: Recording) -> None:
        if not player.turns_done and not player.stuck:
            player.give_back()

    @rule(player=consumes(players), well=st.booleans())
    def finish(self, player: Recording, well: bool) -> None:
        held = self.holds(player)
        try:
            if well:
                player.complete(played())
            else:
                player.fail(FailureKind.MODEL, ERROR)
        except services.TransitionRefused:
            assert not held
        else:
            assert held

    @rule(run=runs)
    def cancel(self, run: int) -> None:
        over = Run.objects.get(pk=run).is_terminal
        try:
            services.cancel(Run.objects.get(pk=run), by=None)
        except services.TransitionRefused:
            assert over
        else:
            assert not over

    @rule(player=players)
    def fall_silent(self, player: Recording) -> None:
        theirs = Run.objects.filter(pk=player.run.pk, lease=player.lease, status__in=["running", "stuck"])
        theirs.update(heartbeat_at=Now() - timedelta(minutes=1))
        bury_the_lost()

    @invariant()
    def what_has_ended_never_changes(self) -> None:
        for row in Run.objects.filter(status__in=sorted(TERMINAL)).values():
            assert self.ended.setdefault(row["id"], row) == row

    @invariant()
    def events_tell_a_life_that_the_table_allows(self) -> None:
        states = {status.value for status in Status}
        for run in Run.objects.all():
            told = [kind for kind in Event.objects.filter(run=run).values_list("kind", flat=True) if kind in states]
            assert told[-1] == run.status
            steps = zip(map(Status, told), map(Status, told[1:]), strict=False)
            assert all(after in TRANSITIONS[before] for before, after in steps)

    @invariant()
    def turns_are_there_once_each_and_none_is_missing(self) -> None:
        for run in Run.objects.all():
            numbers = list(Turn.objects.filter(run=run).values_list("number", flat=True))
            assert numbers == list(range(1, run.turns_done + 1))

    @invariant()
    def counts_are_exact(self) -> None:
        simulation = Simulation.objects.get()
        for field, status in (("completed_runs", Status.COMPLETED), ("failed_runs", Status.FAILED)):
            assert getattr(simulation, field) == Run.objects.filter(status=status).count()

    def holds(self, player: Recording) -> bool:
        """Does this player's lease still count?"""
        return Run.objects.filter(pk=player.run.pk, lease=player.lease, status__in=["running", "stuck"]).exists()


Lives.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.django_db
class TestLives(Lives.TestCase, TestCase):  # type: ignore[misc, name-defined]
    """Each example in a transaction of its own."""
