"""How blocks are drawn: bars as shapes, a tree as nested branches with the share of each, cells as texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from django import template

from runs.templatetags.show import UNKNOWN, amount

register = template.Library()
ALL_LABELLED = 12  # of more bars only the first, the middle and the last are named beneath
WEIGHTS = 4


FIGURE = re.compile(r"[-−]?[0-9][0-9,]*(\.[0-9]+)?%?")


@register.filter
def is_number(cell: Any) -> bool:
    """Whether it stands to the right: numbers, and texts that are written as one."""
    return _is_value(cell) or (isinstance(cell, str) and bool(FIGURE.fullmatch(cell)))


def _is_value(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


@register.filter
def cell(value: Any) -> str:
    """A cell's text: of a number every digit, for what is summed up must be there to add up."""
    if not _is_value(value):
        return UNKNOWN if value is None else str(value)
    return f"{int(value) if value == int(value) else value:,}"


@register.filter
def numeric_columns(block: Mapping[str, Any]) -> list[bool]:
    """Of each column, whether its head stands to the right, as its numbers do."""
    columns = [[row[place] for row in block["rows"] if place < len(row)] for place in range(len(block["heads"]))]
    known = [[value for value in column if value is not None] for column in columns]
    return [bool(column) and all(map(is_number, column)) for column in known]


@register.filter
def bar_shapes(block: Mapping[str, Any]) -> dict[str, Any]:
    """Bars in a field one wide a bar and 100 high, with the line of zero, and what is written beside and beneath."""
    heights, labels = block["heights"], block["labels"]
    high, low = max([0.0, *heights]), min([0.0, *heights])
    scale = 100 / ((high - low) or 1.0)
    zero = high * scale
    bars = [
        {"label": label, "value": value, "x": place, "y": zero - max(0.0, value) * scale, "height": abs(value) * scale}
        for place, (label, value) in enumerate(zip(labels, heights, strict=True))
    ]
    few = len(labels) <= ALL_LABELLED
    return {
        "bars": bars,
        "width": len(bars),
        "zero": zero,
        "high": amount(high),
        "low": amount(low) if low else "",
        "few": few,
        "named": labels if few else [labels[0], labels[len(labels) // 2], labels[-1]],
    }


@register.filter
def drawn_tree(root: Mapping[str, Any]) -> dict[str, Any]:
    """The tree's nodes, each with how often it was reached and its share of the node above."""
    return _node(root, "", root["count"], root["count"])


def _node(branch: Mapping[str, Any], word: str, above: int | None, most: int | None) -> dict[str, Any]:
    count = branch["count"]
    follow = [_node(branch[name], name, count, most) for name in ("yes", "no") if branch[name]]
    for one, following in pairwise(follow):
        one["next"] = following["weight"]
    return {
        "label": branch["label"],
        "detail": branch["detail"],
        "word": word,
        "count": count,
        "share": f"{count / above:.0%}" if count is not None and above else "",
        "weight": None if count is None or most is None else -(-count * WEIGHTS // most) if most else 0,
        "next": None,  # how heavy the line is that passes it
        "kind": "condition" if follow else "action",
        "follow": follow,
    }
