"""What agents do about what they are shown. All decide on the state frozen at the start of the turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simweb.scenarios.social.feeds import Exposures
from simweb.scenarios.social.network import FollowGraph, distinct
from simweb.scenarios.social.params import SocialParams
from simweb.scenarios.social.population import Population
from simweb.scenarios.social.posts import Posts

Pairs = tuple[np.ndarray, np.ndarray]
ACTION_TYPES = ("post", "repost", "like", "comment", "follow", "unfollow", "do_nothing")
# Stylised, calibrated to no data: by default some 10–15 % of exposures are engaged with, mostly by likes.
POST_CHANCE = 0.2  # of an active agent, a turn
LIKE_ODDS = 0.25  # of a fully relevant post without votes
REPOST_CHANCE = 0.08  # of a fully relevant post
COMMENT_CHANCE = 0.02  # of a post entirely on one's topic, whatever its opinion
FOLLOW_CHANCE = 0.03  # of the author of a fully relevant post from outside one's network
UNFOLLOW_CHANCE = 0.02  # of a followee whose post is beyond one's tolerance


@dataclass(frozen=True, slots=True)
class Reactions:
    """For every exposure, whether it was liked, reposted or commented on; and what was proposed and came of it.

    `follows` and `unfollows` are (follower, followed) pairs, each once. `rejected` counts proposals that the rules of
    the place refused: to follow whom one follows already, or the same agent twice in a turn; `already` are the former.
    """

    like: np.ndarray
    repost: np.ndarray
    comment: np.ndarray
    follows: Pairs
    unfollows: Pairs
    rejected: int
    already: Pairs


def react(
    shown: Exposures,
    posts: Posts,
    people: Population,
    graph: FollowGraph,
    params: SocialParams,
    rng: np.random.Generator,
) -> Reactions:
    """Decide on every exposure, each action by a stream of its own.

    A post is relevant as far as it is on the agent's topics (cosine) and near its opinion (1 − distance/2).
    """
    like, repost, comment, follow, unfollow = (stream.random(len(shown)) for stream in rng.spawn(5))
    content, viewer = shown.content, shown.agent
    interest = people.interests[viewer, posts["topic"][content]].astype(np.float64)
    distance = np.abs(people.opinion[viewer] - posts["stance"][content])
    relevance = interest * (1 - distance / 2)
    stranger = follow < FOLLOW_CHANCE * relevance
    stranger &= ~(shown.in_network & (shown.post == content))  # whose own post it is one follows, as everybody can see
    follows, already, repeated = _new_follows(viewer[stranger], posts["author"][content[stranger]], graph)
    offended = (unfollow < UNFOLLOW_CHANCE) & shown.in_network & (distance > params.tolerance)
    unfollows, again = _distinct(viewer[offended], posts["author"][shown.post[offended]], graph.agents)
    return Reactions(
        like=like < like_chance(relevance, posts.score[content], params.herding),
        repost=repost < REPOST_CHANCE * relevance,
        comment=comment < COMMENT_CHANCE * interest,
        follows=follows,
        unfollows=unfollows,
        rejected=len(already[0]) + repeated + again,
        already=already,
    )


def like_chance(relevance: np.ndarray, score: np.ndarray, herding: float) -> np.ndarray:
    """Probability of a like: odds 0.25·relevance·exp(herding·sgn(s)·log10(1 + |s|)) for a visible score s.

    The social influence on which the experiment of Muchnik, Aral & Taylor (2013, Science 341, 647) was made.
    """
    sway = np.sign(score) * np.log10(1 + np.abs(score))
    odds = LIKE_ODDS * relevance * np.exp(herding * sway)
    chance: np.ndarray = odds / (1 + odds)
    return chance


def _new_follows(source: np.ndarray, target: np.ndarray, graph: FollowGraph) -> tuple[Pairs, Pairs, int]:
    """What is new, what is there already, and how many were repetitions."""
    (follower, followed), repeated = _distinct(source, target, graph.agents)
    old = graph.has(follower, followed)
    return (follower[~old], followed[~old]), (follower[old], followed[old]), repeated


def _distinct(source: np.ndarray, target: np.ndarray, agents: int) -> tuple[Pairs, int]:
    pairs = distinct(source.astype(np.int64) * agents + target)
    return (pairs // agents, pairs % agents), len(source) - len(pairs)
