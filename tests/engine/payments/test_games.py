"""The ready-made scenarios."""

from __future__ import annotations

import contextlib
import io
from collections import Counter

import pytest

from bench import two_hundred_banks
from simweb.scenarios.payments.files.games import GAMES, game_text
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.market import Amounts, Arrivals, Market, Penalty

CASTRO = ("castro-1", "castro-2", "castro-3")


def game(key: str) -> Market:
    """A ready-made scenario as a market."""
    return read_scenario(game_text(key))


def test_there_are_the_six_games() -> None:
    assert list(GAMES) == [*CASTRO, "five-banks", "twenty-banks", "two-hundred-banks"]


@pytest.mark.parametrize("key", GAMES)
def test_every_game_is_a_scenario_file_without_a_fault(key: str) -> None:
    assert game(key).banks
    assert GAMES[key].title
    assert GAMES[key].sentence.endswith(".")


def test_a_game_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        game_text("castro-4")


@pytest.mark.parametrize(
    ("key", "ticks", "liquidity_bps", "pool"),
    [("castro-1", 2, 500, 100_000), ("castro-2", 12, 83, 1_000_000), ("castro-3", 3, 333, 100_000)],
)
def test_the_castro_games_have_the_published_values(key: str, ticks: int, liquidity_bps: float, pool: int) -> None:
    market, costs = game(key), game(key).costs
    assert (market.ticks_per_day, market.days, market.seed) == (ticks, 1, 42)
    assert market.deferred_crediting
    assert market.deadline_cap_at_eod
    assert (market.saving.bilateral, market.saving.cycles) == (False, False)
    assert (costs.liquidity_bps, costs.delay_per_cent, costs.overdue_multiplier) == (liquidity_bps, 0.2, 5.0)
    assert (costs.overdraft_bps, costs.collateral_bps, costs.split_friction) == (0, 0, 0)
    assert (costs.deadline_penalty, costs.end_of_day_penalty) == (Penalty("fixed", 50_000), Penalty("fixed", 100_000))
    for name, bank in zip(("BANK_A", "BANK_B"), market.banks, strict=True):
        assert (bank.name, bank.opening_balance, bank.unsecured_cap) == (name, 0, 0)
        assert (bank.pool, bank.fraction) == (pool, 0.5)


@pytest.mark.parametrize(
    ("key", "payments"),
    [
        ("castro-1", [("A", "B", 15_000, 1), ("B", "A", 15_000, 0), ("B", "A", 5_000, 1)]),
        ("castro-2", []),
        ("castro-3", [("A", "B", 20_000, 0), ("B", "A", 20_000, 0), ("A", "B", 20_000, 1), ("B", "A", 20_000, 1)]),
    ],
)
def test_the_castro_games_have_the_published_payments(key: str, payments: list[tuple[str, str, int, int]]) -> None:
    events = game(key).events
    assert [(event.bank[-1], event.other[-1], event.amount, event.tick) for event in events] == payments
    assert all((event.kind, event.deadline, event.priority) == ("CustomTransactionArrival", 2, 5) for event in events)


def test_in_the_second_castro_game_payments_come_by_chance() -> None:
    for bank, other in zip(game("castro-2").banks, ("BANK_B", "BANK_A"), strict=True):
        assert bank.arrivals == (Arrivals(2.0, Amounts("LogNormal", 10_000, 5_000), (3, 8), weights={other: 1.0}),)


def test_the_larger_games_have_the_sizes_that_their_names_promise() -> None:
    sizes = {key: (len(game(key).banks), game(key).ticks_per_day, game(key).days) for key in set(GAMES) - set(CASTRO)}
    assert sizes == {"five-banks": (5, 20, 1), "twenty-banks": (20, 40, 5), "two-hundred-banks": (200, 100, 1)}


def test_twenty_banks_have_limits_collateral_bands_and_events_of_every_kind() -> None:
    market = game("twenty-banks")
    assert any(bank.bilateral for bank in market.banks)
    assert any(bank.multilateral for bank in market.banks)
    assert all(bank.posted_collateral for bank in market.banks)
    assert all(len(bank.arrivals) == 3 for bank in market.banks)
    assert len({event.kind for event in market.events}) == 8


def test_two_hundred_banks_are_of_three_kinds() -> None:
    assert Counter(bank.name.split("_")[0] for bank in game("two-hundred-banks").banks) == {
        "LARGE": 10,
        "MIDDLE": 50,
        "SMALL": 140,
    }


def test_the_file_of_two_hundred_banks_is_what_its_generator_writes() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as written:
        two_hundred_banks.main()
    assert written.getvalue() == game_text("two-hundred-banks")
