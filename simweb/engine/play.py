"""Spec: all it takes to play a run anywhere; play: the one way a scenario is brought from first turn to last."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from simweb.engine import registry
from simweb.engine.chance import seed_globals
from simweb.engine.journal import NOTHING, Journal
from simweb.engine.journal import Entry as JournalEntry
from simweb.engine.ledger import MOST_DECISIONS, DecisionCounts, Entry, Ledger
from simweb.engine.metric import Measurement, select_keys
from simweb.engine.numbers import MOST_COUNT
from simweb.engine.output import output_of
from simweb.engine.params import read_params
from simweb.engine.report import checked, keepable_problem
from simweb.engine.scenario import Problem, Scenario
from simweb.engine.spending import Spending
from simweb.engine.texts import keepable, text_of
from simweb.engine.view import frame_turns

MAX_SEED = MOST_COUNT  # a seed must survive every door, JavaScript's too


@dataclass(frozen=True, slots=True)
class Spec:
    """Same spec + same scenario version + same library versions = same measurements, bit for bit."""

    scenario: str
    params: Mapping[str, Any]
    seed: int
    turns: int
    metric_keys: Sequence[str]

    def to_json(self) -> str:
        """One line of JSON, keys sorted."""
        return canonical_json(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """Raises ValueError or TypeError for anything that is not a spec."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class PlayedTurn:
    """One turn as it was played; `duration_ms` is wall-clock time and no part of the fingerprint, nor are decisions.

    `decided` counts all decisions of the run so far; None while there were none.
    """

    number: int
    duration_ms: float
    actions: dict[str, int]
    metrics: dict[str, Any]
    problems: list[Problem]
    tokens: int | None
    cost_usd: float | None
    entry: Entry | None = None
    decided: DecisionCounts | None = None
    journal: list[JournalEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Frame:
    """What the world looked like after a turn; or why it cannot be shown."""

    number: int
    view: dict[str, Any] | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run that was played to its end."""

    turns: int
    run_metrics: dict[str, Any]
    problems: list[Problem]
    fingerprint: str
    narrative: str = ""
    output_data: dict[str, Any] | None = None


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, shortest round-trip floats; NaN is refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Fingerprint:
    """SHA-256 over the canonical JSON of a run's measurements, turn after turn, then of the whole run."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, number: int, actions: Mapping[str, int], metrics: Mapping[str, Any]) -> None:
        """The next turn."""
        self._digest.update(canonical_json([number, actions, metrics]).encode())

    def of_run(self, run_metrics: Mapping[str, Any]) -> str:
        """The fingerprint, when these end the run."""
        self._digest.update(canonical_json(run_metrics).encode())
        return self._digest.hexdigest()


def play(
    spec: Spec, most_decisions: int = MOST_DECISIONS, journal: Journal = NOTHING
) -> Iterator[PlayedTurn | Frame | Outcome]:
    """Yield each turn as it is played, after some of them a Frame and, last, the Outcome.

    Turns of which the journal has a checkpoint are told again, not played. What the scenario raises is raised here, except by
    its view: a picture is a guest in the run.
    """
    world, keys = world_of(spec, journal)
    measurement, ledger, spending = Measurement(world, keys), Ledger(most_decisions), Spending()
    fingerprint, number, every, begun = Fingerprint(), 0, frame_turns(spec.turns), time.perf_counter()
    while number < spec.turns and not world.finished:
        number += 1
        started = time.perf_counter()
        report, doubts = checked(world.turn())
        values, problems = measurement.measure_turn(number, report)
        fingerprint.add(number, report.actions, values)
        duration_ms = (time.perf_counter() - started) * 1000
        is_told = report.decisions or report.settled
        entry = ledger.enter(report.decisions, report.settled, (started - begun) * 1000) if is_told else None
        tokens, cost, unspent = spending.of_turn(report, ledger.counts if entry else None)
        noticed = [*report.problems, *problems, *doubts, *(entry.doubts if entry else ()), *unspent]
        yield PlayedTurn(
            number,
            duration_ms,
            dict(report.actions),
            values,
            [keepable_problem(problem) for problem in noticed],
            tokens,
            cost,
            entry,
            replace(ledger.counts) if entry else None,
            [] if number <= len(journal.checkpoints) else list(_kept(world)),
        )
        if (number % every == 0 or number == spec.turns or world.finished) and (frame := _frame(world, number)):
            yield frame
    run_metrics, problems = measurement.measure_run(number)
    output, doubts = output_of(world.output_data)
    noticed = [keepable_problem(problem) for problem in (*problems, *doubts)]
    yield Outcome(number, run_metrics, noticed, fingerprint.of_run(run_metrics), keepable(world.narrative), output)


def world_of(spec: Spec, journal: Journal = NOTHING) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario before its first turn, with what it resumes; and what is measured of it."""
    seed_globals(spec.seed)  # what a plug-in draws when it is imported, too
    scenario = registry.load(spec.scenario)
    keys = select_keys(scenario, spec.metric_keys)
    params = read_params(scenario.Params, spec.params)
    seed_globals(spec.seed)  # whether it was imported just now or before
    world = scenario(params, np.random.default_rng(np.random.SeedSequence(spec.seed)))
    if journal.checkpoints:
        world.resume(journal.checkpoints)
    return world, keys


def _kept(world: Scenario) -> Iterator[JournalEntry]:
    if (checkpoint := world.checkpoint()) is not None:
        yield JournalEntry("checkpoint", dict(checkpoint))
    if (unfinished := world.unfinished()) is not None:
        yield JournalEntry("unfinished", dict(unfinished))


def _frame(world: Scenario, number: int) -> Frame | None:
    try:
        view = world.view()
        return None if view is None else Frame(number, view.to_dict())
    except BaseException as error:  # whatever it raises, sys.exit too: a picture is a guest in the run
        return Frame(number, None, keepable(f"{type(error).__name__}: {text_of(error)}"))
