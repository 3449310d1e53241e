"""Measures of the feeds of one turn."""

from __future__ import annotations

import numpy as np

from simweb.scenarios.social.feeds import Exposures

SAMPLED_PAIRS = 1000


def mean_overlap(shown: Exposures) -> float | None:
    """Mean Jaccard overlap of two feeds, 0–1: of all pairs of feeds, or of 1,000 at even distances; None below two."""
    begins = shown.begins
    feeds = len(begins)
    if feeds < 2:
        return None
    lengths = np.diff(np.append(begins, len(shown)))
    table = np.full((feeds, int(lengths.max())), -1, dtype=np.int64)
    row = shown.feed
    table[row, np.arange(len(shown)) - begins[row]] = shown.content
    one, other = _pairs(feeds)
    same = table[one][:, :, None] == table[other][:, None, :]
    common = (same & (table[one] >= 0)[:, :, None]).sum(axis=(1, 2))
    return float((common / (lengths[one] + lengths[other] - common)).mean())


def _pairs(feeds: int) -> tuple[np.ndarray, np.ndarray]:
    if feeds * (feeds - 1) // 2 <= SAMPLED_PAIRS:
        return np.triu_indices(feeds, 1)
    one = np.linspace(0, feeds - 1, SAMPLED_PAIRS).astype(np.int64)
    return one, (one + feeds // 2) % feeds


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
