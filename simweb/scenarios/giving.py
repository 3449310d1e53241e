"""Handing out single units of money, one agent after the other."""

from __future__ import annotations

import numpy as np


def anybody_else(agents: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Somebody for each of the agents, whoever of them all it is but itself."""
    receiver = rng.integers(len(agents) - 1, size=len(agents))
    return receiver + (receiver >= agents)


def give_in_turn(wealth: np.ndarray, receiver: np.ndarray) -> np.ndarray:
    """Who gives when agents 0, 1, 2, … one after the other hand a unit to `receiver[i]`, if they own any by then.

    Exactly the sequential rule: whoever is broke can still give if somebody gave to it earlier in the turn. Giving only
    ever makes more giving possible, so adding those receivers until nobody new can give reaches the one solution.
    """
    gives = wealth > 0
    news = np.flatnonzero(gives)
    first_income = np.full(len(wealth), len(wealth))
    while len(news):
        paid = receiver[news]
        np.minimum.at(first_income, paid, news)
        news = paid[~gives[paid] & (first_income[paid] < paid)]
        gives[news] = True
    return gives


def give_by_draw(wealth: np.ndarray, rng: np.random.Generator) -> int:
    """Draw as many givers as there are agents, with replacement; each hands on a unit, if it owns any by then.

    Changes `wealth` in place and returns how many gave. Its stationary distribution is that of Boltzmann and Gibbs
    (Dragulescu and Yakovenko 2000, Statistical mechanics of money), which one giving a turn for each agent is not.
    """
    givers = rng.integers(len(wealth), size=len(wealth))
    owned, gave = wealth.tolist(), 0
    for giver, receiver in zip(givers.tolist(), anybody_else(givers, rng).tolist(), strict=True):
        if owned[giver]:
            owned[giver] -= 1
            owned[receiver] += 1
            gave += 1
    wealth[:] = owned
    return gave
