"""Spec: all it takes to play a run anywhere; play: the one way a scenario is brought from first turn to last."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from simweb.engine import registry
from simweb.engine.metric import Measurement, select_keys
from simweb.engine.scenario import Problem

# JSON numbers survive JavaScript only up to here, and a seed must survive every door.
MAX_SEED = 2**53 - 1


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
    """One turn as it was played; `duration_ms` is wall-clock time and no part of the fingerprint."""

    number: int
    duration_ms: float
    actions: dict[str, int]
    metrics: dict[str, Any]
    problems: list[Problem]
    tokens: int | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run that was played to its end."""

    turns: int
    run_metrics: dict[str, Any]
    problems: list[Problem]
    fingerprint: str


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, shortest round-trip floats; NaN is refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def play(spec: Spec) -> Iterator[PlayedTurn | Outcome]:
    """Yield each turn as it is played and, last, the Outcome. What the scenario raises is raised here."""
    scenario_class = registry.load(spec.scenario)
    keys = select_keys(scenario_class, spec.metric_keys)
    params = scenario_class.Params.model_validate(spec.params)
    world = scenario_class(params, np.random.default_rng(np.random.SeedSequence(spec.seed)))
    measurement = Measurement(world, keys)
    fingerprint = hashlib.sha256()
    number = 0
    while number < spec.turns and not world.finished:
        number += 1
        started = time.perf_counter()
        report = world.turn()
        values, problems = measurement.measure_turn(number, report)
        actions = {str(name): int(count) for name, count in report.actions.items()}
        fingerprint.update(canonical_json([number, actions, values]).encode())
        duration_ms = (time.perf_counter() - started) * 1000
        yield PlayedTurn(
            number, duration_ms, actions, values, [*report.problems, *problems], report.tokens, report.cost_usd
        )
    run_metrics, problems = measurement.measure_run(number)
    fingerprint.update(canonical_json(run_metrics).encode())
    yield Outcome(number, run_metrics, problems, fingerprint.hexdigest())
