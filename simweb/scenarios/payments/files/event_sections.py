"""What happens at set ticks, as a scenario file says it: `scenario_events`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from simweb.scenarios.documents.sections import Section
from simweb.scenarios.payments.market import HIGHEST_PRIORITY, MOST_AMOUNT, MOST_TICKS, Event, EventKind

MOST_FACTOR = 1_000.0
LEAST_FACTOR = 0.001  # of a window of deadlines, which must not vanish
MOST_WEIGHT = 1e9

Names = Mapping[str, int]


def read_events(top: Section, names: Names, ticks: int) -> tuple[Event, ...]:
    """The list `scenario_events`, in its order, which is that in which events of one tick happen."""
    events = (_event(said, names, ticks) for said in top.sections("scenario_events"))
    return tuple(event for event in events if event)


def _event(said: Section, names: Names, ticks: int) -> Event | None:
    kind = said.word("type", get_args(EventKind), required=True)
    tick, interval = _schedule(said, ticks)
    if kind not in FIELDS:
        return None  # nothing can be said of the other fields
    event = Event(kind=kind, tick=tick, interval=interval, **FIELDS[kind](said, names))  # type: ignore[arg-type]  # one of the words
    said.close()
    return event


def _schedule(event: Section, ticks: int) -> tuple[int, int | None]:
    said = event.section("schedule", required=True)
    if said is None:
        return (0, None)
    kind = said.word("type", ("OneTime", "Repeating"), required=True)
    if not kind:
        return (0, None)
    key = "tick" if kind == "OneTime" else "start_tick"
    tick = said.integer(key, 0, 0, MOST_TICKS, required=True)
    if ticks and tick >= ticks:
        said.complain(key, f"This never happens: the run has {ticks:,} ticks, from 0 to {ticks - 1:,}.")
    interval = said.integer("interval", 1, 1, MOST_TICKS, required=True) if kind == "Repeating" else None
    said.close()
    return (tick, interval)


def _transfer(said: Section, names: Names) -> dict[str, Any]:
    sender, receiver = said.bank("from_agent", names), said.bank("to_agent", names)
    if sender and sender == receiver:
        said.complain("to_agent", f"{sender} cannot pay itself. Name another bank.")
    return {"bank": sender, "other": receiver, "amount": said.integer("amount", 1, 1, MOST_AMOUNT, required=True)}


def _payment(said: Section, names: Names) -> dict[str, Any]:
    return {
        **_transfer(said, names),
        "priority": said.integer("priority", 5, 0, HIGHEST_PRIORITY),
        "deadline": said.optional_integer("deadline", 1, MOST_TICKS),
        "divisible": said.flag("is_divisible", False),
    }


def _collateral(said: Section, names: Names) -> dict[str, Any]:
    return {
        "bank": said.bank("agent", names),
        "amount": said.integer("delta", 0, -MOST_AMOUNT, MOST_AMOUNT, required=True),
    }


def _all_rates(said: Section, names: Names) -> dict[str, Any]:
    return {"factor": said.number("multiplier", 1.0, 0, MOST_FACTOR, required=True)}


def _rate(said: Section, names: Names) -> dict[str, Any]:
    return {"bank": said.bank("agent", names), **_all_rates(said, names)}


def _weight(said: Section, names: Names) -> dict[str, Any]:
    bank, other = said.bank("agent", names), said.bank("counterparty", names)
    if bank and bank == other:
        said.complain("counterparty", f"{bank} cannot be its own counterparty. Name another bank.")
    if said.flag("auto_balance_others", False):
        said.complain(
            "auto_balance_others",
            "Other weights are not balanced here. Remove this, and change each weight by an event.",
        )
    return {"bank": bank, "other": other, "factor": said.number("new_weight", 1.0, 0, MOST_WEIGHT, required=True)}


def _window(said: Section, names: Names) -> dict[str, Any]:
    keys = ("min_ticks_multiplier", "max_ticks_multiplier")
    if not (said.has(keys[0]) | said.has(keys[1])):
        said.complaints.add(f"Give {keys[0]}, {keys[1]} or both.", said.path)
    least, greatest = (said.number(key, 1.0, LEAST_FACTOR, MOST_FACTOR) for key in keys)
    return {"factor": least, "second_factor": greatest}


FIELDS: Mapping[str, Callable[[Section, Names], dict[str, Any]]] = {
    "DirectTransfer": _transfer,
    "CustomTransactionArrival": _payment,
    "ScheduledSettlement": _transfer,
    "CollateralAdjustment": _collateral,
    "GlobalArrivalRateChange": _all_rates,
    "AgentArrivalRateChange": _rate,
    "CounterpartyWeightChange": _weight,
    "DeadlineWindowChange": _window,
}
