"""The social feed: agents who read what an algorithm shows them, react, and change their minds."""

from __future__ import annotations

from typing import Any

import numpy as np

from simweb.engine import Problem, Scenario, TurnReport, View, data_file
from simweb.scenarios.social.actions import ACTION_TYPES, POST_CHANCE, Reactions, react
from simweb.scenarios.social.edge_list import read_edge_list
from simweb.scenarios.social.feeds import Exposures, FeedBuilder
from simweb.scenarios.social.measures import METRICS
from simweb.scenarios.social.network import FollowGraph, karate_club, scale_free
from simweb.scenarios.social.notable import Notary
from simweb.scenarios.social.opinions import read_and_move
from simweb.scenarios.social.params import SocialParams
from simweb.scenarios.social.population import Population, populate
from simweb.scenarios.social.posts import Posts
from simweb.scenarios.social.sample import Sample

ARMS = np.array([1, 0, -1])
QUIET_TURNS = 10  # without anybody active, before it is reported
JUDGED_FEEDS = 20  # before so many feeds, that most are empty may be chance


class SocialFeed(Scenario):
    """A feed ranks posts; agents read, like, repost, comment, follow, and are swayed by what they read.

    In every turn the active agents are shown posts of earlier turns and act on the state at the turn's start. Seeded
    posts are a herd experiment inside every run: matched triples with a first vote up, none, or down.
    """

    key = "social-feed"
    title = "Social feed"
    version = "2"
    description = (
        "Agents on a follow network read what a feed algorithm shows them, react, and change their minds. "
        "Compare algorithms by exposures, engagement, inequality, polarization and cascades."
    )
    default_turns = 48

    Params = SocialParams
    metrics = METRICS
    default_metric_keys = (
        "run.actions.total",
        "run.cascades.scale",
        "turn.actions.counts_by_type",
        "turn.agents.active_share",
        "turn.engagement.rate",
        "turn.feed.exposures",
        "turn.feed.in_network_share",
        "turn.opinion.variance",
    )

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        super().__init__(params, rng)
        graph, people, seeding, self._waking, self._ranking, self._reacting, self._writing = rng.spawn(7)
        self.number = self._quiet = self._feeds = self._empty = 0
        self._troubles: dict[str, Problem] = {}
        self._reported: set[str] = set()
        self._notary = Notary()
        self._sample: Sample | None = None
        self.graph, self.people = self._settle(graph, people)
        self.first_variance = float(self.people.opinion.var())
        self.posts = Posts()
        self.feeds = FeedBuilder(params, self.people, self.graph, self.posts)
        self._seed_posts(seeding)

    def _settle(self, graph: np.random.Generator, people: np.random.Generator) -> tuple[FollowGraph, Population]:
        p = self.params
        if p.network == "generated":
            population = populate(p.agents, p.topics, p.stubborn_share, None, people)
            return scale_free(population.community, p.mean_degree, p.homophily, graph), population
        if p.network == "karate":
            club, sides = karate_club()
            return club, populate(club.agents, p.topics, p.stubborn_share, sides, people)
        edges = read_edge_list(data_file(p.network_file, folder="networks"))
        if edges.duplicates:
            self._note(
                "duplicates", "minor", f"{edges.duplicates:,} follows are in the file more than once; each counts once"
            )
        if edges.self_loops:
            self._note("self-loops", "minor", f"in the file {edges.self_loops:,} follow themselves; they are left out")
        network = FollowGraph(len(edges.names), edges.sources, edges.targets)
        return network, populate(network.agents, p.topics, p.stubborn_share, None, people)

    def _seed_posts(self, rng: np.random.Generator) -> None:
        authors = rng.integers(len(self.people), size=self.params.seeded_posts).repeat(len(ARMS))
        # Arms in random order within each triple: ties go by id, and no arm may profit from that.
        arms = rng.permuted(np.tile(ARMS, (self.params.seeded_posts, 1)), axis=1).ravel()
        topic = self._topics(authors.reshape(-1, len(ARMS))[:, 0], rng).repeat(len(ARMS))
        ids = self.posts.write(authors, topic, self.people.opinion[authors], arms)
        self.feeds.timelines.add(authors, ids)

    def turn(self) -> TurnReport:
        p = self.params
        self.number += 1
        minute = p.start_hour * 60 + (self.number - 1) * p.minutes_per_turn
        active = self.people.awake(minute, p.activity, self._waking)
        shown = self.feeds.build(self.number, active, self._ranking)
        reactions = react(shown, self.posts, self.people, self.graph, p, self._reacting)
        writers = active[self._writing.random(len(active)) < POST_CHANCE]
        counts = self._counts(active, shown, reactions, writers)
        empty = len(active) - len(shown.begins)
        decisions = self._notary.notable(shown, reactions, writers, self.posts, self.people)
        opinions = self.people.opinion[shown.agent[shown.begins]]  # before reading sways them
        self._apply(shown, reactions, writers)
        self._look_for_trouble(len(active), empty)
        facts = {"active": active, "shown": shown, "reactions": reactions, "empty_feeds": empty}
        facts["readers_opinions"] = opinions
        return TurnReport(counts, self._news(), facts, decisions=decisions)

    def view(self) -> View:
        self._sample = self._sample or Sample(self.graph)
        return self._sample.view(self.graph, self.people.opinion)

    def _counts(
        self, active: np.ndarray, shown: Exposures, reactions: Reactions, writers: np.ndarray
    ) -> dict[str, int]:
        reacted = shown.agent[reactions.like | reactions.repost | reactions.comment]
        busy = np.zeros(len(self.people), dtype=bool)
        for agents in (reacted, reactions.follows[0], reactions.unfollows[0], writers):
            busy[agents] = True
        done = [
            len(writers),
            int(reactions.repost.sum()),
            int(reactions.like.sum()),
            int(reactions.comment.sum()),
            len(reactions.follows[0]),
            len(reactions.unfollows[0]),
            len(active) - int(busy[active].sum()),
        ]
        return dict(zip(ACTION_TYPES, done, strict=True))

    def _apply(self, shown: Exposures, reactions: Reactions, writers: np.ndarray) -> None:
        """Make everything that was decided true, for the next turn to see."""
        people, posts = self.people, self.posts
        stance = people.opinion[writers]
        self._persuade(shown)
        posts.react("likes", shown.content[reactions.like])
        posts.react("comments", shown.content[reactions.comment])
        if len(reactions.follows[0]):
            self.graph.follow(*reactions.follows)
        if len(reactions.unfollows[0]):
            self.graph.unfollow(*reactions.unfollows)
        posts.begin(self.number)
        shuffled = self._writing.permutation(len(writers))
        writers, stance = writers[shuffled], stance[shuffled]
        ids = posts.write(writers, self._topics(writers, self._writing), stance)
        self.feeds.timelines.add(writers, ids)
        again = self._writing.permutation(np.flatnonzero(reactions.repost))
        ids = posts.repost(shown.agent[again], shown.post[again])
        self.feeds.timelines.add(shown.agent[again], ids)

    def _persuade(self, shown: Exposures) -> None:
        people = self.people
        readers = shown.agent[shown.begins]
        stance = self.posts["stance"][shown.content]
        moved = read_and_move(
            people.opinion[readers], shown.feed, stance, self.params.tolerance, self.params.convergence
        )
        free = ~people.stubborn[readers]
        people.opinion[readers[free]] = moved[free]

    def _topics(self, authors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A topic for a post of each author, likely as it is interested."""
        weights = np.cumsum(self.people.interests[authors].astype(np.float64), axis=1)
        drawn = rng.random(len(authors)) * weights[:, -1]
        topics: np.ndarray = np.minimum((weights <= drawn[:, None]).sum(axis=1), weights.shape[1] - 1)
        return topics

    def _look_for_trouble(self, active: int, empty: int) -> None:
        n = self.graph.agents
        self._quiet = 0 if active else self._quiet + 1
        if self._quiet == QUIET_TURNS:
            self._note(
                "extinct", "warning", f"nobody has been active for {QUIET_TURNS} turns, up to turn {self.number}"
            )
        if self.number > 1:  # in the first turn there may be nothing to read yet
            self._feeds += active
            self._empty += empty
        if self._feeds >= JUDGED_FEEDS and 2 * self._empty > self._feeds:
            self._note(
                "empty", "warning", f"{self._empty:,} of {self._feeds:,} feeds were empty up to turn {self.number}"
            )
        if n > 1 and len(self.graph) == n * (n - 1):
            self._note(
                "saturated", "warning", f"everybody follows everybody since turn {self.number}: no follow is possible"
            )

    def _note(self, kind: str, severity: Any, description: str) -> None:
        self._troubles.setdefault(kind, Problem(severity, description))

    def _news(self) -> list[Problem]:
        """The problems that were not reported before: each is reported once a run."""
        fresh = [kind for kind in self._troubles if kind not in self._reported]
        self._reported.update(fresh)
        return [self._troubles[kind] for kind in fresh]
