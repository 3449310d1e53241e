"""How unequally something is shared out; used by several worlds."""

from __future__ import annotations

import numpy as np

from simweb.engine import View, bars

MOST_BARS = 30
CURVE_POINTS = 50


def gini(amounts: np.ndarray) -> float | None:
    """Gini coefficient of whole, non-negative amounts, 0 (equal) to 1; None when there is nothing to share.

    With amounts sorted upwards, G = 2·Σ(i·x_i) / (n·Σx) − (n + 1)/n (Sen 1973, On Economic Inequality, ch. 2).
    """
    n, total = len(amounts), int(amounts.sum())
    if total == 0:
        return None
    if amounts.max() < 4 * n:  # counting is faster than sorting
        count = np.bincount(amounts)
        value = np.arange(len(count))
    else:
        value, count = np.unique(amounts, return_counts=True)
    ranks_twice = count * (2 * np.cumsum(count) - count + 1)  # of all who hold the same amount
    return float((ranks_twice / n * value).sum() / total - (n + 1) / n)


def top_share(amounts: np.ndarray, share: float = 0.01) -> float | None:
    """What the richest `share` of holders (at least one) own together, 0–1; None when there is nothing to share."""
    total = int(amounts.sum())
    if total == 0:
        return None
    holders = max(1, round(share * len(amounts)))
    return float(np.partition(amounts, len(amounts) - holders)[-holders:].sum() / total)


def lorenz(amounts: np.ndarray) -> list[tuple[float, float]]:
    """The Lorenz curve at 51 points: what share of all the poorest share of holders has."""
    held = np.concatenate([[0], np.cumsum(np.sort(amounts))])
    shares = np.linspace(0, 1, CURVE_POINTS + 1)
    owned = held[np.round(shares * len(amounts)).astype(int)] / max(1, held[-1])
    return list(zip(shares.tolist(), owned.tolist(), strict=True))


def spread(amounts: np.ndarray) -> View:
    """How many hold how much, in at most 30 bars, and the Lorenz curve."""
    step = max(1, -(-int(amounts.max() + 1) // MOST_BARS))
    heights = np.bincount(amounts // step)
    low = np.arange(len(heights)) * step
    labels = [str(value) if step == 1 else f"{value}–{value + step - 1}" for value in low]
    return bars(heights, labels, lorenz(amounts))
