"""Tally: what is summed up over the ticks of a run, beyond what the accounts hold."""

from __future__ import annotations

from collections.abc import Sequence

from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.records import Happening
from simweb.scenarios.payments.system import KINDS, System


class Tally:
    """Reads the system after each tick."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._costs = {bank: dict.fromkeys(KINDS, 0) for bank in system.names}
        self._began: dict[str, int] = {}
        self._used = dict.fromkeys(system.names, 0)
        self._ways = dict.fromkeys(codes.WAYS, 0)

    def begin_tick(self) -> None:
        """Before a tick is played; on the first of a day, where the balances begin."""
        self._is_morning = self._system.tick % self._system.blueprint.market.ticks_per_day == 0

    def end_tick(self, log: Sequence[Happening]) -> None:
        """Add what the tick has brought."""
        for bank, kinds in self._system.costs_of_tick().items():
            for kind, cents in kinds.items():
                self._costs[bank][kind] += cents
        if self._is_morning:
            self._began = self._system.figures("opening")
        for bank, balance in self._system.figures("balance").items():
            self._used[bank] = max(self._used[bank], self._began[bank] - balance)
        for row in log:
            if row.kind == codes.PAID:
                self._ways[codes.WAYS[row.detail]] += 1

    def cost_by_kind(self) -> dict[str, int]:
        """`BANK_A.delay` → cents."""
        return {f"{bank}.{kind}": cents for bank, kinds in self._costs.items() for kind, cents in kinds.items()}

    def liquidity_used(self) -> dict[str, int]:
        """By bank."""
        return dict(self._used)

    def settled_by(self) -> dict[str, int]:
        """By the way of settling; a payment that is paid in parts counts with each."""
        return dict(self._ways)

    def settlement_rate(self) -> float | None:
        """Of all payments that have arrived; None when none has."""
        arrived, settled = sum(self._arrived().values()), sum(self._system.figures("settled_count").values())
        return settled / arrived if arrived else None

    def settlement_rates(self) -> dict[str, float | None]:
        """The same by bank."""
        settled = self._system.figures("settled_count")
        return {bank: settled[bank] / count if count else None for bank, count in self._arrived().items()}

    def unsettled(self) -> int:
        """Payments that have arrived and are not settled."""
        return sum(self._arrived().values()) - sum(self._system.figures("settled_count").values())

    def delays(self) -> dict[str, float | None]:
        """Mean ticks from arrival to settlement (not to now: trap 7 of the description), by bank."""
        ticks, counts = self._system.figures("settled_delay"), self._system.figures("settled_count")
        return {bank: ticks[bank] / counts[bank] if counts[bank] else None for bank in ticks}

    def _arrived(self) -> dict[str, int]:
        return self._system.figures("arrived_count")
