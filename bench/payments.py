"""Payments: how long a play takes, compiled and interpreted, and how it grows with banks and payments.

The published figures are of a Rust engine on another machine (reference/payments.md, section 7); the ratio of compiled to
interpreted rules is measured here, in one run, on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from simweb.scenarios.payments.files.games import game_text
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.market import Amounts, Arrivals, Bank, Market
from simweb.scenarios.payments.policies import named_policy
from simweb.scenarios.payments.system import Blueprint, warm_up
from simweb.scenarios.payments.tables import interpreted, machine_code

Row = tuple[str, str, str]
PUBLISHED_MS = {"castro-2": 0.71, "five-banks": 3.4}
GOAL_MS = {"castro-2": 0.14, "five-banks": 0.7}
TITLES = {
    "castro-2": "2 banks x 12 ticks (the second Castro game), a play with its draws",
    "five-banks": "5 banks x 20 ticks, with liquidity saving",
    "two-hundred-banks": "200 banks x 100 ticks, 7,000 payments",
}
ROUNDS = 15  # short and alternating, so that what else the machine does hits both, and spares some
SECONDS = 0.05  # of a round


def bench() -> list[Row]:
    """(what, measured, goal)"""
    began = time.perf_counter()
    warm_up()
    compiled = time.perf_counter() - began
    return [
        ("compiled rules at hand, in a process that compiles or loads them", f"{compiled:.1f} s", "once"),
        *_games(),
        *_curve(),
    ]


def _games() -> Iterator[Row]:
    for game, title in TITLES.items():
        market = read_scenario(game_text(game))
        fast, plain = _side_by_side(market)
        goal = f"≤{GOAL_MS[game]} ms (published: {PUBLISHED_MS[game]} ms)" if game in GOAL_MS else "—"
        yield title, f"{fast * 1000:.3f} ms", goal
        yield "… interpreted", f"{plain * 1000:.2f} ms, {plain / fast:.0f} times as long", "—"


def _curve() -> Iterator[Row]:
    for banks, per_bank in ((2, 50), (10, 50), (50, 50), (200, 50), (50, 5), (50, 500)):
        blueprint = Blueprint(_market(banks, per_bank), tables=machine_code())
        seconds = _best(lambda blueprint=blueprint: blueprint.evaluate(1))
        a_payment = seconds / (banks * per_bank) * 1e6
        yield (
            f"{banks} banks x {per_bank} payments each, 20 ticks",
            f"{seconds * 1000:.2f} ms, {a_payment:.2f} µs a payment",
            "—",
        )


def _side_by_side(market: Market) -> tuple[float, float]:
    """Seconds of a play, compiled and interpreted: of each the best of rounds that alternate."""
    blueprints = [Blueprint(market, tables=tables) for tables in (machine_code(), interpreted())]
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for place, blueprint in enumerate(blueprints):
            best[place] = min(best[place], _best(lambda blueprint=blueprint: blueprint.evaluate(1)))
    return best[0], best[1]


def _best(play: Callable[[], object]) -> float:
    """Seconds of one play: the mean of as many as fit in a round."""
    play()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        play()
        count += 1
    return (time.perf_counter() - began) / count


def _market(banks: int, per_bank: int) -> Market:
    """Banks alike, each with the same expected payments in a day of 20 ticks."""
    arrivals = Arrivals(per_bank / 20, Amounts("LogNormal", 10_000, 5_000), (3, 8))
    fifo = named_policy("Fifo")
    each = tuple(
        Bank(f"BANK_{n:03}", 0, fifo, arrivals=(arrivals,), pool=20_000 * per_bank, fraction=0.1) for n in range(banks)
    )
    return Market(20, 1, each)
