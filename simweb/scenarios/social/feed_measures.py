"""Measures of the feeds of one turn."""

from __future__ import annotations

import numpy as np

from simweb.scenarios.social.feeds import Exposures

SAMPLED_PAIRS = 1000


def mean_overlap(shown: Exposures) -> float | None:
    """Mean Jaccard overlap of two feeds, 0–1, over `sampled_pairs`; None below two feeds."""
    begins = shown.begins
    feeds = len(begins)
    if feeds < 2:
        return None
    lengths = np.diff(np.append(begins, len(shown)))
    table = np.full((feeds, int(lengths.max())), -1, dtype=np.int64)
    row = shown.feed
    table[row, np.arange(len(shown)) - begins[row]] = shown.content
    one, other = sampled_pairs(feeds)
    same = table[one][:, :, None] == table[other][:, None, :]
    common = (same & (table[one] >= 0)[:, :, None]).sum(axis=(1, 2))
    return float((common / (lengths[one] + lengths[other] - common)).mean())


def sampled_pairs(feeds: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of so many feeds; of more than 1,000 pairs, 1,000 evenly spaced ones."""
    if feeds * (feeds - 1) // 2 <= SAMPLED_PAIRS:
        return np.triu_indices(feeds, 1)
    pairs = feeds * (feeds - 1) // 2
    number = np.arange(SAMPLED_PAIRS) * pairs // SAMPLED_PAIRS  # of the pairs in order: (0, 1), (0, 2), … (1, 2), …
    behind = pairs - 1 - number
    rest = ((np.sqrt(8 * behind + 1) - 1) // 2).astype(
        np.int64
    )  # how many feeds lie behind the first of the pair, less one
    return feeds - 2 - rest, feeds - 1 - (behind - rest * (rest + 1) // 2)


def mean_topic_entropy(shown: Exposures, topic: np.ndarray, topics: int) -> float | None:
    """Mean Shannon entropy of the topics within a feed, as a share of the most there can be, 0–1.

    `topic` is that of each exposure. None where there is one topic only, or nothing was shown.
    """
    if topics < 2 or not len(shown):
        return None
    row = shown.feed
    cell, count = np.unique(row * topics + topic, return_counts=True)
    length = np.bincount(row)
    share = count / length[cell // topics]
    return float(-(share * np.log(share)).sum() / len(length) / np.log(topics))
