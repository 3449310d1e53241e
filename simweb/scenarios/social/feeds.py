"""Feeds: which posts every active agent is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simweb.scenarios.social.memory import ShownMemory
from simweb.scenarios.social.network import FollowGraph
from simweb.scenarios.social.params import SocialParams
from simweb.scenarios.social.population import Population
from simweb.scenarios.social.posts import Posts, Timelines
from simweb.scenarios.social.ranking import Ranking, shelf_turns, standing_of
from simweb.scenarios.social.selection import best_of_each, first_unseen

TIMELINE_DEPTH = 5  # newest posts of a followee that are candidates
MOST_FOLLOWEES = 2000  # consulted for one feed; who follows more gets to the others in later turns
POOL = 1000  # originals of highest standing, from which out-of-network candidates are taken
DISCOVERIES = 64  # out-of-network candidates of one feed
BATCH = 2**20  # candidates ranked at once: more would not fit the processor's cache


@dataclass(frozen=True, slots=True)
class Exposures:
    """Who was shown what in a turn: one entry for each post in a feed, feeds one after the other, best post first.

    `post` is what was shown, perhaps a repost; `content` the original under it. `in_network`: the agent follows who
    wrote or reposted it.
    """

    agent: np.ndarray
    post: np.ndarray
    content: np.ndarray
    in_network: np.ndarray

    def __len__(self) -> int:
        return len(self.agent)

    @property
    def begins(self) -> np.ndarray:
        """Where each feed begins; `agent[begins]` are those who were shown anything."""
        return np.flatnonzero(np.diff(self.agent, prepend=-1))

    @property
    def feed(self) -> np.ndarray:
        """The number of the feed of each exposure, from 0."""
        number: np.ndarray = np.cumsum(np.diff(self.agent, prepend=-1) != 0) - 1
        return number


def nothing_shown() -> Exposures:
    """Empty feeds all round."""
    nobody = np.empty(0, dtype=np.int64)
    return Exposures(nobody, nobody, nobody, np.empty(0, dtype=bool))


class FeedBuilder:
    """Makes the feeds of a turn from the state at its start: nothing is shown to its author, nor twice to anybody.

    Candidates are the newest posts and reposts of those an agent follows, and a random part of the posts of highest
    standing; then the feed algorithm ranks them all.
    """

    def __init__(self, params: SocialParams, people: Population, graph: FollowGraph, posts: Posts) -> None:
        self._params, self._people, self._graph, self._posts = params, people, graph, posts
        self._shelf = shelf_turns(params.feed, params.minutes_per_turn)
        self._memory = ShownMemory(len(people), params.feed_size)
        self.timelines = Timelines(len(people), TIMELINE_DEPTH)

    def build(self, turn: int, active: np.ndarray, rng: np.random.Generator) -> Exposures:
        """The feeds of the active agents, who are given in ascending order."""
        oldest = turn - self._shelf
        start = self._posts.first_of(oldest)
        if start == self._posts.count or not len(active):
            return nothing_shown()
        self._memory.forget_before(oldest)
        p = self._params
        fans = self._graph.followers
        standing = standing_of(p.feed, p.feed_order, self._posts, start, turn, p.minutes_per_turn, fans)
        ranking = Ranking(p.feed, self._posts, start, standing)
        pool = ranking.pool(POOL, rng)
        feeds = [self._feeds(agents, turn, ranking, pool, rng) for agents in self._batches(active)]
        agent, post, outside = (np.concatenate(part) for part in zip(*feeds, strict=True))
        content = self._posts["root"][post]
        in_network = ~outside
        in_network[outside] = self._graph.has(agent[outside], self._posts["author"][content[outside]])
        self._memory.remember(turn, agent, content)
        return Exposures(agent, post, content, in_network)

    def _batches(self, active: np.ndarray) -> Iterator[np.ndarray]:
        work = np.minimum(self._graph.following[active], MOST_FOLLOWEES) * TIMELINE_DEPTH + 2 * DISCOVERIES
        batch = np.cumsum(work) // BATCH
        yield from np.split(active, np.flatnonzero(np.diff(batch)) + 1)

    def _feeds(
        self, agents: np.ndarray, turn: int, ranking: Ranking, pool: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(agent, post, outside) of the feeds of these agents."""
        inside_row, inside_post = self._from_followees(agents, turn, ranking.start)
        outside_row, outside_post = _from_pool(len(agents), pool, rng)
        row = np.concatenate([inside_row, outside_row])
        post = np.concatenate([inside_post, outside_post])
        outside = np.arange(len(row)) >= len(inside_row)
        content = self._posts["root"][post].astype(np.int64)
        allowed = (self._posts["author"][content] != agents[row]) & (content >= ranking.start)
        row, post, outside, content = row[allowed], post[allowed], outside[allowed], content[allowed]

        seen_row, seen = self._memory.shown_to(agents, turn - self._shelf)
        showable = seen >= ranking.start
        start = ranking.start
        kept = first_unseen(row, content - start, seen_row[showable], seen[showable] - start)
        row, post, outside = row[kept], post[kept], outside[kept]

        interest = None
        if self._params.feed == "interest":
            interest = self._people.interests[agents[row], self._posts["topic"][post]]
        priority = ranking.priority(post, interest, rng)
        size = self._params.feed_size
        shown = best_of_each(row, outside, priority, size, round(self._params.in_network_share * size))
        return agents[row[shown]], post[shown], outside[shown]

    def _from_followees(self, agents: np.ndarray, turn: int, start: int) -> tuple[np.ndarray, np.ndarray]:
        row, followee = self._graph.followees(agents, MOST_FOLLOWEES, first=turn * MOST_FOLLOWEES)
        posts = self.timelines.of(followee)
        recent = posts >= start
        return np.repeat(row, recent.sum(axis=1)), posts[recent].astype(np.int64)


def _from_pool(rows: int, pool: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(row, post): the whole pool for every row, or a stretch of it, begun anywhere. The pool is in random order."""
    width = min(DISCOVERIES, len(pool))
    begins = rng.integers(len(pool), size=(rows, 1)) if len(pool) > width else np.zeros((rows, 1), dtype=np.int64)
    place = (begins + np.arange(width)) % max(len(pool), 1)
    return np.repeat(np.arange(rows), width), pool[place.ravel()]
