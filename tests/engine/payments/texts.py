"""Scenario files for tests, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from simweb.engine import Fault, Faulty
from simweb.scenarios.payments.files.payment_list import read_payments
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.market import Market

SMALLEST = """\
simulation: {ticks_per_day: 10, num_days: 2, rng_seed: 7}
agents:
  - {id: BANK_A, opening_balance: 100}
  - {id: BANK_B, opening_balance: 200}
"""
ARRIVALS = """
    arrival_config:
      rate_per_tick: 2.5
      amount_distribution: {type: LogNormal, mean: 10000, std_dev: 5000}
      deadline_range: [3, 8]
"""
EVENT = "scenario_events:\n  - type: {}\n    schedule: {{type: OneTime, tick: 3}}\n"


def faults_of(text: str) -> list[Fault]:
    """What is wrong with a scenario file."""
    with pytest.raises(Faulty) as caught:
        read_scenario(text)
    return list(caught.value.faults)


def fault_of(text: str) -> Fault:
    """The one thing that is wrong with a scenario file."""
    [fault] = faults_of(text)
    return fault


def list_faults(text: str, market: Market) -> list[Fault]:
    """What is wrong with a list of payments."""
    with pytest.raises(Faulty) as caught:
        read_payments(text, market)
    return list(caught.value.faults)


def event(kind: str, **fields: Any) -> str:
    """The smallest file with one event."""
    return SMALLEST + EVENT.format(kind) + "".join(f"    {key}: {value}\n" for key, value in fields.items())


def with_arrivals(arrivals: str, *, more: str = "") -> str:
    """The smallest file in which BANK_A has these arrivals."""
    first, *others = SMALLEST.splitlines()
    bank = "  - id: BANK_A\n    opening_balance: 100\n" + arrivals.strip("\n") + "\n"
    return "\n".join([first, others[0], bank + others[2], more])
