"""Payments that come by chance, as a scenario file says them: `arrival_config`, `arrival_bands`, distributions."""

from __future__ import annotations

from collections.abc import Mapping

from simweb.scenarios.documents.sections import Section, is_number, whole_number
from simweb.scenarios.documents.suggestions import shown
from simweb.scenarios.documents.yaml_text import UNREADABLE
from simweb.scenarios.payments.market import (
    HIGHEST_PRIORITY,
    MOST_AMOUNT,
    MOST_TICKS,
    NORMAL,
    URGENT,
    Amounts,
    Arrivals,
    Priorities,
)

MOST_RATE = 700.0  # per tick: above it, exp(−rate) of the count's algorithm vanishes
MOST_WEIGHT = 1e9

BANDS = {"urgent": (URGENT, HIGHEST_PRIORITY), "normal": (NORMAL, URGENT - 1), "low": (0, NORMAL - 1)}
NO_AMOUNTS = Amounts("Uniform", 1, 1)  # where a fault has been noted


def read_arrivals(bank: Section, owner: str, names: Mapping[str, int]) -> tuple[Arrivals, ...]:
    """What a bank pays by chance; of bands: urgent, normal, low, as far as they are given."""
    if bank.has("arrival_config") and bank.has("arrival_bands"):
        bank.complain("arrival_bands", "Give arrival_config or arrival_bands, not both.")
    if len(names) < 2 and (bank.has("arrival_config") or bank.has("arrival_bands")):
        bank.complain("id", f"{owner} has payments to make, but there is no other bank to pay. Add one.")
    found = []
    if config := bank.section("arrival_config"):
        found.append(_of_config(config, owner, names))
    if bands := bank.section("arrival_bands"):
        found += _of_bands(bands, owner, names)
    return tuple(found)


def _of_config(config: Section, owner: str, names: Mapping[str, int]) -> Arrivals:
    arrivals = Arrivals(
        rate=_rate(config),
        amounts=_amounts(config),
        weights=_weights(config, owner, names),
        deadline=_deadline_range(config),
        priorities=_priorities(config),
        divisible=config.flag("divisible", False),
    )
    config.close()
    return arrivals


def _of_bands(bands: Section, owner: str, names: Mapping[str, int]) -> list[Arrivals]:
    found = []
    for name, priorities in BANDS.items():
        if band := bands.section(name):
            least = band.integer("deadline_offset_min", 1, 1, MOST_TICKS, required=True)
            greatest = band.integer("deadline_offset_max", MOST_TICKS, 1, MOST_TICKS, required=True)
            if greatest < least:
                band.complain("deadline_offset_max", f"This must be at least deadline_offset_min, which is {least:,}.")
            found.append(
                Arrivals(
                    rate=_rate(band),
                    amounts=_amounts(band),
                    weights=_weights(band, owner, names),
                    deadline=(least, greatest),
                    priorities=Priorities("Uniform", priorities),
                    divisible=band.flag("divisible", False),
                )
            )
            band.close()
    if not any(bands.has(name) for name in BANDS):
        bands.complaints.add("Give at least one of urgent, normal and low.", bands.path)
    bands.close()
    return found


def _rate(arrivals: Section) -> float:
    return arrivals.number("rate_per_tick", 0.0, 0, MOST_RATE, required=True)


def _deadline_range(config: Section) -> tuple[int, int]:
    given = config.required("deadline_range")
    value = config.raw("deadline_range")
    ends = value if isinstance(value, list) else [value]
    if not given or value is None or UNREADABLE in ends:
        return (1, 1)
    match [whole_number(end) for end in ends]:
        case [int() as least, int() as greatest] if 1 <= least <= greatest <= MOST_TICKS:
            return (least, greatest)
    config.complain(
        "deadline_range",
        f"Write the least and the greatest number of ticks here, such as [3, 8], from 1 to {MOST_TICKS:,} and the least first.",
    )
    return (1, 1)


def _weights(arrivals: Section, owner: str, names: Mapping[str, int]) -> dict[str, float]:
    weights = {}
    for name, block in arrivals.by_bank("counterparty_weights", names, owner):
        weights[name] = block.number(name, 1.0, 0, MOST_WEIGHT)
    others = [name for name in names if name != owner]
    if weights and not any(weights.get(name, 1.0) for name in others):
        arrivals.complain(
            "counterparty_weights", "All weights are 0, so nobody can be paid. Give at least one bank a weight above 0."
        )
    return weights


def _amounts(arrivals: Section) -> Amounts:
    said = arrivals.section("amount_distribution", required=True)
    if said is None:
        return NO_AMOUNTS
    amounts = _amounts_of(said, said.word("type", ("Normal", "LogNormal", "Uniform", "Exponential"), required=True))
    return amounts or NO_AMOUNTS


def _amounts_of(said: Section, kind: str) -> Amounts | None:
    """None where the kind is not known; then nothing can be said of the other fields."""
    amounts = None
    if kind == "Normal":
        amounts = Amounts("Normal", *_moments(said))
    elif kind == "LogNormal":
        amounts = Amounts("LogNormal", *_moments(said))
    elif kind == "Uniform":
        least = said.integer("min", 1, 1, MOST_AMOUNT, required=True)
        greatest = said.integer("max", MOST_AMOUNT, 1, MOST_AMOUNT, required=True)
        if greatest < least:
            said.complain("max", f"This must be at least min, which is {least:,}.")
        amounts = Amounts("Uniform", least, greatest)
    elif kind == "Exponential":
        amounts = Amounts("Exponential", said.number("lambda", 1.0, 1 / MOST_AMOUNT, 1, required=True))
    if amounts:
        said.close()
    return amounts


def _moments(said: Section) -> tuple[float, float]:
    """Mean and standard deviation of the amount itself, of LogNormal, too."""
    mean = said.number("mean", 1.0, 1, MOST_AMOUNT, required=True)
    return mean, said.number("std_dev", 0.0, 0, MOST_AMOUNT, required=True)


def _priorities(config: Section) -> Priorities:
    fixed = config.integer("priority", 5, 0, HIGHEST_PRIORITY)
    said = config.section("priority_distribution")
    if said is None:
        return Priorities("Fixed", (fixed,))
    if config.has("priority"):
        config.complain("priority", "Give priority or priority_distribution, not both.")
    kind = said.word("type", ("Fixed", "Categorical", "Uniform"), required=True)
    found = Priorities("Fixed", (fixed,))
    if kind == "Fixed":
        found = Priorities("Fixed", (said.integer("value", 5, 0, HIGHEST_PRIORITY, required=True),))
    elif kind == "Uniform":
        least = said.integer("min", 0, 0, HIGHEST_PRIORITY, required=True)
        greatest = said.integer("max", HIGHEST_PRIORITY, 0, HIGHEST_PRIORITY, required=True)
        if greatest < least:
            said.complain("max", f"This must be at least min, which is {least}.")
        found = Priorities("Uniform", (least, greatest))
    elif kind == "Categorical":
        found = _categories(said)
    if kind:
        said.close()
    return found


def _categories(said: Section) -> Priorities:
    values, weights = [], []
    for key in ("values", "weights"):
        said.required(key)
    for index, value in enumerate(said.items("values")):
        whole = whole_number(value)
        if value is UNREADABLE:
            continue
        if whole is None or not 0 <= whole <= HIGHEST_PRIORITY:
            message = f"Write a whole number from 0 to {HIGHEST_PRIORITY} here, not {shown(value)}."
            said.complaints.add(message, (*said.path, "values", index))
        else:
            values.append(whole)
    for index, value in enumerate(said.items("weights")):
        if value is UNREADABLE:
            continue
        if not is_number(value) or not 0 <= value <= MOST_WEIGHT:
            message = f"Write a number from 0 to {MOST_WEIGHT:,.0f} here, not {shown(value)}."
            said.complaints.add(message, (*said.path, "weights", index))
        else:
            weights.append(float(value))
    _judge_categories(said)
    return Priorities("Categorical", tuple(values), tuple(weights))


def _judge_categories(said: Section) -> None:
    values, weights = said.raw("values"), said.raw("weights")
    if not isinstance(values, list) or not isinstance(weights, list):
        return
    if not values or len(values) != len(weights):
        said.complain(
            "weights", f"Give each value a weight: there are {len(values)} values and {len(weights)} weights."
        )
    elif not any(is_number(weight) and weight > 0 for weight in weights):
        said.complain(
            "weights", "All weights are 0, so there is no priority to choose. Give at least one value a weight above 0."
        )
