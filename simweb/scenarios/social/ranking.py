"""The published ranking formulas, and one turn's order of posts under each feed algorithm."""

from __future__ import annotations

import numpy as np

from simweb.scenarios.social.params import FeedAlgorithm, FeedOrder
from simweb.scenarios.social.posts import Posts

HOT_EPOCH = 1_134_028_003  # unix seconds of Reddit's first day, in its formula
DAY_ZERO = 1_704_067_200  # 2024-01-01T00:00:00Z; when turn 0 is said to be, for hot scores in unix time
SHELF_LIFE = 24 * 60  # minutes for which a post can be shown
RECENCY_LIFE = 271.8  # minutes for which R is defined


def hot(score: np.ndarray, unix_seconds: np.ndarray) -> np.ndarray:
    """Reddit's hot score, sgn(s)·log10(max(|s|, 1)) + (t − 1134028003)/45000, to 7 digits: ten votes = 12.5 h newer.

    Source: reddit's published ranking code (r2, _sorts.pyx); used by OASIS (Yang et al. 2024, section 3.2).
    """
    order = np.sign(score) * np.log10(np.maximum(np.abs(score), 1))
    rounded: np.ndarray = np.round(order + (np.asarray(unix_seconds, dtype=np.float64) - HOT_EPOCH) / 45000, 7)
    return rounded


def recency(age_minutes: np.ndarray) -> np.ndarray:
    """R = ln((271.8 − age)/100): 1 when new, 0 at 171.8 minutes, undefined from 271.8 on (OASIS, section 3.2)."""
    fresh: np.ndarray = np.log((RECENCY_LIFE - np.asarray(age_minutes, dtype=np.float64)) / 100)
    return fresh


def popularity(fans: np.ndarray) -> np.ndarray:
    """F = max(1, log_1000(fans + 1)) (OASIS, section 3.2)."""
    popular: np.ndarray = np.maximum(1, np.log(np.asarray(fans, dtype=np.float64) + 1) / np.log(1000))
    return popular


def shelf_turns(feed: FeedAlgorithm, minutes_per_turn: int) -> int:
    """For how many turns a post can be shown: a day, or as long as the algorithm's formula is defined; at least 1."""
    if feed == "interest":
        return int(np.ceil(RECENCY_LIFE / minutes_per_turn)) - 1
    return SHELF_LIFE // minutes_per_turn


class Ranking:
    """One turn's order of the posts that can be shown, whose ids begin at `start`.

    Every post has a standing that does not depend on who looks (higher comes first, ties by id); under `interest` and
    `random` the order is then each viewer's own.
    """

    def __init__(self, feed: FeedAlgorithm, posts: Posts, start: int, standing: np.ndarray) -> None:
        self.feed, self.start = feed, start
        self._posts, self._standing = posts, standing
        self._best_first = np.argsort(-standing, kind="stable")
        self._rank = np.empty(len(standing), dtype=np.int64)
        self._rank[self._best_first] = np.arange(len(standing))

    def pool(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """The `size` originals of highest standing (under `random`: any), in random order."""
        ids = self.start + self._best_first
        originals = ids[self._posts["parent"][ids] < 0]
        return rng.permutation(originals if self.feed == "random" else originals[:size])[:size]

    def priority(self, post: np.ndarray, interest: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
        """Whole numbers below 2³², lower first, for showing `post` to a viewer of that interest in its topic."""
        if self.feed == "random":
            drawn: np.ndarray = rng.integers(2**32, size=len(post))
            return drawn
        if self.feed == "interest" and interest is not None:
            return descending(self._standing[post - self.start] * interest)
        place: np.ndarray = self._rank[post - self.start]
        return place


def standing_of(
    feed: FeedAlgorithm, order: FeedOrder, posts: Posts, start: int, now: int, minutes: int, fans: np.ndarray
) -> np.ndarray:
    """The standing of every post from id `start` on, in turn `now`. Reactions, age and fans are those of its root."""
    root = posts["root"][start:]
    standing = np.zeros(len(root))
    if feed == "chronological":
        standing += posts["turn"][start:] if order == "newest_first" else -posts["turn"][start:]
    elif feed == "most-liked":
        standing += posts.score[root]
    elif feed == "hot":
        standing += hot(posts.score[root], DAY_ZERO + posts["turn"][root].astype(np.float64) * minutes * 60)
    elif feed == "interest":
        age = (now - posts["turn"][root]) * minutes
        # A repost that outlived its root is never shown; any defined value will do for it.
        standing += recency(np.minimum(age, RECENCY_LIFE - 1)) * popularity(fans[posts["author"][root]])
    return standing


def descending(scores: np.ndarray) -> np.ndarray:
    """Whole numbers in 0..2³²−1 that order as the scores do downwards, in single precision."""
    bits = scores.astype(np.float32).view(np.int32).astype(np.int64)
    ascending = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)  # floats are sign and magnitude
    lowest_first: np.ndarray = 0x7FFFFFFF - ascending
    return lowest_first
