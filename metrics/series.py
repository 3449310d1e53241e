"""Pure functions over series of measurements."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[int, float | None]


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` points (at least 4) that keep the first, the last, and every bucket's lowest and highest.

    So that peaks survive: of each bucket of neighbours the minimum and the maximum stay, in their order.
    """
    if most < 4:
        raise ValueError("at least 4 points are needed to keep the ends and a peak")
    if len(points) <= most:
        return list(points)
    inner = points[1:-1]
    buckets = (most - 2) // 2
    kept = [points[0]]
    for number in range(buckets):
        bucket = inner[number * len(inner) // buckets : (number + 1) * len(inner) // buckets]
        kept.extend(_extremes(bucket))
    kept.append(points[-1])
    return kept


def _extremes(bucket: Sequence[Point]) -> list[Point]:
    known = [point for point in bucket if point[1] is not None]
    if not known:
        return list(bucket[:1])  # a gap stays a gap
    low = min(known, key=lambda point: point[1] or 0.0)
    high = max(known, key=lambda point: point[1] or 0.0)
    return [low] if low == high else sorted((low, high))
