"""What holds in every turn of every run, whatever the parameters: the rules of the place, and that all sums agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simweb.scenarios.social.actions import ACTION_TYPES
from tests.engine.social.worlds import BUSY, feeds_of, turns, world

FEEDS = ["chronological", "most-liked", "hot", "interest", "random"]
each_feed = pytest.mark.parametrize("feed", FEEDS)


@each_feed
def test_a_feed_has_at_most_its_size_of_different_contents_and_none_of_ones_own(feed: str) -> None:
    played = world(**BUSY, feed=feed, feed_size=7)
    fullest = 0
    for _, report in turns(played, 12):
        shown = report.facts["shown"]
        for agent, posts in feeds_of(shown).items():
            contents = played.posts["root"][posts]
            assert len(set(contents)) == len(posts) <= 7
            assert agent not in played.posts["author"][contents]
            fullest = max(fullest, len(posts))
        assert np.isin(shown.agent, report.facts["active"]).all()
        assert np.array_equal(played.posts["root"][shown.post], shown.content)
    assert fullest == 7


@each_feed
def test_nothing_is_shown_to_an_agent_twice_in_the_whole_run(feed: str) -> None:
    played = world(agents=40, activity=1.0, minutes_per_turn=10, feed=feed, feed_size=5)
    seen: set[tuple[int, int]] = set()
    for _, report in turns(played, 60):
        shown = report.facts["shown"]
        pairs = list(zip(shown.agent.tolist(), shown.content.tolist(), strict=True))
        assert not seen.intersection(pairs)
        seen.update(pairs)
    assert len(seen) > 1000


@each_feed
def test_a_post_is_shown_from_the_turn_after_it_was_written(feed: str) -> None:
    played = world(**BUSY, feed=feed)
    newest_ages = []
    for number, report in turns(played, 12):
        ages = number - played.posts["turn"][report.facts["shown"].post]
        assert ages.min() >= 1
        newest_ages.append(ages.min())
    assert newest_ages.count(1) >= 10


def test_who_is_in_ones_network_is_told_rightly() -> None:
    played = world(**BUSY, feed="most-liked")
    for _ in range(8):
        follows = set(zip(played.graph.sources.tolist(), played.graph.targets.tolist(), strict=True))
        shown = played.turn().facts["shown"]
        authors = played.posts["author"][shown.post]
        expected = [(a, b) in follows for a, b in zip(shown.agent.tolist(), authors.tolist(), strict=True)]
        assert shown.in_network.tolist() == expected
        assert 0 < shown.in_network.sum() < len(shown)


def test_nobody_follows_itself_or_anybody_twice_and_unfollows_only_whom_it_follows() -> None:
    played = world(**BUSY, tolerance=0.1, mean_degree=5)
    followed = unfollowed = 0
    for _ in range(25):
        before = set(zip(played.graph.sources.tolist(), played.graph.targets.tolist(), strict=True))
        reactions = played.turn().facts["reactions"]
        new = list(zip(*(ends.tolist() for ends in reactions.follows), strict=True))
        gone = list(zip(*(ends.tolist() for ends in reactions.unfollows), strict=True))
        assert len(set(new)) == len(new)
        assert not before.intersection(new)
        assert all(source != target for source, target in new)
        assert len(set(gone)) == len(gone)
        assert before.issuperset(gone)
        after = set(zip(played.graph.sources.tolist(), played.graph.targets.tolist(), strict=True))
        assert after == (before | set(new)) - set(gone)
        followed, unfollowed = followed + len(new), unfollowed + len(gone)
    assert followed > 10
    assert unfollowed > 10


def test_followers_and_following_add_up_to_the_follows() -> None:
    played = world(**BUSY)
    for _ in turns(played, 15):
        sources, targets = played.graph.sources, played.graph.targets
        assert np.array_equal(played.graph.followers, np.bincount(targets, minlength=120))
        assert np.array_equal(played.graph.following, np.bincount(sources, minlength=120))
        assert played.graph.followers.sum() == played.graph.following.sum() == len(played.graph)


def test_likes_comments_and_posts_are_the_actions_that_made_them() -> None:
    played = world(**BUSY)
    done = dict.fromkeys(ACTION_TYPES, 0)
    for number, report in turns(played, 20):
        assert tuple(report.actions) == ACTION_TYPES
        for name, count in report.actions.items():
            done[name] += count
        written = played.posts["turn"] == number
        assert (written & (played.posts["parent"] < 0)).sum() == report.actions["post"]
        assert (written & (played.posts["parent"] >= 0)).sum() == report.actions["repost"]
    posts = played.posts
    assert posts["likes"].sum() == done["like"] > 0
    assert posts["comments"].sum() == done["comment"] > 0
    assert posts["likes"][posts["parent"] >= 0].sum() == 0
    assert len(posts.originals) == 3 * played.params.seeded_posts + done["post"]


def test_who_does_nothing_is_active_and_in_no_other_action() -> None:
    played = world(agents=300, activity=0.5, feed_size=2)
    for _, report in turns(played, 10):
        shown, reactions = report.facts["shown"], report.facts["reactions"]
        wrote = played.posts["author"][played.posts["turn"] == played.number]
        reacted = shown.agent[reactions.like | reactions.comment]
        busy = {*wrote.tolist(), *reacted.tolist(), *reactions.follows[0].tolist(), *reactions.unfollows[0].tolist()}
        assert report.actions["do_nothing"] == len(set(report.facts["active"].tolist()) - busy)


def test_a_repost_carries_on_what_it_reposts() -> None:
    played = world(**BUSY)
    for _ in turns(played, 15):
        pass
    posts = played.posts
    reposts = np.flatnonzero(posts["parent"] >= 0)
    parent = posts["parent"][reposts]
    assert (posts["depth"][reposts] == posts["depth"][parent] + 1).all()
    assert posts["depth"].max() >= 2
    for column in ("root", "topic", "stance"):
        assert np.array_equal(posts[column][reposts], posts[column][parent])
    assert (posts["turn"][parent] < posts["turn"][reposts]).all()
    reposted = list(zip(posts["author"][reposts].tolist(), posts["root"][reposts].tolist(), strict=True))
    assert len(set(reposted)) == len(reposted)


def test_agents_decide_on_what_was_there_when_the_turn_began(monkeypatch: pytest.MonkeyPatch) -> None:
    played = world(**BUSY)
    for _ in turns(played, 3):
        pass
    from simweb.scenarios.social import world as module

    before = (played.posts["likes"].copy(), played.people.opinion.copy(), len(played.graph), played.posts.count)
    react, checks = module.react, []

    def react_and_look(*args: Any) -> Any:
        decided = react(*args)
        checks.append(np.array_equal(before[0], played.posts["likes"]))
        checks.append(np.array_equal(before[1], played.people.opinion))
        checks.append((len(played.graph), played.posts.count) == before[2:])
        return decided

    monkeypatch.setattr(module, "react", react_and_look)
    played.turn()
    assert checks == [True] * 3
    assert played.posts["likes"].sum() > before[0].sum()


def test_nobody_active_is_reported_once() -> None:
    played = world(agents=50, activity=0)
    problems = [problem.description for _, report in turns(played, 40) for problem in report.problems]
    assert problems == ["nobody has been active for 10 turns, up to turn 10"]


def test_empty_feeds_are_reported_once() -> None:
    played = world(agents=2, activity=1, topics=1, seeded_posts=0)
    problems = [problem.description for _, report in turns(played, 150) for problem in report.problems]
    assert len([text for text in problems if "feeds were empty" in text]) == 1


def test_a_saturated_network_is_reported_once(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "networks").mkdir()
    (tmp_path / "networks" / "three.csv").write_text("a,b\nb,a\na,c\nc,a\nb,c\nc,b\nb,a\n")
    monkeypatch.setenv("SIMWEB_DATA_DIR", str(tmp_path))
    played = world(network="file", network_file="three.csv", activity=1, tolerance=2)
    problems = [(p.severity, p.description) for _, report in turns(played, 5) for p in report.problems]
    assert problems == [
        ("minor", "1 follows are in the file more than once; each counts once"),
        ("warning", "everybody follows everybody since turn 1: no follow is possible"),
    ]


def test_the_karate_club_has_its_34_members_and_78_friendships_whatever_agents_says() -> None:
    played = world(network="karate", agents=5000)
    assert len(played.people) == played.graph.agents == 34
    assert len(played.graph) == 2 * 78
    assert played.people.opinion[0] < 0 < played.people.opinion[33]


def test_only_those_whose_posts_are_beyond_tolerance_are_unfollowed() -> None:
    unfollowed = {}
    for tolerance in (0.1, 2):
        played = world(**BUSY, tolerance=tolerance, convergence=0)
        unfollowed[tolerance] = sum(report.actions["unfollow"] for _, report in turns(played, 25))
    assert unfollowed[0.1] > 10
    assert unfollowed[2] == 0
