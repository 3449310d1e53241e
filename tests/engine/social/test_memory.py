"""What was shown is remembered for as long as it matters, however long the run."""

from __future__ import annotations

import numpy as np

from simweb.scenarios.social.memory import ShownMemory
from simweb.scenarios.social.posts import NOBODY, Timelines


def test_what_was_shown_is_remembered_and_old_turns_are_let_go() -> None:
    rng, memory = np.random.default_rng(1), ShownMemory(50, 4)
    shown: list[tuple[int, int, int]] = []
    for turn in range(1, 301):
        agents = np.flatnonzero(rng.random(50) < 0.5).repeat(rng.integers(1, 5))
        contents = rng.integers(10_000, size=len(agents))
        memory.forget_before(turn - 10)
        memory.remember(turn, agents, contents)
        shown += [(turn, agent, content) for agent, content in zip(agents.tolist(), contents.tolist(), strict=True)]
        asked = np.array([7, 3, 49])
        row, content = memory.shown_to(asked, since=turn - 9)
        remembered = sorted(zip(asked[row].tolist(), content.tolist(), strict=True))
        expected = [(agent, c) for when, agent, c in shown if when >= turn - 9 and agent in asked]
        assert remembered == sorted(expected)
    assert len(memory._turn) < 5000


def test_who_was_shown_nothing_remembers_nothing() -> None:
    row, content = ShownMemory(3, 4).shown_to(np.arange(3), since=0)
    assert len(row) == len(content) == 0


def test_a_timeline_keeps_the_newest_posts_of_each_author() -> None:
    timelines = Timelines(3, depth=2)
    timelines.add(np.array([0, 1, 0]), np.array([10, 11, 12]))
    assert [sorted(row) for row in timelines.of(np.arange(3)).tolist()] == [[10, 12], [NOBODY, 11], [NOBODY, NOBODY]]
    timelines.add(np.array([0, 1]), np.array([13, 14]))
    assert [sorted(row) for row in timelines.of(np.array([0, 1])).tolist()] == [[12, 13], [11, 14]]
