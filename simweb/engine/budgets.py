"""Budgets: tokens and money that calls of models may use, reserved before a call is made and settled after it."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

TOLERANCE = 1e-12  # USD: what sums of fractions of a cent may be off


class BudgetExceeded(Exception):
    """A call was not made, as it might have passed the budget; the message says by how much, and what to change."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens and USD; `cost_usd` is None where nobody knows the price."""

    tokens: int = 0
    cost_usd: float | None = 0.0

    def __add__(self, other: Amount) -> Amount:
        """The sum; what is not known counts as nothing."""
        return Amount(self.tokens + other.tokens, (self.cost_usd or 0.0) + (other.cost_usd or 0.0))

    def __sub__(self, other: Amount) -> Amount:
        """The difference, likewise."""
        return Amount(self.tokens - other.tokens, (self.cost_usd or 0.0) - (other.cost_usd or 0.0))


class Budget:
    """What a run may spend on calls; None is without bound. It is not passed, unless a call uses more than was reserved for it.

    Any number of threads may share one.
    """

    def __init__(
        self, tokens: int | None = None, cost_usd: float | None = None, *, spent: Amount | None = None
    ) -> None:
        self.tokens = tokens
        self.cost_usd = cost_usd
        self._spent = spent or Amount()
        self._reserved = Amount()
        self._lock = Lock()

    @property
    def spent(self) -> Amount:
        """By calls that are settled."""
        return self._spent

    @property
    def reserved(self) -> Amount:
        """For calls that are in flight."""
        return self._reserved

    def reserve(self, most: Amount) -> Amount:
        """Set aside the most that a call can use; what is returned must be settled. Raises BudgetExceeded: then nothing is."""
        with self._lock:
            self._refuse(most)
            self._reserved += most
        return most

    def settle(self, reserved: Amount, used: Amount) -> None:
        """Give back what was set aside, and count what the call has used."""
        with self._lock:
            self._reserved -= reserved
            self._spent += used

    def _refuse(self, most: Amount) -> None:
        taken = self._spent + self._reserved
        if self.tokens is not None and taken.tokens + most.tokens > self.tokens:
            raise BudgetExceeded(
                f"The next call may use {most.tokens:,} tokens, and of the budget of {self.tokens:,} only "
                f"{max(self.tokens - taken.tokens, 0):,} are left. Raise the budget, or let answers be shorter."
            )
        if self.cost_usd is None:
            return
        if most.cost_usd is None:
            raise BudgetExceeded(
                "The price of the model is not known, so a budget in USD cannot be kept. Give a budget in tokens instead."
            )
        left = self.cost_usd - (taken.cost_usd or 0.0)
        if most.cost_usd > left + TOLERANCE:
            raise BudgetExceeded(
                f"The next call may cost {most.cost_usd:,.4f} USD, and of the budget of {self.cost_usd:,.2f} USD only "
                f"{max(left, 0.0):,.4f} are left. Raise the budget, or let answers be shorter."
            )
