"""Choosing the posts of many feeds at once. Rows are feeds; candidates of all rows lie in one flat array.

Sorting whole numbers is the fastest thing NumPy does, so what is sorted by is packed into one number, whose last bits
say where the candidate lay.
"""

from __future__ import annotations

import numpy as np


def first_unseen(row: np.ndarray, content: np.ndarray, seen_row: np.ndarray, seen_content: np.ndarray) -> np.ndarray:
    """Places of the candidates to keep: of each (row, content) the first, unless that pair is among the seen.

    Sorted by row, then by content. Contents are whole numbers from 0.
    """
    contents = np.concatenate([seen_content, content])
    if not len(contents):
        return np.empty(0, dtype=np.int64)
    place_bits = len(contents).bit_length()
    pair = np.concatenate([seen_row, row]) << int(contents.max()).bit_length() | contents
    packed = np.sort(pair << place_bits | np.arange(len(pair)))
    pairs = packed >> place_bits
    first = np.ones(len(pairs), dtype=bool)
    first[1:] = pairs[1:] != pairs[:-1]
    place = packed[first] & ((1 << place_bits) - 1)
    unseen: np.ndarray = place[place >= len(seen_row)] - len(seen_row)
    return unseen


def best_of_each(row: np.ndarray, outside: np.ndarray, priority: np.ndarray, size: int, inside: int) -> np.ndarray:
    """Places of the candidates that make up the feeds: at most `size` a row, lowest priority first.

    `inside` of them are kept for candidates that are not `outside`; what one kind cannot fill goes to the other. `row`
    must be ascending; priorities lie in 0..2³²−1; ties go to the candidate that came first.
    """
    if not len(row):
        return np.empty(0, dtype=np.int64)
    counts = np.bincount(row)
    starts = np.cumsum(counts) - counts
    nth = np.arange(len(row)) - starts[row]
    nth_bits = int(counts.max()).bit_length()

    packed = np.sort((row << 1 | outside) << 32 + nth_bits | priority << nth_bits | nth)
    kind = packed >> 32 + nth_bits
    place = starts[kind >> 1] + (packed & ((1 << nth_bits) - 1))
    of_kind = np.bincount(kind, minlength=2 * len(counts))
    rank = np.arange(len(kind)) - (np.cumsum(of_kind) - of_kind)[kind]
    from_inside = np.minimum(of_kind[::2], np.maximum(inside, size - of_kind[1::2]))
    take = np.stack([from_inside, size - from_inside], axis=1).ravel()
    chosen = place[rank < take[kind]]

    packed = np.sort(row[chosen] << 32 + nth_bits | priority[chosen] << nth_bits | nth[chosen])
    in_order: np.ndarray = starts[packed >> 32 + nth_bits] + (packed & ((1 << nth_bits) - 1))
    return in_order
