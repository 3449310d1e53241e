"""What holds in every random market that the oracle plays."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from simweb.scenarios.payments.market import Market
from tests.engine.payments.oracle import TickState, begin, draw_xorshift, play, play_tick
from tests.engine.payments.oracle_state import World
from tests.engine.payments.strategies import Game, games, markets


def opened(game: Game) -> World:
    return begin(game.market, game.payments, game.fractions, game.policies)


def played(game: Game) -> tuple[World, list[TickState]]:
    world = opened(game)
    return world, [play_tick(world) for _ in range(game.market.ticks)]


@given(games())
def test_no_money_is_made_or_lost(game: Game) -> None:
    world = opened(game)
    money = sum(account.balance for account in world.accounts.values())
    for _ in range(game.market.ticks):
        assert sum(play_tick(world).balances.values()) == money


@given(games())
def test_a_payment_settles_as_a_whole_unless_payments_are_divisible(game: Game) -> None:
    world = opened(game)
    whole = not game.market.divisible_payments
    for _ in range(game.market.ticks):
        play_tick(world)
        for payment in world.payments:
            assert 0 <= payment.remaining <= payment.amount
            assert not whole or payment.remaining in (0, payment.amount)


@given(games())
def test_a_payment_is_in_one_place_at_most_and_stays_settled(game: Game) -> None:
    over: list[int] = []
    for state in played(game)[1]:
        over += state.settled
        everywhere = over + state.queue2 + [number for queue in state.queue1.values() for number in queue]
        assert len(everywhere) == len(set(everywhere))


@given(games())
def test_a_payment_waits_in_the_queue_of_its_sender(game: Game) -> None:
    world = opened(game)
    for _ in range(game.market.ticks):
        for name, queue in play_tick(world).queue1.items():
            assert all(world.payments[number].sender == name for number in queue)


@given(games())
def test_no_cost_is_negative(game: Game) -> None:
    for state in played(game)[1]:
        assert all(cents >= 0 for bill in state.costs.values() for cents in bill.values())


def with_credit_that_stays(market: Market) -> Market:
    """Without what takes money or collateral from a bank that has spent it: events, and a pool that goes back."""
    kinds = ("DirectTransfer", "CollateralAdjustment")
    events = tuple(event for event in market.events if event.kind not in kinds)
    return replace(market, events=events, daily_reallocation=False, divisible_payments=False)


@given(games())
def test_nobody_owes_more_than_cap_and_collateral_allow(game: Game) -> None:
    world = opened(replace(game, market=with_credit_that_stays(game.market)))
    for _ in range(game.market.ticks):
        play_tick(world)
        for account in world.accounts.values():
            assert account.credit_used <= account.allowed_overdraft(account.posted)


@given(games())
def test_nobody_pays_more_in_a_day_than_its_limits(game: Game) -> None:
    market = replace(game.market, divisible_payments=False)
    world = opened(replace(game, market=market))
    paid: dict[tuple[int, str, str], int] = {}
    for _ in range(market.ticks):
        day = world.day
        for number in play_tick(world).settled:
            payment = world.payments[number]
            key = day, payment.sender, payment.receiver
            paid[key] = paid.get(key, 0) + payment.amount
    for (day, sender, receiver), amount in paid.items():
        bank = world.accounts[sender].bank
        total = sum(cents for (when, who, _), cents in paid.items() if (when, who) == (day, sender))
        assert amount <= bank.bilateral.get(receiver, amount)
        assert bank.multilateral is None or total <= bank.multilateral


@given(games())
def test_what_came_has_settled_or_remains_split_or_not(game: Game) -> None:
    world, _ = played(game)
    came = sum(payment.amount for payment in world.payments if not payment.child)
    assert came == world.moved + sum(payment.remaining for payment in world.payments)


@given(games())
def test_a_run_is_the_same_twice(game: Game) -> None:
    again = [play(game.market, game.payments, game.fractions, game.policies) for _ in range(2)]
    assert again[0] == again[1]


@given(markets())
def test_what_chance_brings_can_be_played(market: Market) -> None:
    drawn = draw_xorshift(market, 7)
    assert all(payment.tick < payment.deadline and payment.amount > 0 for payment in drawn)
    assert [(p.tick, p.sender) for p in drawn] == sorted((p.tick, p.sender) for p in drawn)
    assert len(play(market, drawn, {})) == market.ticks
