"""Posts: what was written and reposted, as columns that grow; and the newest few of every author."""

from __future__ import annotations

import numpy as np

NOBODY = -1
COLUMNS = {
    "author": np.int32,  # who wrote or reposted it
    "turn": np.int32,  # when
    "parent": np.int32,  # the post it reposts, or NOBODY
    "root": np.int32,  # the original at the top; itself when it is one
    "depth": np.int32,  # reposts between it and the root
    "topic": np.int16,
    "stance": np.float64,  # the opinion it speaks for
    "likes": np.int32,  # of originals only: reactions to a repost belong to its root
    "comments": np.int32,
    "vote": np.int8,  # the treatment: a first vote of +1, 0 or −1 that nobody cast
    "arm": np.int8,  # 1 up, 0 control, −1 down, UNSEEDED for posts that are no part of the experiment
}
UNSEEDED = 9


class Posts:
    """All posts of a run. A post's id is its place; ids of one turn lie side by side, in random order."""

    def __init__(self) -> None:
        self.count = 0
        self._columns = {name: np.zeros(1024, dtype) for name, dtype in COLUMNS.items()}
        self._first = [0]

    def __getitem__(self, column: str) -> np.ndarray:
        return self._columns[column][: self.count]

    @property
    def score(self) -> np.ndarray:
        """Votes in sight: likes plus the treatment."""
        votes: np.ndarray = self["likes"] + self["vote"]
        return votes

    @property
    def originals(self) -> np.ndarray:
        """Ids of posts that repost nothing."""
        return np.flatnonzero(self["parent"] == NOBODY)

    def first_of(self, turn: int) -> int:
        """The first id of that turn or later; seeded posts belong to turn 0."""
        return self._first[turn] if 0 <= turn < len(self._first) else (0 if turn < 0 else self.count)

    def begin(self, turn: int) -> None:
        """From here on posts belong to `turn`; turns are begun one after the other."""
        if turn != len(self._first):
            raise ValueError(f"turn {turn} cannot follow turn {len(self._first) - 1}")
        self._first.append(self.count)

    def write(
        self, author: np.ndarray, topic: np.ndarray, stance: np.ndarray, arm: np.ndarray | int = UNSEEDED
    ) -> np.ndarray:
        """Add originals; returns their ids."""
        ids = self._grow(len(author))
        new = self._columns
        new["author"][ids], new["topic"][ids], new["stance"][ids] = author, topic, stance
        new["parent"][ids], new["root"][ids], new["depth"][ids] = NOBODY, ids, 0
        new["arm"][ids] = arm
        new["vote"][ids] = np.where(new["arm"][ids] == UNSEEDED, 0, new["arm"][ids])
        return ids

    def repost(self, author: np.ndarray, parent: np.ndarray) -> np.ndarray:
        """Add reposts of `parent`; returns their ids."""
        ids = self._grow(len(author))
        new = self._columns
        new["author"][ids], new["parent"][ids] = author, parent
        new["root"][ids], new["depth"][ids] = new["root"][parent], new["depth"][parent] + 1
        new["topic"][ids], new["stance"][ids] = new["topic"][parent], new["stance"][parent]
        new["arm"][ids] = UNSEEDED
        return ids

    def react(self, column: str, contents: np.ndarray) -> None:
        """One more like or comment for each original named."""
        np.add.at(self._columns[column], contents, 1)

    def _grow(self, more: int) -> np.ndarray:
        ids = np.arange(self.count, self.count + more)
        self.count += more
        for name, column in self._columns.items():
            if len(column) < self.count:
                self._columns[name] = np.concatenate([column, np.zeros(max(more, len(column)), column.dtype)])
        self._columns["turn"][ids] = len(self._first) - 1
        return ids


class Timelines:
    """The newest posts and reposts of every author, at most `depth` each."""

    def __init__(self, agents: int, depth: int) -> None:
        self._newest = np.full((agents, depth), NOBODY, dtype=np.int32)
        self._written = np.zeros(agents, dtype=np.int64)

    def of(self, authors: np.ndarray) -> np.ndarray:
        """A row of post ids for each author, in no order, NOBODY where there are fewer."""
        newest: np.ndarray = self._newest[authors]
        return newest

    def add(self, authors: np.ndarray, posts: np.ndarray) -> None:
        """Put new posts on their authors' timelines, in the order given; the oldest fall off."""
        by_author = np.argsort(authors, kind="stable")
        author = authors[by_author]
        begins = np.flatnonzero(np.diff(author, prepend=-1))
        nth = np.arange(len(author)) - np.repeat(begins, np.diff(np.append(begins, len(author))))
        self._newest[author, (self._written[author] + nth) % self._newest.shape[1]] = posts[by_author]
        self._written += np.bincount(authors, minlength=len(self._written))
