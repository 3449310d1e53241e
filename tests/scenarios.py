"""Worlds for the tests of the site; some of them are broken on purpose. Named to every process by SIMWEB_SCENARIOS."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from simweb.engine import (
    Block,
    Context,
    Decision,
    Metric,
    Option,
    Params,
    Problem,
    Question,
    Scenario,
    Settled,
    Table,
    Text,
    TurnReport,
    View,
    points,
)
from tests.odd_measurements import SETTING as ODD
from tests.rude_worlds import SETTING as RUDE


class ToyParams(Params):
    """One of each kind of field."""

    agents: int = Field(10, ge=1, le=1000, title="Agents", description="Walkers.", json_schema_extra={"unit": "agents"})
    tempo: float = Field(0.5, gt=0, le=2, title="Tempo")
    mood: Literal["calm", "very-loud"] = Field("calm", title="Mood")
    polite: bool = Field(True, title="Polite")
    note: str = Field("", title="Note", max_length=500)


class WalkParams(Params):
    """How far to follow it."""

    turns: int | None = Field(None, ge=1, title="Turns", description="Blank: those that the run has done.")
    what: str = Field("place", title="What", json_schema_extra={"keys_of": ["run.nothing", "turn.walk.parts"]})


def farthest(context: Context) -> int:
    """How far the walk ever was from its start."""
    return max(map(abs, context.series["turn.walk.place"]))


class Toy(Scenario):
    """Walks up and down by chance; cheap."""

    key = "toy"
    title = "Toy"
    version = "7"
    description = "Walks up and down by chance."
    default_turns = 5
    Params: Any = ToyParams
    metrics = (
        Metric("turn.walk.place", "Place", lambda c: c.scenario.place, unit="steps", description="Where it is."),
        Metric("turn.walk.parts", "Parts", lambda c: {"odd": c.turn % 2, "place": c.scenario.place}, kind="mapping"),
        Metric("run.walk.farthest", "Farthest", farthest, scope="run", requires=("turn.walk.place",)),
        Metric("run.walk.steps", "Steps", lambda c: [{"turn": c.turn, "what": "a"}], scope="run", kind="table"),
    )
    questions = (Question("walk", "The walk", "Where it was after each turn.", WalkParams),)

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.place = self.number = 0

    def turn(self) -> TurnReport:
        self.number += 1
        self.place += int(self.rng.integers(-3, 4))
        return TurnReport({"step": self.params.agents, "rest": 1})

    def answer(self, question: str, asked: Any, turns: int) -> Sequence[Block]:
        if asked.what != "place":
            raise ValueError(f"It has no {asked.what}. Ask for its place.")
        places = []
        for number in range(1, (asked.turns or turns) + 1):
            self.turn()
            places.append([number, self.place])
        return [Text(f"It walked {len(places)} turns."), Table("Places", ("Turn", "Place"), places)]


class LoudParams(Params):
    """How much to print in a turn."""

    characters: int = Field(20, ge=1, le=10_000_000, title="Characters")
    stream: Literal["stdout", "stderr"] = Field("stdout", title="Stream")


class Loud(Toy):
    """Prints, as authors of models do."""

    key = "loud"
    title = "Loud"
    Params = LoudParams

    def turn(self) -> TurnReport:
        self.number += 1
        line = f"turn {self.number}: ".ljust(self.params.characters, "x")
        print(line, file=getattr(sys, self.params.stream))
        return TurnReport({"print": 1})


class Crashing(Toy):
    """Raises in its third turn."""

    key = "crashing"
    title = "Crashing"

    def turn(self) -> TurnReport:
        report = super().turn()
        if self.number == 3:
            raise RuntimeError("the bank is empty")
        return report


class DyingParams(Params):
    """How to go."""

    how: Literal["kill", "exit"] = Field("kill", title="How")


class Dying(Toy):
    """Takes its process along in its third turn."""

    key = "dying"
    title = "Dying"
    Params = DyingParams

    def turn(self) -> TurnReport:
        self.number += 1
        if self.number == 3:
            os.kill(os.getpid(), signal.SIGKILL) if self.params.how == "kill" else os._exit(7)
        return TurnReport({"live": 1})


class WaitingParams(Params):
    """Which files to write and to wait for."""

    arrive: str = Field("", title="Arrive", description="Written, with the number of the process, when it waits.")
    until: str = Field("", title="Until", description="The file that it waits for.")
    turn: int = Field(2, ge=1, title="Turn", description="The turn in which it waits.")
    stubborn: bool = Field(False, title="Stubborn", description="Ignores SIGTERM.")
    child: str = Field("", title="Child", description="Leaves a process of its own behind and writes its number here.")
    apart: bool = Field(False, title="Apart", description="That process is in a session of its own.")
    orphans: bool = Field(
        False, title="Orphans", description="Starts, each turn, what is nobody's child and ends at once."
    )


class Waiting(Toy):
    """Says that it has arrived, then waits."""

    key = "waiting"
    title = "Waiting"
    Params = WaitingParams

    def turn(self) -> TurnReport:
        self.number += 1
        if self.params.orphans:
            subprocess.run(["sh", "-c", "sleep 0.01 &"], check=True)
        if self.number == self.params.turn:
            if self.params.stubborn:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if self.params.child:
                self._leave_behind()
            _write(self.params.arrive, str(os.getpid()))
            while not Path(self.params.until).exists():
                time.sleep(0.005)
        return TurnReport({"wait": 1})

    def view(self) -> View:
        return points(np.arange(3), np.full(3, self.number), np.array([-1, 0, 1]))

    def _leave_behind(self) -> None:
        left = subprocess.Popen(["sleep", "1000"], start_new_session=self.params.apart)
        _write(self.params.child, str(left.pid))


class EndlessParams(Params):
    """How stubborn."""

    stubborn: bool = Field(False, title="Stubborn", description="Ignores SIGTERM.")


class Endless(Toy):
    """Never comes out of its second turn, and computes all the while."""

    key = "endless"
    title = "Endless"
    Params = EndlessParams

    def turn(self) -> TurnReport:
        self.number += 1
        if self.params.stubborn:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while self.number == 2:
            pass
        return TurnReport({"spin": 1})


class HungryParams(Params):
    """What to fill the memory with."""

    bites: Literal["arrays", "objects"] = Field("arrays", title="Bites")
    mebibytes: int = Field(64, ge=1, le=100_000, title="A turn takes", json_schema_extra={"unit": "MiB"})


class Hungry(Toy):
    """Takes memory and never gives it back."""

    key = "hungry"
    title = "Hungry"
    Params = HungryParams

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        self.kept: list[Any] = []

    def turn(self) -> TurnReport:
        if self.params.bites == "arrays":
            self.kept.append(np.ones((self.params.mebibytes, 1024, 128)))
        else:
            self.kept.extend(bytes(200) for _ in range(self.params.mebibytes * 4096))
        return TurnReport({"eat": 1})


def _write(path: str, text: str) -> None:
    """The file appears with all its text or not at all."""
    if path:
        draft = Path(path).with_suffix(".draft")
        draft.write_text(text)
        draft.rename(path)


class BadMetric(Toy):
    """One metric raises, one is not a number."""

    key = "bad-metric"
    title = "Bad metric"
    metrics = (
        Metric("turn.bad.raises", "Raises", lambda c: 1 / 0),
        Metric("turn.bad.nan", "Not a number", lambda c: float("nan")),
        Metric("turn.walk.ones", "Ones", lambda c: 1),
    )


class CountedParams(Params):
    """Where calls are noted."""

    file: str = Field("", title="File")


def _noted(key: str, requires: tuple[str, ...] = ()) -> Metric:
    def compute(context: Context) -> int:
        with open(context.scenario.params.file, "a") as file:
            file.write(f"{key}\n")
        return context.turn

    return Metric(key, key, compute, requires=requires)


class Counted(Toy):
    """Notes each call of a metric in a file."""

    key = "counted"
    title = "Counted"
    Params = CountedParams
    metrics = (
        _noted("turn.call.wanted", ("turn.call.needed",)),
        _noted("turn.call.needed"),
        _noted("turn.call.unticked"),
    )

    def turn(self) -> TurnReport:
        return TurnReport({"count": 1})


class Costly(Toy):
    """Spends tokens and money, and has doubts."""

    key = "costly"
    title = "Costly"

    def turn(self) -> TurnReport:
        self.number += 1
        return TurnReport({"ask": 2}, problems=[Problem("minor", f"doubt {self.number}")], tokens=100, cost_usd=0.0125)


class UnseededParams(ToyParams):
    """When it begins to be careless."""

    since: int = Field(1, ge=1, title="Since turn")


class Unseeded(Toy):
    """Draws from the machine's own chance, which nobody can seed."""

    Params = UnseededParams
    key = "unseeded"
    title = "Unseeded"
    metrics = (Metric("turn.chance.drawn", "Drawn", lambda c: c.scenario.drawn),)

    def turn(self) -> TurnReport:
        report = super().turn()
        careless = self.number >= self.params.since
        self.drawn = random.SystemRandom().random() if careless else 0.0
        return report


class Deciding(Toy):
    """One decision a turn: pending in odd turns and settled in the next, failed in every fourth; worries now and then."""

    key = "deciding"
    title = "Deciding"

    def turn(self) -> TurnReport:
        report = super().turn()
        number, options = self.number, (Option("left", "go left", 0.7), Option("right", "go right"))
        made = {"agent": f"agent {number % 2}", "intent": f"choice {number}", "options": options, "chosen": "left"}
        if number % 4 == 0:
            decision = Decision(**made, outcome="failure", error="a wall", tokens=3, latency_ms=20, key=str(number))
        elif number % 2:
            decision = Decision(**made, key=str(number), reasoning="It seemed right.", context={"seen": number})
        else:
            decision = Decision(**made, outcome="success", summary=f"Went left in turn {number}.", quality=0.9)
        settled = [Settled(str(number - 1), "success", tokens=5)] if number % 2 == 0 else []
        wall = Problem("warning", "a wall", root_cause="the map", suggested_fix="Look first.", decision=str(number))
        return replace(report, decisions=[decision], settled=settled, problems=[wall] if number % 4 == 0 else [])


class Improvising(Toy):
    """Promises nothing."""

    key = "improvising"
    title = "Improvising"
    deterministic = False


SCENARIOS = (
    Toy,
    Loud,
    Crashing,
    Dying,
    Waiting,
    BadMetric,
    Counted,
    Costly,
    Endless,
    Hungry,
    Unseeded,
    Deciding,
    Improvising,
)
SETTING = ",".join(
    [
        *(f"{scenario.key}=tests.scenarios:{scenario.__name__}" for scenario in SCENARIOS),
        ODD,
        *(f"{name.lower()}=tests.odd_worlds:{name}" for name in ("Odd", "Anything")),
    ]
)
SETTING += ",fields=tests.fields:Fields,keyed=tests.fields:Keyed,careless=tests.careless:Careless"
SETTING += f",resuming=tests.resuming_worlds:Resuming,{RUDE}"
SETTING += "".join(
    f",{name.lower()}=tests.detailed_worlds:{name}"
    for name in ("Spending", "Fretful", "Graph", "Parallel", "Wandering", "Returning")
)
