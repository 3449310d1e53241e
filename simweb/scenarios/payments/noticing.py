"""What is worth telling of a tick: decisions of banks, with the path through their tree, and problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simweb.engine import Decision, Option, Problem, Settled
from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Happening
from simweb.scenarios.payments.system import System

MOST_DECISIONS = 50  # of a tick, the largest payments first: a day of 200 banks must not fill a database
OPTIONS = (
    Option("release", "submit it to settlement now"),
    Option("split", "submit it in equal parts"),
    Option("hold", "keep it in Queue 1"),
)
CHOSEN = {codes.HELD: "hold", codes.OVER_BUDGET: "hold", codes.SPLIT: "split", codes.RELEASED: "release"}


def money(cents: int) -> str:
    """`123,450 cents`."""
    return "1 cent" if cents == 1 else f"{cents:,} cents"


def _ticks(count: int) -> str:
    return "a tick" if count == 1 else f"{count} ticks"


class Noticing:
    """Reads what happened, tick by tick. A payment that is held is one decision, settled when the payment is."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._held: dict[int, int] = {}  # payment → the tick since when
        self._told: set[int] = set()
        self._faulty: set[int] = set()
        self._is_stuck = False

    def decisions(self, log: Sequence[Happening]) -> list[Decision]:
        """Payments held for the first time, split, or released on credit that costs."""
        notable = [row for row in log if row.kind in CHOSEN and self._is_notable(row)]
        notable.sort(key=lambda row: (-self._amount(row), row.payment))
        for row in notable:
            if CHOSEN[row.kind] == "hold":
                self._held[row.payment] = self._system.tick - 1
        told = sorted(notable[:MOST_DECISIONS], key=lambda row: row.payment)
        self._told.update(row.payment for row in told if CHOSEN[row.kind] == "hold")
        return [self._decision(row) for row in told]

    def settled(self, log: Sequence[Happening]) -> list[Settled]:
        """What came of payments that were held and told of."""
        found = []
        for row in log:
            if row.kind not in (codes.PAID, codes.REMOVED) or row.payment not in self._told:
                continue
            payment = self._system.payments[row.payment]
            if row.kind == codes.PAID and payment.remaining > 0:
                continue  # a part of it
            self._told.discard(row.payment)
            found.append(self._fate(row, payment))
        return found

    def problems(self, log: Sequence[Happening]) -> Iterator[Problem]:
        """Overdue, gridlock, unsettled at the end of a day, and policies that could not be computed."""
        yield from self._overdue([row for row in log if row.kind == codes.OVERDUE])
        yield from self._gridlock(log)
        yield from self._policy_faults(log)
        if self._system.tick % self._system.blueprint.market.ticks_per_day == 0:
            yield from self._unsettled()

    def _is_notable(self, row: Happening) -> bool:
        if CHOSEN[row.kind] == "hold":
            return row.payment not in self._held
        if row.kind == codes.SPLIT:
            return True
        account = self._system.account(row.bank)
        return bool(account.cost_overdraft > 0 and self._system.payments[row.payment].settled_tick != codes.NONE)

    def _amount(self, row: Happening) -> int:
        return int(self._system.payments[row.payment].amount)

    def _decision(self, row: Happening) -> Decision:
        payment, names = self._system.payments[row.payment], self._system.names
        chosen, bank = CHOSEN[row.kind], names[row.bank]
        path = (
            self._system.blueprint.program.path_to(row.detail) if row.detail != codes.NONE else "no answer of the tree"
        )
        over = "; but that is over the release budget" if row.kind == codes.OVER_BUDGET else ""
        is_held = chosen == "hold"
        return Decision(
            agent=bank,
            intent=f"pay {money(int(payment.amount))} to {names[row.other]} (payment {row.payment})",
            decision_type="payment",
            options=OPTIONS,
            chosen=chosen,
            reasoning=path + over,
            context=self._context(payment),
            outcome="pending" if is_held else "success",
            summary="" if is_held else self._summary(row),
            key=f"payment {row.payment}" if is_held else "",
            node=self._system.blueprint.program.ids[row.detail] if row.detail != codes.NONE else "",
        )

    def _context(self, payment: Any) -> dict[str, int]:
        names = ("amount", "arrival", "deadline", "priority")
        return {"tick": self._system.tick - 1, **{name: int(getattr(payment, name)) for name in names}}

    def _summary(self, row: Happening) -> str:
        if row.kind == codes.SPLIT:
            friction = self._system.blueprint.market.costs.split_friction * (row.amount - 1)
            return f"split into {row.amount} parts, at {money(friction)}"
        cost = int(self._system.account(row.bank).cost_overdraft)
        return f"paid on credit; the overdraft of {self._system.names[row.bank]} costs {money(cost)} this tick"

    def _fate(self, row: Happening, payment: Any) -> Settled:
        ticks = self._system.tick - 1 - self._held[row.payment]
        key = f"payment {row.payment}"
        if row.kind == codes.REMOVED:
            return Settled(key, "failure", error=f"It was dropped {_ticks(ticks)} later.")
        if payment.settled_tick > payment.deadline:
            return Settled(key, "failure", error=f"It was settled {_ticks(ticks)} later, after its deadline.")
        return Settled(key, "success", summary=f"Settled {_ticks(ticks)} later, in time.")

    def _overdue(self, rows: list[Happening]) -> Iterator[Problem]:
        if not rows:
            return
        worst = max(rows, key=lambda row: row.amount)
        names, value = self._system.names, sum(row.amount for row in rows)
        which = "A payment" if len(rows) == 1 else f"{len(rows)} payments"
        largest = f"payment {worst.payment}, {money(worst.amount)} from {names[worst.bank]} to {names[worst.other]}"
        yield Problem(
            "warning",
            f"{which} worth {money(value)} became overdue in tick {self._system.tick - 1}; the largest: {largest}.",
            root_cause="Held back by the bank, or left waiting for liquidity, beyond its deadline.",
            suggested_fix="Put in more liquidity, or release earlier. The life of the payment shows what it waited for.",
        )

    def _gridlock(self, log: Sequence[Happening]) -> Iterator[Problem]:
        """Payments wait, none is settled, yet all could be at once (Bech and Soramäki 2001); told when it begins."""
        waiting = [self._system.payments[number] for number in self._system.queue2()]
        is_stuck = len(waiting) > 1 and not any(row.kind == codes.PAID for row in log)
        begins, self._is_stuck = is_stuck and not self._is_stuck, is_stuck
        if not begins:
            return
        value = money(sum(int(payment.remaining) for payment in waiting))
        what = f"{len(waiting)} payments worth {value} wait in Queue 2 since tick {self._system.tick - 1}, and none is settled"
        if self._could_all_settle(waiting):
            yield Problem(
                "critical",
                f"Gridlock: {what}, though all of them together could be.",
                root_cause="Each bank waits for what another owes it.",
                suggested_fix="Switch on liquidity saving (lsm_config), or put in more liquidity.",
            )
        else:
            yield Problem(
                "warning",
                f"Deadlock: {what}; together they could not be, either.",
                root_cause="Liquidity is lacking, not only its circulation.",
                suggested_fix="Put in more liquidity, or raise caps, collateral or limits.",
            )

    def _could_all_settle(self, waiting: Sequence[Any]) -> bool:
        net = [0] * len(self._system.names)
        for payment in waiting:
            net[payment.sender] += int(payment.remaining)
            net[payment.receiver] -= int(payment.remaining)
        return all(amount <= self._system.available_liquidity(bank) for bank, amount in enumerate(net) if amount > 0)

    def _policy_faults(self, log: Sequence[Happening]) -> Iterator[Problem]:
        for row in log:
            if row.kind == codes.POLICY_FAULT and row.detail not in self._faulty:
                self._faulty.add(row.detail)
                node = self._system.blueprint.program.ids[row.detail]
                yield Problem(
                    "warning",
                    f"The policy of {self._system.names[row.bank]} could not be computed at node {node!r} in tick "
                    f"{self._system.tick - 1}: it divides by zero, or gets no finite number. Nothing was done.",
                    suggested_fix="Use div0, or ask first whether the divisor is 0.",
                )

    def _unsettled(self) -> Iterator[Problem]:
        waiting = [self._system.payments[number] for number in (*self._system.queue1(), *self._system.queue2())]
        if not waiting:
            return
        day = self._system.tick // self._system.blueprint.market.ticks_per_day
        value, largest = sum(int(payment.remaining) for payment in waiting), self._largest()
        which = "A payment is" if len(waiting) == 1 else f"{len(waiting)} payments are"
        held, queued = len(self._system.queue1()), len(self._system.queue2())
        yield Problem(
            "warning",
            f"{which} not settled at the end of day {day}, worth {money(value)}; the largest: {largest}.",
            root_cause=f"{held} held back in Queue 1, {queued} waiting in Queue 2.",
            suggested_fix="Put in more liquidity, or release earlier.",
        )

    def _largest(self) -> str:
        """Of the payments that wait."""
        payments, names = self._system.payments, self._system.names
        number = max((*self._system.queue1(), *self._system.queue2()), key=lambda one: int(payments[one].remaining))
        payment = payments[number]
        route = f"from {names[payment.sender]} to {names[payment.receiver]}"
        return f"payment {number}, {money(int(payment.remaining))} {route}"
