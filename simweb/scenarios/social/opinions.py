"""How reading changes minds, and how divided minds are."""

from __future__ import annotations

import numpy as np


def read_and_move(
    opinion: np.ndarray, row: np.ndarray, stance: np.ndarray, tolerance: float, convergence: float
) -> np.ndarray:
    """Opinions after reading: `opinion[row]` met `stance`, one entry for each post read.

    Bounded confidence: o ← o + μ·mean(s − o) over the stances s read with |s − o| ≤ ε. With one post a turn it is the
    rule of Deffuant et al. (2000, Adv. Complex Syst. 3, 87); with μ = 1, that of Hegselmann & Krause (2002, JASSS 5(3)
    2). Who reads nothing within tolerance stays. Opinions never leave the range of what was there.
    """
    gap = stance - opinion[row]
    near = np.abs(gap) <= tolerance
    count = np.bincount(row[near], minlength=len(opinion))
    total = np.bincount(row[near], weights=gap[near], minlength=len(opinion))
    moved: np.ndarray = opinion + convergence * total / np.maximum(count, 1)
    return moved


def bimodality(opinion: np.ndarray) -> float | None:
    """Sarle's coefficient (g² + 1)/(k + 3(n−1)²/((n−2)(n−3))), g and k the sample skewness and excess kurtosis.

    5/9 for a uniform spread, towards 1 for two camps (SAS/STAT manual; Pfister et al. 2013, Front. Psychol. 4, 700).
    None for fewer than four agents or no spread at all.
    """
    n = len(opinion)
    centred = opinion - opinion.mean()
    second = float((centred**2).mean())
    if n < 4 or second < 1e-12:
        return None
    skew = float((centred**3).mean()) / second**1.5 * (n * (n - 1)) ** 0.5 / (n - 2)
    excess = float((centred**4).mean()) / second**2 - 3
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6)
    return float(skew**2 + 1) / (kurtosis + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
