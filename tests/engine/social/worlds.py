"""Small social worlds for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simweb.engine import TurnReport
from simweb.scenarios.social import SocialFeed

BUSY = {"agents": 120, "activity": 1.0, "minutes_per_turn": 60}


def world(seed: int = 1, **params: Any) -> SocialFeed:
    return SocialFeed(SocialFeed.Params(**params), np.random.default_rng(seed))


def turns(played: SocialFeed, count: int) -> Iterator[tuple[int, TurnReport]]:
    """(number, report) of that many turns, each looked at before the next is played."""
    for _ in range(count):
        report = played.turn()
        yield played.number, report


def feeds_of(shown: Any) -> dict[int, list[int]]:
    """The posts shown to each agent, best first."""
    feeds: dict[int, list[int]] = {}
    for agent, post in zip(shown.agent.tolist(), shown.post.tolist(), strict=True):
        feeds.setdefault(agent, []).append(post)
    return feeds
