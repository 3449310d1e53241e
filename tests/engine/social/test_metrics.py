"""The metrics of the social feed: sums that must agree, known feeds, and the herd experiment over replicates."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from simweb.engine import Context, Outcome, PlayedTurn, Spec, catalogue, play
from simweb.scenarios.social import SocialFeed
from simweb.scenarios.social.actions import LIKE_ODDS, like_chance
from simweb.scenarios.social.feed_measures import mean_overlap, mean_topic_entropy, sampled_pairs
from simweb.scenarios.social.feeds import Exposures
from tests.engine.social.worlds import turns, world


def played(turn_count: int = 12, keys: list[str] | None = None, seed: int = 1, **params: Any) -> tuple[Any, Any]:
    keys = list(catalogue(SocialFeed)) if keys is None else keys
    *seen, outcome = play(Spec("social-feed", {"agents": 150, "activity": 0.6, **params}, seed, turn_count, keys))
    assert isinstance(outcome, Outcome)
    return [turn.metrics for turn in seen if isinstance(turn, PlayedTurn)], outcome.run_metrics


def shown(*feeds: list[int]) -> Exposures:
    agent = np.array([row for row, feed in enumerate(feeds) for _ in feed])
    post = np.array([post for feed in feeds for post in feed])
    return Exposures(agent, post, post, np.zeros(len(post), dtype=bool))


def test_sums_over_types_turns_and_the_run_agree() -> None:
    seen, run = played()
    for turn in seen:
        counts = turn["turn.actions.counts_by_type"]
        assert turn["turn.actions.total"] == sum(counts.values())
        assert turn["turn.engagement.total"] == counts["like"] + counts["repost"] + counts["comment"]
        assert turn["turn.engagement.rate"] == turn["turn.engagement.total"] / turn["turn.feed.exposures"]
        assert turn["turn.network.new_follows"] == counts["follow"]
        assert sum(turn["turn.opinion.histogram"].values()) == 150
        assert turn["turn.network.density"] == turn["turn.network.follows"] / (150 * 149)
    for name, total in run["run.actions.total_by_type"].items():
        assert total == sum(turn["turn.actions.counts_by_type"][name] for turn in seen)
    assert run["run.actions.total"] == sum(turn["turn.actions.total"] for turn in seen)
    assert run["run.feed.exposures"] == sum(turn["turn.feed.exposures"] for turn in seen)
    engagements = sum(turn["turn.engagement.total"] for turn in seen)
    assert run["run.engagement.rate"] == engagements / run["run.feed.exposures"]
    before = world(agents=150, activity=0.6).people.opinion.var()
    assert run["run.opinion.variance_change"] == seen[-1]["turn.opinion.variance"] - before != 0


def test_follows_change_by_what_was_followed_and_unfollowed() -> None:
    seen, _ = played(tolerance=0.1)
    for before, after in pairwise(seen):
        counts = after["turn.actions.counts_by_type"]
        change = counts["follow"] - counts["unfollow"]
        assert after["turn.network.follows"] - before["turn.network.follows"] == change


def test_shares_lie_between_0_and_1() -> None:
    seen, _ = played()
    shares = [key for key, metric in catalogue(SocialFeed).items() if metric.unit in ("share", "0–1")]
    assert len(shares) > 12
    for turn in seen:
        for key in shares:
            if key.startswith("turn.") and turn[key] is not None:
                assert 0 <= turn[key] <= 1, key


def test_only_what_is_ticked_or_needed_is_computed() -> None:
    seen, run = played(3, ["run.cascades.depth"])
    assert seen == [{}, {}, {}]
    assert set(run) == {"run.cascades.depth", "run.cascades.shapes"}


def test_every_metric_says_what_it_is_and_every_number_in_which_unit() -> None:
    for key, metric in catalogue(SocialFeed).items():
        assert metric.title, key
        assert metric.description, key
        assert metric.unit or metric.kind != "number", key


def test_overlap_is_the_mean_of_jaccard() -> None:
    assert mean_overlap(shown([1, 2, 3], [2, 3, 4])) == pytest.approx(2 / 4)
    assert mean_overlap(shown([1, 2], [2, 1])) == 1
    assert mean_overlap(shown([1], [2, 3], [1])) == pytest.approx(1 / 3)
    assert mean_overlap(shown([1])) is None


@pytest.mark.parametrize("feeds", [46, 47, 100, 1_000, 65_537, 1_000_000])
def test_of_many_feeds_a_thousand_different_pairs_are_compared(feeds: int) -> None:
    one, other = sampled_pairs(feeds)
    assert len(set(zip(one.tolist(), other.tolist(), strict=True))) == 1000
    assert (one < other).all()
    assert (one >= 0).all()
    assert (other < feeds).all()
    assert (one[0], other[0]) == (0, 1)
    assert one.max() > 0.9 * (feeds - 1) - 3


def test_of_few_feeds_all_pairs_are_compared() -> None:
    assert len(sampled_pairs(45)[0]) == 45 * 44 // 2


def test_who_crosses_is_told_by_what_readers_thought_before_they_read() -> None:
    swayed = world(agents=120, activity=1.0, minutes_per_turn=60, convergence=1, tolerance=2, stubborn_share=0)
    metric = catalogue(SocialFeed)["turn.feed.cross_cutting_share"]
    for number in range(1, 4):
        before = swayed.people.opinion.copy()
        report = swayed.turn()
        exposures = report.facts["shown"]
        crossing = (swayed.posts["stance"][exposures.content] >= 0) != (before[exposures.agent] >= 0)
        assert metric.compute(Context(swayed, number, report)) == pytest.approx(crossing.mean())
        assert (swayed.people.opinion != before).any()


def test_topic_entropy_is_0_for_one_topic_and_1_for_all_alike() -> None:
    feeds = shown([1, 2], [3, 4])
    assert mean_topic_entropy(feeds, np.array([0, 0, 1, 1]), 2) == pytest.approx(0)
    assert mean_topic_entropy(feeds, np.array([0, 1, 1, 0]), 2) == pytest.approx(1)
    assert mean_topic_entropy(feeds, np.array([0, 1, 2, 2]), 4) == pytest.approx(0.25)
    assert mean_topic_entropy(feeds, np.zeros(4, dtype=int), 1) is None


def test_without_active_agents_rates_are_undefined() -> None:
    seen, run = played(2, activity=0)
    for key in ("turn.engagement.rate", "turn.feed.empty_share", "turn.feed.overlap", "turn.feed.in_network_share"):
        assert seen[0][key] is None, key
    assert run["run.engagement.rate"] is None
    assert run["run.cascades.scale"] is None


def test_more_homophily_means_fewer_follows_across() -> None:
    index = [played(1, ["turn.network.ei_index"], homophily=h)[0][0]["turn.network.ei_index"] for h in (0, 0.9)]
    assert index[0] == pytest.approx(0, abs=0.15)
    assert index[1] < -0.5


def test_activity_is_heavy_tailed_and_follows_the_hours_of_the_day() -> None:
    people = world(agents=20_000).people
    assert people.activity.mean() == pytest.approx(1, abs=0.05)
    assert np.sort(people.activity)[-200:].sum() / people.activity.sum() > 0.06  # the busiest 1 %
    rng = np.random.default_rng(1)
    night, evening = (len(people.awake(hour * 60, 0.1, rng)) for hour in (4, 20))
    assert evening > 4 * night
    assert evening / 20_000 < 0.11


def test_a_first_vote_raises_the_odds_of_a_like_by_a_third_and_a_down_vote_lowers_them() -> None:
    relevance = np.ones(3)
    chance = like_chance(relevance, np.array([1, 0, -1]), 1.0)
    odds = chance / (1 - chance)
    assert odds[1] == pytest.approx(LIKE_ODDS)
    assert odds[0] / odds[1] == pytest.approx(1.351, abs=0.001)
    assert odds[1] / odds[2] == pytest.approx(1.351, abs=0.001)
    assert np.ptp(like_chance(relevance, np.array([50, 0, -1]), 0.0)) == 0


REPLICATES = 6


def mean_likes(**params: Any) -> dict[str, list[float]]:
    """Mean likes received in each arm of the herd experiment, a number for each replicate."""
    likes: dict[str, list[float]] = {"down": [], "control": [], "up": []}
    keys = ["run.treatment.scores"]
    for seed in range(REPLICATES):
        settings = {"agents": 600, "activity": 0.5, "feed": "random", "seeded_posts": 150, **params}
        for row in played(8, keys, seed, **settings)[1]["run.treatment.scores"]:
            likes[row["arm"]].append(row["likes"])
    return likes


def test_posts_voted_up_at_first_get_more_likes_and_those_voted_down_fewer() -> None:
    likes = {arm: np.array(means) for arm, means in mean_likes().items()}
    for less, more in (("down", "control"), ("control", "up")):
        gain = likes[more] - likes[less]
        assert gain.mean() > 2 * gain.std(ddof=1) / REPLICATES**0.5 > 0, (less, more)


def test_without_herding_a_first_vote_makes_no_difference() -> None:
    likes = {arm: np.array(means) for arm, means in mean_likes(herding=0).items()}
    for arm in ("down", "up"):
        gain = likes[arm] - likes["control"]
        assert abs(gain.mean()) < 3 * gain.std(ddof=1) / REPLICATES**0.5


def test_the_table_of_the_herd_experiment_is_that_of_its_posts() -> None:
    played_world = world(agents=300, activity=0.5, seeded_posts=30)
    for _ in turns(played_world, 6):
        pass
    from simweb.scenarios.social.run_measures import extra_likes, treatment_scores

    rows = treatment_scores(played_world.posts)
    assert rows is not None
    assert [(row["arm"], row["posts"]) for row in rows] == [("down", 30), ("control", 30), ("up", 30)]
    for vote, row in zip((-1, 0, 1), rows, strict=True):
        likes = played_world.posts["likes"][played_world.posts["arm"] == vote]
        assert row["likes"] == pytest.approx(likes.mean())
        assert row["score"] == pytest.approx(likes.mean() + vote)
        assert (row["ci_high"] - row["ci_low"]) / 2 == pytest.approx(2.04523 * likes.std(ddof=1) / 30**0.5, rel=1e-5)
    assert extra_likes(rows, "up") == pytest.approx(rows[2]["likes"] - rows[1]["likes"])


class Seeded:
    """Posts of the herd experiment whose scores are drawn, with the same mean in each arm."""

    def __init__(self, rng: np.random.Generator, posts: int) -> None:
        self.arm, self.score = np.repeat([-1, 0, 1], posts), rng.normal(3.0, 2.0, 3 * posts)

    def __getitem__(self, column: str) -> np.ndarray:
        return {"arm": self.arm}[column]


@pytest.mark.parametrize("posts", [3, 20])
def test_the_intervals_of_the_herd_experiment_hold_the_truth_as_often_as_they_say(posts: int) -> None:
    from simweb.scenarios.social.run_measures import treatment_scores

    rng, drawn = np.random.default_rng(1), 4_000
    held = 0
    for _ in range(drawn):
        rows = treatment_scores(Seeded(rng, posts))  # type: ignore[arg-type]
        assert rows is not None
        held += sum(row["ci_low"] <= 3.0 <= row["ci_high"] for row in rows)
    share = held / (3 * drawn)
    assert abs(share - 0.95) < 3 * (0.95 * 0.05 / (3 * drawn)) ** 0.5  # with 1.96 it is 81 % of 3 posts, 93.5 % of 20


def test_seeded_posts_come_in_triples_that_differ_in_their_vote_only() -> None:
    posts = world(seeded_posts=40).posts
    assert posts.count == 120
    for column in ("author", "topic", "stance"):
        triples = posts[column].reshape(40, 3)
        assert (triples == triples[:, :1]).all()
    assert (np.sort(posts["vote"].reshape(40, 3), axis=1) == [-1, 0, 1]).all()
    assert len(np.unique(posts["vote"].reshape(40, 3), axis=0)) == 6  # in any order


def test_without_seeded_posts_there_is_no_experiment() -> None:
    run = played(2, ["run.treatment.up_effect"], seeded_posts=0)[1]
    assert run == {"run.treatment.scores": None, "run.treatment.up_effect": None}
