"""Boltzmann wealth against Mesa's own shipped example: same rule, same grid, same measurement, in one process."""

from __future__ import annotations

import statistics
import time
import warnings

from simweb.engine import PlayedTurn, Spec, play

AGENTS = 10_000
SIDE = 100  # Mesa's example has 100 agents on 10 × 10: one agent a cell; this keeps it so
MESA_STEPS = 10
OUR_TURNS = 500
REPETITIONS = 5
GOAL = 100


def bench() -> list[tuple[str, str, str]]:
    """Rows (what, measured, goal). Repetitions alternate, so that a busy machine slows both; medians are compared."""
    mesa, mesa_gini_only, ours = [], [], []
    our_seconds_a_turn(REPETITIONS)  # one of each unmeasured: imports, caches and memory get warm
    mesa_seconds_a_step(REPETITIONS, shipped=True)
    for repetition in range(REPETITIONS):
        mesa.append(mesa_seconds_a_step(repetition, shipped=True))
        mesa_gini_only.append(mesa_seconds_a_step(repetition, shipped=False))
        ours.append(our_seconds_a_turn(repetition))
    own = statistics.median(ours)
    rows = [(f"wealth: simweb, {AGENTS:,} agents, {SIDE}×{SIDE} grid, Gini each turn", speed(own), "")]
    for name, seconds in (("Gini only", statistics.median(mesa_gini_only)), ("as shipped", statistics.median(mesa))):
        rows.append((f"wealth: Mesa's example, {name}", speed(seconds), ""))
        rows.append((f"wealth: simweb / Mesa, {name}", f"{seconds / own:.0f}×", f"≥ {GOAL}×"))
    return rows


def speed(seconds_a_step: float) -> str:
    """Agent-steps a second, as text."""
    return f"{AGENTS / seconds_a_step / 1e6:.2f} M agent-steps/s"


def our_seconds_a_turn(seed: int) -> float:
    """One whole run with its measurements and fingerprint, as a child process plays it, divided by its turns."""
    spec = Spec("wealth", {"agents": AGENTS, "grid": SIDE}, seed, OUR_TURNS, ["turn.wealth.gini"])
    started = time.perf_counter()
    turns = sum(isinstance(played, PlayedTurn) for played in play(spec))
    return (time.perf_counter() - started) / turns


def mesa_seconds_a_step(seed: int, *, shipped: bool) -> float:
    """Mesa's shipped model; its DataCollector gathers Gini and every agent's wealth, or Gini only unless `shipped`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mesa.datacollection import DataCollector
        from mesa.examples.basic.boltzmann_wealth_model.model import BoltzmannWealth

        model = BoltzmannWealth(n=AGENTS, width=SIDE, height=SIDE, seed=seed)
        if not shipped:
            model.datacollector = DataCollector(model_reporters={"Gini": model.compute_gini})
        started = time.perf_counter()
        for _ in range(MESA_STEPS):
            model.step()
        return (time.perf_counter() - started) / MESA_STEPS


if __name__ == "__main__":
    for row in bench():
        print(*row, sep="  |  ")
