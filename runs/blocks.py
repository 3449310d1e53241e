"""Series of long runs, packed: a chart of a million turns reads some hundred blocks instead of a million rows of JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

import numpy as np

from metrics.series import Lines, lines_of
from runs.models import SeriesBlock

TURNS = 4_096
MOST_NAMES = 64
NUMBERS = "<f8"
Measurements = tuple[int, Mapping[str, Any]]


def packable(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """What of these measurements goes into blocks: nothing of a table, of a large mapping what shows that it is too large."""
    kept: dict[str, Any] = {}
    for key, value in metrics.items():
        if isinstance(value, Mapping) and len(value) > MOST_NAMES:
            kept[key] = dict(islice(value.items(), MOST_NAMES + 1))
        else:
            kept[key] = None if isinstance(value, list) else value
    return kept


def packed(run_id: int, turns: Sequence[Measurements]) -> tuple[list[SeriesBlock], list[Measurements]]:
    """The blocks that these turns fill, and the turns left over. They are in order, the first is the first of a block."""
    blocks: list[SeriesBlock] = []
    whole = len(turns) - len(turns) % TURNS
    for start in range(0, whole, TURNS):
        stretch = turns[start : start + TURNS]
        first, last = stretch[0][0], stretch[-1][0]
        if first % TURNS == 1 and last == first + TURNS - 1:  # no turn is missing
            keys = sorted({key for _, measured in stretch for key in measured})
            blocks += [block for key in keys if (block := _pack(run_id, key, first, stretch)) is not None]
    return blocks, list(turns[whole:])


def _pack(run_id: int, metric: str, first: int, stretch: Sequence[Measurements]) -> SeriesBlock | None:
    """None for a mapping of very many names: mostly holes, it is smaller as it is."""
    lines = lines_of([measured.get(metric) for _, measured in stretch])
    if len(lines) > MOST_NAMES:
        return None
    values = np.stack(list(lines.values())).astype(NUMBERS).tobytes()
    names = [name for name in lines if name is not None]
    return SeriesBlock(run_id=run_id, metric=metric, first=first, names=names, values=values)


def unpacked(runs: Collection[int], metric: str, after: int, until: int | None) -> dict[int, tuple[int, int, Lines]]:
    """By run: the first turn, the last, and the lines between, of the blocks that lie about the turns after `after`.

    They follow on each other without a gap from the block of turn `after + 1` on; runs without such a block are left out.
    One query.
    """
    start = after - after % TURNS + 1
    rows = SeriesBlock.objects.filter(run__in=runs, metric=metric, first__gte=start).order_by("run", "first")
    if until is not None:
        rows = rows.filter(first__lte=until)
    found = {}
    for run, blocks in groupby(rows.values_list("run", "first", "names", "values"), key=lambda row: row[0]):
        following = [block for place, block in enumerate(blocks) if block[1] == start + place * TURNS]
        if following:
            last = start + len(following) * TURNS - 1
            found[run] = (start, last, _joined([(names, values) for _, _, names, values in following]))
    return found


def _joined(blocks: Sequence[tuple[list[str], bytes | memoryview]]) -> Lines:
    mapped = sorted({name for own, _ in blocks for name in own})
    names: list[str | None] = [*mapped] if mapped else [None]
    lines = np.full((len(names), len(blocks) * TURNS), np.nan)
    for place, (own, values) in enumerate(blocks):
        if own or names == [None]:
            rows = [names.index(name) for name in own] or [0]
            lines[rows, place * TURNS : (place + 1) * TURNS] = np.frombuffer(values, NUMBERS).reshape(-1, TURNS)
    return dict(zip(names, lines, strict=True))
