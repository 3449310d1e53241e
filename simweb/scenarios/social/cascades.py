"""The shape of cascades: trees of reposts under an original."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Cascades:
    """One entry for each original that was reposted at least once (Goel et al. 2016, Manage. Sci. 62, 180).

    `scale`: posts in the tree, the original among them. `depth`: most reposts between a post and the original.
    `breadth`: most posts at one depth. `virality`: mean distance between two posts of the tree (structural virality).
    """

    root: np.ndarray
    scale: np.ndarray
    depth: np.ndarray
    breadth: np.ndarray
    virality: np.ndarray

    def __len__(self) -> int:
        return len(self.root)


def cascades(parent: np.ndarray, root: np.ndarray, depth: np.ndarray) -> Cascades:
    """Measure all trees at once. Columns as in `Posts`: parents come first; that of an original is negative."""
    n = len(parent)
    scale = np.bincount(root, minlength=n)
    roots = np.flatnonzero(scale > 1)
    below = _subtree_sizes(parent, depth)
    reposts = np.flatnonzero(parent >= 0)
    # Every link of a tree lies on the way between the posts under it and all the others: that sums the distances.
    across = below[reposts] * (scale[root[reposts]] - below[reposts])
    distances = np.bincount(root[reposts], weights=across, minlength=n)[roots]
    sizes = scale[roots]
    deepest, broadest = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    np.maximum.at(deepest, root, depth)
    levels = int(depth.max(initial=0)) + 1
    level, posts = np.unique(root.astype(np.int64) * levels + depth, return_counts=True)
    np.maximum.at(broadest, level // levels, posts)
    return Cascades(roots, sizes, deepest[roots], broadest[roots], 2 * distances / (sizes * (sizes - 1)))


def _subtree_sizes(parent: np.ndarray, depth: np.ndarray) -> np.ndarray:
    sizes = np.ones(len(parent), dtype=np.int64)
    by_depth = np.argsort(depth, kind="stable")
    ends = np.cumsum(np.bincount(depth)) if len(depth) else np.empty(0, dtype=np.int64)
    for level in range(len(ends) - 1, 0, -1):  # leaves first
        posts = by_depth[ends[level - 1] : ends[level]]
        np.add.at(sizes, parent[posts], sizes[posts])
    return sizes
