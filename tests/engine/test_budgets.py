"""Budgets: never passed, unless a call uses more than it said it could."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simweb.engine import Amount, Budget, BudgetExceeded


def test_what_fits_is_set_aside_and_what_it_used_is_counted() -> None:
    budget = Budget(tokens=100, cost_usd=1.0)
    reserved = budget.reserve(Amount(80, 0.8))
    assert (budget.reserved, budget.spent) == (Amount(80, 0.8), Amount())
    budget.settle(reserved, Amount(30, 0.3))
    assert (budget.reserved.tokens, budget.spent) == (0, Amount(30, 0.3))
    budget.reserve(Amount(70, 0.7))


def test_a_call_that_might_pass_the_budget_is_refused_and_sets_nothing_aside() -> None:
    budget = Budget(tokens=100)
    budget.reserve(Amount(60))
    with pytest.raises(BudgetExceeded, match="may use 41 tokens, and of the budget of 100 only 40 are left"):
        budget.reserve(Amount(41))
    assert budget.reserved.tokens == 60


def test_money_is_counted_too() -> None:
    budget = Budget(cost_usd=0.5, spent=Amount(10, 0.45))
    with pytest.raises(BudgetExceeded, match=r"may cost 0\.1000 USD, and of the budget of 0\.50 USD only 0\.0500"):
        budget.reserve(Amount(5, 0.1))
    budget.reserve(Amount(5, 0.05))


def test_a_price_that_nobody_knows_refuses_a_budget_of_money_only() -> None:
    Budget(tokens=10).reserve(Amount(10, None))
    with pytest.raises(BudgetExceeded, match=r"price of the model is not known.*budget in tokens"):
        Budget(tokens=10, cost_usd=9.0).reserve(Amount(1, None))


def test_without_bounds_everything_fits() -> None:
    Budget().reserve(Amount(10**12, None))


class Slow(Budget):
    """Between looking and setting aside, another thread gets its turn."""

    def _refuse(self, most: Amount) -> None:
        super()._refuse(most)
        self.looked.wait(0.01)

    looked = Event()


def test_many_threads_do_not_pass_it_together() -> None:
    budget, together = Slow(tokens=20), Barrier(8)

    def work(_: int) -> int:
        together.wait()
        try:
            budget.settle(budget.reserve(Amount(3)), Amount(3))
        except BudgetExceeded:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 6
    assert (budget.spent.tokens, budget.reserved.tokens) == (18, 0)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 90))))
def test_it_is_passed_by_no_more_than_a_call_uses_beyond_what_it_reserved(calls: list[tuple[int, int]]) -> None:
    budget, beyond = Budget(tokens=200), 0
    for most, used in calls:
        try:
            reserved = budget.reserve(Amount(most))
        except BudgetExceeded:
            continue
        budget.settle(reserved, Amount(used))
        beyond = max(beyond, 0) + max(used - most, 0)
    assert budget.spent.tokens <= 200 + beyond
