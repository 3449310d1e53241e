"""A grid whose edges meet: what lies around each cell."""

from __future__ import annotations

import numpy as np


def neighbours(there: np.ndarray) -> np.ndarray:
    """For each cell of a torus, in how many of the eight cells around it something is `there`."""
    rows = there.astype(np.int64) + np.roll(there, 1, axis=0) + np.roll(there, -1, axis=0)
    return np.asarray(rows + np.roll(rows, 1, axis=1) + np.roll(rows, -1, axis=1) - there)
