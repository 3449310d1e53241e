"""What every agent has been shown, so that nothing is shown to it twice."""

from __future__ import annotations

import numpy as np


class ShownMemory:
    """Feeds that were shown, as blocks; every agent's blocks hang together in a chain, newest first."""

    def __init__(self, agents: int, feed_size: int) -> None:
        self._last = np.full(agents, -1, dtype=np.int64)
        self._contents = np.empty((256, feed_size), dtype=np.int32)
        self._previous = np.empty(256, dtype=np.int64)
        self._turn = np.empty(256, dtype=np.int32)
        self._count = 0

    def shown_to(self, agents: np.ndarray, since: int) -> tuple[np.ndarray, np.ndarray]:
        """(row, content) pairs: what `agents[row]` has been shown in turn `since` or later."""
        rows, contents = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        row, block = np.arange(len(agents)), self._last[agents]
        while True:
            alive = block >= 0
            alive[alive] = self._turn[block[alive]] >= since
            row, block = row[alive], block[alive]
            if not len(row):
                return np.concatenate(rows), np.concatenate(contents)
            feeds = self._contents[block]
            there = feeds >= 0
            rows.append(np.repeat(row, there.sum(axis=1)))
            contents.append(feeds[there].astype(np.int64))
            block = self._previous[block]

    def remember(self, turn: int, agents: np.ndarray, contents: np.ndarray) -> None:
        """Keep what was shown in `turn`: one entry a post shown, entries of one agent side by side."""
        begins = np.flatnonzero(np.diff(agents, prepend=-1))
        lengths = np.diff(np.append(begins, len(agents)))
        blocks = self._count + np.arange(len(begins))
        self._make_room(len(begins))
        self._contents[blocks] = -1
        self._contents[np.repeat(blocks, lengths), np.arange(len(agents)) - np.repeat(begins, lengths)] = contents
        self._turn[blocks] = turn
        self._previous[blocks] = self._last[agents[begins]]
        self._last[agents[begins]] = blocks

    def forget_before(self, turn: int) -> None:
        """Let go of blocks of earlier turns, once they are most of what is kept."""
        dead = int(np.searchsorted(self._turn[: self._count], turn))
        if dead < 1024 or dead < self._count // 2:
            return
        kept = slice(dead, self._count)
        self._contents, self._turn = self._contents[kept].copy(), self._turn[kept].copy()
        self._previous = np.maximum(self._previous[kept] - dead, -1)
        self._last = np.maximum(self._last - dead, -1)
        self._count -= dead

    def _make_room(self, more: int) -> None:
        self._count += more
        missing = self._count - len(self._turn)
        if missing > 0:
            extra = max(missing, len(self._turn))
            self._contents = np.concatenate([self._contents, np.empty((extra, self._contents.shape[1]), np.int32)])
            self._previous = np.concatenate([self._previous, np.empty(extra, np.int64)])
            self._turn = np.concatenate([self._turn, np.empty(extra, np.int32)])
