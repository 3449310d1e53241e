"""Measures of a whole run: its cascades and its herd experiment."""

from __future__ import annotations

from typing import Any

import numpy as np

from simweb.engine import student_t
from simweb.scenarios.social.cascades import cascades
from simweb.scenarios.social.posts import Posts

LARGEST = 10
ARM_NAMES = {-1: "down", 0: "control", 1: "up"}


def cascade_shapes(posts: Posts) -> dict[str, float]:
    """How many cascades there were; mean and maximum of scale, depth, breadth and virality (means only if any)."""
    found = cascades(posts["parent"], posts["root"], posts["depth"])
    shapes: dict[str, float] = {"count": len(found)}
    if len(found):
        for name in ("scale", "depth", "breadth", "virality"):
            values = getattr(found, name)
            shapes[f"mean_{name}"], shapes[f"max_{name}"] = float(values.mean()), float(values.max())
    return shapes


def largest_cascades(posts: Posts) -> list[dict[str, float]]:
    """The ten cascades of most posts, largest first; `half_time` is the turns until half their posts were there."""
    found = cascades(posts["parent"], posts["root"], posts["depth"])
    rows = []
    for k in np.lexsort((found.root, -found.scale))[:LARGEST]:
        turns = np.sort(posts["turn"][posts["root"] == found.root[k]])
        rows.append(
            {
                "post": int(found.root[k]),
                "author": int(posts["author"][found.root[k]]),
                "scale": int(found.scale[k]),
                "depth": int(found.depth[k]),
                "breadth": int(found.breadth[k]),
                "virality": float(found.virality[k]),
                "half_time": int(turns[(len(turns) - 1) // 2] - turns[0]),
            }
        )
    return rows


def treatment_scores(posts: Posts) -> list[dict[str, Any]] | None:
    """For each arm of seeded posts: how many, mean likes received (the first vote apart), mean score, its 95 % CI.

    The interval is that of Student's t with n − 1 degrees of freedom; empty below two posts. None without seeded posts.
    """
    rows: list[dict[str, Any]] = []
    for arm, name in ARM_NAMES.items():
        score = posts.score[posts["arm"] == arm]
        if not len(score):
            return None
        mean = float(score.mean())
        n = len(score)
        half = student_t(n - 1) * float(score.std(ddof=1)) / n**0.5 if n > 1 else None
        rows.append(
            {
                "arm": name,
                "posts": n,
                "likes": mean - arm,
                "score": mean,
                "ci_low": None if half is None else mean - half,
                "ci_high": None if half is None else mean + half,
            }
        )
    return rows


def extra_likes(scores: list[dict[str, Any]], arm: str) -> float:
    """Mean likes received in that arm beyond those of the control arm."""
    likes = {row["arm"]: row["likes"] for row in scores}
    return float(likes[arm] - likes["control"])
