"""Optimisation: Castro's second game in samples, through fifty iterations, and what the loop takes beside the plays."""

from __future__ import annotations

import time
from typing import Any

from simweb.scenarios.optimization import ExperimentConfig, OptimizationLoop, OptimizationResult, proposer_of
from simweb.scenarios.payments.files.games import game_text
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.optimizing import FRACTION, MarketSubject
from simweb.scenarios.payments.system import warm_up
from simweb.scenarios.payments.tables import machine_code

ROUNDS = 3  # of which the best counts: what else the machine does spares some
ITERATIONS = 50
PLAYS = ("evaluate", "history", "samples", "try_policy")
EXPERIMENT = f"""\
name: exp2
scenario: game.yaml
evaluation: {{mode: bootstrap, ticks: 12, num_samples: 50}}
convergence: {{max_iterations: {ITERATIONS}, stability_window: %d}}
proposer: {{kind: best-response}}
policy_constraints:
  allowed_parameters: [{{name: {FRACTION}, param_type: float, min_value: 0.0, max_value: 1.0}}]
optimized_agents: [BANK_A, BANK_B]
"""


class Timed:
    """A subject that adds up the seconds of all plays that are asked of it."""

    def __init__(self, subject: MarketSubject) -> None:
        self.subject = subject
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.subject, name)
        if name not in PLAYS:
            return method

        def timed(*given: Any) -> Any:
            began = time.perf_counter()
            try:
                return method(*given)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


def bench() -> list[tuple[str, str, str]]:
    """(what, measured, goal)"""
    warm_up()
    rounds = [_measured(ITERATIONS + 1) for _ in range(ROUNDS)]  # a window that it never fills
    whole, plays, _ = min(rounds, key=lambda measured: measured[0])
    rest, _, result = _measured(5)
    found = ", ".join(f"{policy['parameters'][FRACTION]:.3f}" for policy in result.final_policies.values())
    return [
        (f"exp2, 50 samples, best response, all {ITERATIONS} iterations", f"{whole:.1f} s", "≤10 s"),
        (f"… of which the loop, beside {plays:.1f} s of plays", f"{whole / plays - 1:.1%}", "≤5 %"),
        (f"… until it rests: {result.num_iterations} iterations, fractions {found}", f"{rest:.1f} s", "—"),
    ]


def _measured(window: int) -> tuple[float, float, OptimizationResult]:
    """Seconds of an experiment, seconds of its plays alone, and what came of it."""
    config = ExperimentConfig.from_text(EXPERIMENT % window, {"game.yaml": game_text("castro-2")})
    subject = Timed(MarketSubject(read_scenario(game_text("castro-2")), tables=machine_code()))
    began = time.perf_counter()
    result = OptimizationLoop(config, subject, proposer_of(config)).run()
    return time.perf_counter() - began, subject.seconds, result
