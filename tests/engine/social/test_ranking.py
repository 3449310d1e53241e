"""The published formulas at known values, and each feed algorithm on a world small enough to work out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simweb.scenarios.social.feeds import FeedBuilder
from simweb.scenarios.social.network import FollowGraph
from simweb.scenarios.social.params import SocialParams
from simweb.scenarios.social.population import Population
from simweb.scenarios.social.posts import Posts
from simweb.scenarios.social.ranking import descending, hot, popularity, recency, shelf_turns, standing_of
from simweb.scenarios.social.selection import best_of_each, first_unseen


def unix(hour: int, minute: int = 0) -> float:
    return datetime(2024, 8, 6, hour, minute, tzinfo=UTC).timestamp()


def test_ten_votes_are_worth_twelve_and_a_half_hours() -> None:
    scores = hot(np.array([10, 0, 1, -1, 100, -100]), np.array([unix(8), unix(20, 30), *[unix(8)] * 4]))
    assert scores[0] == scores[1] == 13087.7377111
    assert scores[2] == scores[3] == 13086.7377111
    assert scores[4] - scores[2] == pytest.approx(2)
    assert scores[5] - scores[2] == pytest.approx(-2)


@pytest.mark.parametrize(("age", "value"), [(0, 0.99990), (60, 0.7505), (171.8, 0.0), (271.7, -6.9078)])
def test_recency_falls_with_age(age: float, value: float) -> None:
    assert recency(np.array([age]))[0] == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(("fans", "value"), [(0, 1), (999, 1), (9999, 4 / 3), (999_999, 2)])
def test_popularity_is_the_logarithm_of_fans_to_the_base_1000_and_at_least_1(fans: int, value: float) -> None:
    assert popularity(np.array([fans]))[0] == pytest.approx(value)


@pytest.mark.parametrize(
    ("feed", "minutes", "turns"), [("interest", 30, 9), ("interest", 240, 1), ("hot", 30, 48), ("random", 240, 6)]
)
def test_a_post_can_be_shown_for_a_day_or_as_long_as_recency_is_defined(feed: Any, minutes: int, turns: int) -> None:
    assert shelf_turns(feed, minutes) == turns
    if feed == "interest":
        assert np.isfinite(recency(np.array([turns * minutes])))
        assert (turns + 1) * minutes >= 271.8


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1))
def test_descending_numbers_order_as_the_scores_do(scores: list[float]) -> None:
    numbers = descending(np.array(scores))
    assert numbers.min() >= 0
    assert numbers.max() < 2**32
    for one, number in zip(scores, numbers, strict=True):
        for other, another in zip(scores, numbers, strict=True):
            assert (one > other) == (number < another)


# Five agents. Agent 0 reads; it follows 1 and 2. Posts, by id: turn, author, topic, likes.
POSTS = [(0, 3, 0, 9), (0, 1, 1, 5), (1, 2, 0, 0), (1, 4, 1, 7), (1, 0, 0, 99), (2, 1, 0, 2)]


def shown_to_0(
    size: int = 20, share: float = 0.5, interests: tuple[float, float] = (0.8, 0.6), **params: Any
) -> list[int]:
    posts = Posts()
    settings = SocialParams(feed_size=size, in_network_share=share, minutes_per_turn=60, topics=2, **params)
    nothing = np.zeros(5)
    vectors = np.tile(np.array(interests, dtype=np.float32), (5, 1))
    people = Population(vectors, nothing.astype(int), nothing, nothing > 0, nothing, nothing.astype(int))
    builder = FeedBuilder(settings, people, FollowGraph(5, np.array([0, 0]), np.array([1, 2])), posts)
    for turn in range(3):
        if turn:
            posts.begin(turn)
        for _, author, topic, likes in [post for post in POSTS if post[0] == turn]:
            written = posts.write(np.array([author]), np.array([topic]), np.array([0.0]))
            posts["likes"][written] = likes
            builder.timelines.add(np.array([author]), written)
    return builder.build(3, np.array([0]), np.random.default_rng(1)).post.tolist()


def test_chronological_is_newest_first_and_ties_go_by_id() -> None:
    assert shown_to_0(feed="chronological") == [5, 2, 3, 0, 1]


def test_chronological_can_be_oldest_first() -> None:
    assert shown_to_0(feed="chronological", feed_order="oldest_first") == [0, 1, 2, 3, 5]


def test_most_liked_goes_by_likes() -> None:
    assert shown_to_0(feed="most-liked") == [0, 3, 1, 5, 2]


def test_hot_weighs_likes_against_time() -> None:
    # An hour is worth 0.08. lg 9 = .95, lg 7 + 1 h = .93, lg 5 = .70, lg 2 + 2 h = .46, 0 + 1 h = .08.
    assert shown_to_0(feed="hot") == [0, 3, 1, 5, 2]
    assert shown_to_0(feed="hot", size=4)[-1] == 5


def test_interest_is_recency_times_popularity_times_cosine() -> None:
    # Ages 3 h, 2 h, 1 h: R = -0.085, 0.417, 0.750. On topic 0: S = 0.8, on topic 1: 0.6.
    # 5: .600; 2: .334; 3: .250; 1: -.051; 0: -.068.
    assert shown_to_0(feed="interest") == [5, 2, 3, 1, 0]
    # Whoever cares for topic 1 alone: 3: .417; 5 and 2 and 0: 0 or -0; 1: -.085.
    assert shown_to_0(feed="interest", interests=(0.0, 1.0))[0] == 3
    assert shown_to_0(feed="interest", interests=(0.0, 1.0))[-1] == 1


def test_random_shows_everything_there_is() -> None:
    assert sorted(shown_to_0(feed="random")) == [0, 1, 2, 3, 5]


@pytest.mark.parametrize(("share", "shown"), [(0.0, [0, 3]), (0.5, [0, 1]), (1.0, [1, 5])])
def test_the_in_network_share_of_the_feed_is_kept_for_followees(share: float, shown: list[int]) -> None:
    assert shown_to_0(feed="most-liked", size=2, share=share) == shown


def test_what_followees_cannot_fill_others_do() -> None:
    assert shown_to_0(feed="most-liked", size=4, share=1.0) == [0, 1, 5, 2]
    assert shown_to_0(feed="most-liked", size=5, share=1.0) == [0, 3, 1, 5, 2]


rows = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 6)), max_size=25)


@given(rows, st.integers(1, 5), st.integers(0, 5))
def test_the_best_of_each_row_are_chosen_as_one_would_one_row_at_a_time(
    candidates: list[tuple[int, bool, int]], size: int, inside: int
) -> None:
    candidates = sorted(candidates, key=lambda candidate: candidate[0])
    expected = []
    for row in range(4):
        mine = [place for place, candidate in enumerate(candidates) if candidate[0] == row]
        ranked = sorted(mine, key=lambda place: (candidates[place][2], place))
        kinds = [[place for place in ranked if candidates[place][1] is outside] for outside in (False, True)]
        from_inside = min(len(kinds[0]), max(min(inside, size), size - len(kinds[1])))
        chosen = kinds[0][:from_inside] + kinds[1][: size - from_inside]
        expected += sorted(chosen, key=lambda place: (candidates[place][2], place))
    columns = [
        np.array([candidate[k] for candidate in candidates], dtype=t) for k, t in ((0, int), (1, bool), (2, int))
    ]
    assert best_of_each(*columns, size, min(inside, size)).tolist() == expected


pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=20)


@given(pairs, pairs)
def test_of_each_content_the_first_unseen_candidate_is_kept(
    candidates: list[tuple[int, int]], seen: list[tuple[int, int]]
) -> None:
    first = {pair: place for place, pair in reversed(list(enumerate(candidates))) if pair not in seen}
    columns = [np.array([pair[k] for pair in some], dtype=np.int64) for some in (candidates, seen) for k in (0, 1)]
    assert first_unseen(*columns).tolist() == [first[pair] for pair in sorted(first)]


def test_the_standing_under_interest_is_recency_times_popularity_of_the_root() -> None:
    posts = Posts()
    original = posts.write(np.array([1, 2]), np.array([0, 0]), np.array([0.0, 0.0]))
    posts.begin(1)
    posts.repost(np.array([0]), original[:1])
    standing = standing_of("interest", "newest_first", posts, 0, 2, 30, fans=np.array([999_999, 9999, 0]))
    assert standing == pytest.approx([0.7505 * 4 / 3, 0.7505, 0.7505 * 4 / 3], abs=1e-4)
