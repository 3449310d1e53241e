"""A market told to who decides for one of its banks: its rules, and one day as that bank saw it, with every cent of its cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simweb.scenarios.payments.cost_shares import KIND_TITLES
from simweb.scenarios.payments.market import Bank, Costs, Market, Penalty
from simweb.scenarios.payments.noticing import money
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Happening
from simweb.scenarios.payments.system import KINDS, System

MOST_LINES = 400  # of what a bank saw
DECIDED = (codes.HELD, codes.RELEASED, codes.OVER_BUDGET, codes.REMOVED, codes.WITHDRAWN)
WAITS = {codes.QUEUED: "liquidity was lacking", codes.BEYOND_LIMIT: "it would pass a limit"}
PENALTIES = (codes.DEADLINE_PENALTY, codes.END_OF_DAY_PENALTY)


def told_market(market: Market) -> str:
    """The rules, the same for all banks, and nothing of any one of them."""
    return "\n".join(f"- {line}" for line in (*_rules(market), *_prices(market.costs, market)))


def _rules(market: Market) -> Iterator[str]:
    days = "1 day" if market.days == 1 else f"{market.days:,} days"
    yield (
        f"Banks pay each other through a settlement system, over {days} of {market.ticks_per_day:,} ticks, from tick 0 on. "
        "Money is in cents."
    )
    yield (
        "In each tick payments arrive in their sender's own queue, Queue 1; its policy releases or holds each of them; what is "
        "released is settled if the sender has enough liquidity, and else waits in Queue 2, which is tried again each tick."
    )
    yield "Liquidity is the balance, and what may be borrowed within the day. What others pay can be used again."
    when = "from the next tick on" if market.deferred_crediting else "at once"
    yield f"What a bank receives it can use {when}."
    if market.divisible_payments:
        yield "A payment is settled in part where liquidity is short; what is left at the end of a day is borrowed."
    if market.deadline_cap_at_eod:
        yield "No deadline is later than the end of its day."
    if any(bank.pool is not None for bank in market.banks):
        yield (
            "At the beginning of a day a bank puts a share of its liquidity pool into the system, its policy's parameter "
            "initial_liquidity_fraction, from 0 to 1. It pays for all that it put in, whether it uses it or not."
        )
    saving = [("bilateral offsetting", market.saving.bilateral), ("cycles", market.saving.cycles)]
    if names := " and ".join(name for name, is_on in saving if is_on):
        yield f"Payments in Queue 2 may be settled against each other: {names}."


def _prices(costs: Costs, market: Market) -> Iterator[str]:
    """Of what costs anything here."""
    per_tick = (
        (costs.liquidity_bps, "Liquidity put in from the pool", "basis points of it"),
        (costs.overdraft_bps, "An overdraft", "basis points of it"),
        (costs.collateral_bps, "Posted collateral", "basis points of it"),
        (costs.delay_per_cent, "The delay of each payment that is not settled", "of its amount"),
    )
    for rate, what, unit in per_tick:
        if rate:
            yield f"{what} costs {rate:g} {unit}, each tick."
    if costs.delay_per_cent and costs.overdue_multiplier != 1:
        yield f"Once a payment is past its deadline, its delay costs {costs.overdue_multiplier:g} times as much."
    bands = (costs.urgent_multiplier, costs.normal_multiplier, costs.low_multiplier)
    if any(band != 1 for band in bands):
        told = "{:g} for priorities from 8, {:g} from 4, {:g} below".format(*bands)
        yield f"Delay is multiplied by priority: {told}."
    if told := _penalty(costs.deadline_penalty):
        yield f"A payment that passes its deadline costs {told}, once."
    if told := _penalty(costs.end_of_day_penalty):
        yield f"A payment past its deadline that is not settled at the end of a day costs {told}."
    if costs.split_friction:
        yield f"Each part more into which a payment is split costs {money(costs.split_friction)}."
    if market.divisible_payments and costs.borrowing_bps:
        yield f"What is borrowed at the end of a day costs {costs.borrowing_bps:g} basis points of it."


def _penalty(penalty: Penalty) -> str:
    if penalty.mode == "rate":
        return f"{penalty.bps:g} basis points of its amount" if penalty.bps else ""
    return money(penalty.amount) if penalty.amount else ""


def told_bank(bank: Bank) -> str:
    """What a bank has."""
    has = (
        ("Opening balance", bank.opening_balance),
        ("Liquidity pool", bank.pool),
        ("Unsecured credit within the day, at most", bank.unsecured_cap or None),
        ("Posted collateral", bank.posted_collateral or None),
        ("At most paid to others in a day", bank.multilateral),
    )
    lines = [f"- {what}: {money(amount)}" for what, amount in has if amount is not None]
    return "\n".join(
        (*lines, *(f"- At most paid to {other} in a day: {money(most)}" for other, most in bank.bilateral.items()))
    )


@dataclass(slots=True)
class Diary:
    """What one bank saw of a day, and what it was charged, tick by tick. Payments have numbers of its own."""

    bank: str
    lines: list[str] = field(default_factory=list)
    charged: list[dict[str, int]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)

    def number(self, payment: int) -> str:
        """`payment 1`: the market's own numbers would tell how many payments others have."""
        return f"payment {self.numbers.setdefault(payment, len(self.numbers) + 1)}"

    def told(self) -> list[tuple[str, str]]:
        """Its cost, with the liquidity that was put in, and what it saw."""
        seen = self.lines[:MOST_LINES]
        if more := len(self.lines) - len(seen):
            seen.append(f"… and {more:,} lines more.")
        return [("What you were charged", self._costs()), ("What you saw", "\n".join(seen))]

    def _costs(self) -> str:
        totals = {kind: sum(costs[kind] for costs in self.charged) for kind in KINDS}
        kinds = [kind for kind in KINDS if totals[kind]]
        if not kinds:
            return "Nothing."
        heads = ("tick", *(KIND_TITLES[kind] for kind in kinds), "sum")
        rows: list[Sequence[object]] = [
            (tick, *(costs[kind] for kind in kinds), sum(costs.values()))
            for tick, costs in enumerate(self.charged)
            if any(costs.values())
        ]
        rows.append(("all", *(totals[kind] for kind in kinds), sum(totals.values())))
        return "\n".join((_row(heads), f"|{'---|' * len(heads)}", *map(_row, rows)))


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in cells)} |"


def diaries_of(system: System) -> dict[str, Diary]:
    """Of all banks, from a system that has not begun: it is played to its end."""
    diaries = {name: Diary(name) for name in system.names}
    while not system.is_over:
        tick, log = system.tick, system.play_tick()
        for name, costs in system.costs_of_tick().items():
            diaries[name].charged.append(costs)
        for row in log:
            for diary, line in _seen(system, diaries, row):
                diary.lines.append(f"tick {tick}: {line}")
        _close(system, diaries, tick)
    return diaries


def _close(system: System, diaries: Mapping[str, Diary], tick: int) -> None:
    """The end of a tick, for banks that have something to do."""
    for place, name in enumerate(system.names):
        account = system.account(place)
        waiting = int(account.queue1_count) + int(account.queue2_count)
        value = int(account.queue1_value) + int(account.queue2_value)
        told = f"; {money(value)} of yours not settled" if waiting else ""
        diaries[name].lines.append(f"tick {tick} ends: balance {money(int(account.balance))}{told}.")


def _seen(system: System, diaries: Mapping[str, Diary], row: Happening) -> Iterator[tuple[Diary, str]]:
    """Who sees what happened, and as what: the bank that acts all of it, the one that is paid its money alone."""
    own = diaries[system.names[row.bank]]
    other = system.names[row.other] if row.other != codes.NONE else ""
    if line := _own(system, own, row, other):
        yield own, line
    if row.kind in (codes.PAID, codes.TRANSFERRED) and other:
        yield diaries[other], f"{money(row.amount)} received from {own.bank}."


def _own(system: System, diary: Diary, row: Happening, other: str) -> str:
    """A line for the bank that acts; nothing for what says nothing new."""
    which = f"{diary.number(row.payment)} of {money(row.amount)} to {other}" if row.payment != codes.NONE else ""
    if row.kind == codes.ARRIVED:
        payment = system.payments[row.payment]
        return f"{which} arrived, priority {int(payment.priority)}, due by tick {int(payment.deadline)}."
    if row.kind in DECIDED:
        return f"{which}: {codes.HAPPENINGS[row.kind]}{_path(system, row)}."
    if row.kind == codes.PAID:
        return f"{which} settled {codes.WAYS[row.detail]}."
    if row.kind in WAITS:
        return f"{which} waits in Queue 2: {WAITS[row.kind]}."
    if row.kind == codes.OVERDUE:
        return f"{which} became overdue."
    if row.kind in PENALTIES:
        return f"{codes.HAPPENINGS[row.kind]} of {money(row.amount)} for {diary.number(row.payment)}."
    if row.kind == codes.SPLIT:
        return f"{diary.number(row.payment)} to {other} was split into {row.amount} parts."
    if row.kind == codes.TRANSFERRED:
        return f"{money(row.amount)} transferred to {other}."
    if row.kind in (codes.COLLATERAL, codes.BORROWED):
        return f"{codes.HAPPENINGS[row.kind]}: {money(row.amount)}."
    if row.kind == codes.POLICY_FAULT:
        return f"your policy could not be computed{_path(system, row)}; nothing was done."
    return ""


def _path(system: System, row: Happening) -> str:
    """By which way through the bank's own tree."""
    return f" ({system.blueprint.program.path_to(row.detail)})" if row.detail != codes.NONE else ""
