"""Scenario files: a market written in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from simweb.engine import Faulty
from simweb.scenarios.documents.sections import Complaints, Section
from simweb.scenarios.documents.suggestions import shown
from simweb.scenarios.documents.yaml_text import UNREADABLE, read_yaml
from simweb.scenarios.payments.files.bank_sections import read_banks, read_names
from simweb.scenarios.payments.files.cost_section import read_costs
from simweb.scenarios.payments.files.event_sections import read_events
from simweb.scenarios.payments.files.foreseen import foresee
from simweb.scenarios.payments.files.other_words import OTHER_WORDS
from simweb.scenarios.payments.market import MOST_TICKS, LiquiditySaving, Market

MOST_SEED = 2**64 - 1
RUSH = 0.8  # the part of a day after which policies see its end near
QUEUES = {"fifo": False, "Fifo": False, "priority_deadline": True}

# Settings that other programs know and this one does not: the values that change nothing, and what to do about the rest.
NOT_SUPPORTED: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "priority_mode": (
        (False,),
        "Queue 2 is served by submission here, not by classes of priority. Remove priority_mode.",
    ),
    "priority_escalation": (
        (False, {"enabled": False}),
        "Priorities do not rise as deadlines come near here. Remove priority_escalation.",
    ),
    "entry_disposition_offsetting": (
        (False,),
        "Payments are not offset as they enter Queue 2 here, but after its pass. Remove entry_disposition_offsetting.",
    ),
    "algorithm_sequencing": (
        (False,),
        "The order of settlement and liquidity saving is fixed here. Remove algorithm_sequencing.",
    ),
    "eod_rush_threshold": ((RUSH,), f"The end of a day is near after {RUSH} of it, always. Remove eod_rush_threshold."),
    "policy_feature_toggles": (
        (),
        "The language of policies is not limited by a scenario here. Remove policy_feature_toggles.",
    ),
    "cost_feature_toggles": (
        (),
        "Costs are not limited by a scenario here; set a rate to 0. Remove cost_feature_toggles.",
    ),
}


@lru_cache(maxsize=8)  # a form asks for the same text again and again
def read_scenario(text: str) -> Market:
    """The market that a scenario file describes. Raises Faulty with all that is wrong with it, each with its path and line."""
    document = read_yaml(text)
    complaints = Complaints(document, OTHER_WORDS)
    if not isinstance(document.value, dict):
        if document.value is not UNREADABLE:
            complaints.add(f'Write fields here, such as "simulation" and "agents", not {shown(document.value)}.', ())
        raise Faulty(complaints.sorted())
    market = _market(Section(complaints, (), document.value))
    if not complaints.found:
        for message, path in foresee(market):
            complaints.add(message, path)
    if complaints.found:
        raise Faulty(complaints.sorted())
    return market


def _market(top: Section) -> Market:
    ticks_per_day, days, seed = _simulation(top)
    divisible = top.flag("divisible_payments", False)
    names = read_names(top)
    market = Market(
        ticks_per_day=ticks_per_day,
        days=days,
        seed=seed,
        banks=read_banks(top, names),
        costs=read_costs(top, divisible_payments=divisible),
        saving=_saving(top),
        events=read_events(top, names, ticks_per_day * days),
        deferred_crediting=top.flag("deferred_crediting", False),
        deadline_cap_at_eod=top.flag("deadline_cap_at_eod", False),
        divisible_payments=divisible,
        priority_queue=QUEUES.get(top.word("queue1_ordering", QUEUES), False),
        daily_reallocation=top.flag("daily_liquidity_reallocation", True),
    )
    _refuse_not_supported(top)
    top.close()
    return market


def _simulation(top: Section) -> tuple[int, int, int]:
    """Ticks in a day, days and seed; of a length that cannot be read, 0."""
    said = top.section("simulation", required=True)
    if said is None:
        return (0, 0, 0)
    ticks = said.integer("ticks_per_day", 0, 1, MOST_TICKS, required=True)
    days = said.integer("num_days", 0, 1, MOST_TICKS, required=True)
    seed = said.integer("rng_seed", 0, 0, MOST_SEED, required=True)
    if ticks * days > MOST_TICKS:
        said.complain("num_days", f"The run would have {ticks * days:,} ticks; at most {MOST_TICKS:,} can be played.")
    said.close()
    return (ticks, days, seed)


def _saving(top: Section) -> LiquiditySaving:
    said = top.section("lsm_config")
    if said is None:
        return LiquiditySaving()
    saving = LiquiditySaving(
        bilateral=said.flag("enable_bilateral", True),
        cycles=said.flag("enable_cycles", True),
        longest_cycle=said.integer("max_cycle_length", 4, 3, 10),
        most_cycles=said.integer("max_cycles_per_tick", 10, 1, 100),
    )
    said.close()
    return saving


def _refuse_not_supported(top: Section) -> None:
    for key, (harmless, message) in NOT_SUPPORTED.items():
        value = top.raw(key)
        asks_nothing = isinstance(value, dict) and value.get("enabled") is False and {"enabled": False} in harmless
        if value is not None and value not in harmless and not asks_nothing:
            top.complain(key, message)
