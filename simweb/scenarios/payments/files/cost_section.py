"""What banks are charged, as a scenario file says it: `cost_rates`."""

from __future__ import annotations

from simweb.scenarios.documents.sections import Section, is_number
from simweb.scenarios.documents.suggestions import shown
from simweb.scenarios.payments.market import MOST_AMOUNT, Costs, Penalty

# Bounds of what can be meant; they keep every product of a rate and a sum of money within 2**63.
MOST_BPS = 10_000.0  # the whole amount, each tick
MOST_DELAY = 10.0  # cents per tick and cent
MOST_MULTIPLIER = 100.0
MOST_PENALTY_BPS = 1_000_000.0

STANDARD = Costs()


def read_costs(top: Section, *, divisible_payments: bool) -> Costs:
    """The block `cost_rates`; what it does not say has the described default."""
    said = top.section("cost_rates")
    if said is None:
        return STANDARD
    urgent, normal, low = _multipliers(said)
    costs = Costs(
        overdraft_bps=said.number("overdraft_bps_per_tick", STANDARD.overdraft_bps, 0, MOST_BPS),
        delay_per_cent=said.number("delay_cost_per_tick_per_cent", STANDARD.delay_per_cent, 0, MOST_DELAY),
        overdue_multiplier=said.number("overdue_delay_multiplier", STANDARD.overdue_multiplier, 0, MOST_MULTIPLIER),
        urgent_multiplier=urgent,
        normal_multiplier=normal,
        low_multiplier=low,
        collateral_bps=said.number("collateral_cost_per_tick_bps", STANDARD.collateral_bps, 0, MOST_BPS),
        liquidity_bps=said.number("liquidity_cost_per_tick_bps", STANDARD.liquidity_bps, 0, MOST_BPS),
        deadline_penalty=_penalty(said, "deadline_penalty", STANDARD.deadline_penalty),
        end_of_day_penalty=_penalty(said, _end_of_day_key(said), STANDARD.end_of_day_penalty),
        split_friction=said.integer("split_friction_cost", STANDARD.split_friction, 0, MOST_AMOUNT),
        borrowing_bps=said.number("end_of_day_borrowing_bps", STANDARD.borrowing_bps, 0, MOST_BPS),
    )
    if said.has("end_of_day_borrowing_bps") and not divisible_payments:
        message = "Only where payments are divisible is money borrowed. Add divisible_payments: true, or remove this."
        said.complain("end_of_day_borrowing_bps", message)
    said.close()
    return costs


def _end_of_day_key(said: Section) -> str:
    """The penalty at the end of a day, whose name in files has changed."""
    earlier, later = "eod_penalty_per_transaction", "eod_penalty"
    if said.has(earlier) and said.has(later):
        said.complain(later, f"Give {earlier} or {later}, not both.")
    return later if said.has(later) else earlier


def _multipliers(costs: Section) -> tuple[float, float, float]:
    """Of the delay of urgent, normal and low payments; `urgent_multiplier` may be written `urgent`, and so on."""
    said = costs.section("priority_delay_multipliers")
    if said is None:
        return (1.0, 1.0, 1.0)
    found = []
    for band in ("urgent", "normal", "low"):
        full = f"{band}_multiplier"
        if said.has(full) and said.has(band):
            said.complain(band, f"Give {full} or {band}, not both.")
        found.append(said.number(full if said.has(full) else band, 1.0, 0, MOST_MULTIPLIER))
    said.close()
    return (found[0], found[1], found[2])


def _penalty(costs: Section, key: str, default: Penalty) -> Penalty:
    """A number of cents, `{mode: fixed, amount}` or `{mode: rate, bps_per_event}`."""
    value = costs.raw(key)
    if value is None:
        return default
    if is_number(value):
        return Penalty("fixed", costs.integer(key, default.amount, 0, MOST_AMOUNT))
    if not isinstance(value, dict):
        message = (
            f"Write cents here, {{mode: fixed, amount: …}} or {{mode: rate, bps_per_event: …}}, not {shown(value)}."
        )
        costs.complain(key, message)
        return default
    said = Section(costs.complaints, (*costs.path, key), value)
    mode = said.word("mode", ("fixed", "rate"), required=True)
    found = default
    if mode == "fixed":
        found = Penalty("fixed", amount=said.integer("amount", 0, 0, MOST_AMOUNT, required=True))
    elif mode == "rate":
        found = Penalty("rate", bps=said.number("bps_per_event", 0.0, 0, MOST_PENALTY_BPS, required=True))
    if mode:
        said.close()
    return found
