"""View: what the world looks like after a turn, as plain numbers that a browser draws. Pictures never touch the fingerprint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Kind = Literal["grid", "points", "network", "bars", "columns"]
MOST_FRAMES = 200
MOST_CHARACTERS = 64_000
MOST_SIDE = 200


@dataclass(frozen=True, slots=True)
class View:
    """One picture. Make it with `grid`, `points`, `network`, `bars` or `columns`; `data` is what `sim-world` draws."""

    kind: Kind
    data: Mapping[str, Any]
    legend: Sequence[str] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON. Raises ValueError for NaN, and for more than 64,000 characters."""
        told = {"kind": self.kind, "legend": list(self.legend), **self.data}
        size = len(json.dumps(told, allow_nan=False))
        if size > MOST_CHARACTERS:
            raise ValueError(
                f"it has {size:,} characters of JSON, and at most {MOST_CHARACTERS:,} are kept: show a sample"
            )
        return told


def grid(cells: np.ndarray, legend: Sequence[str]) -> View:
    """A field of whole numbers 0–9, each with its name in the legend; of more than 200 × 200 cells, evenly spaced ones."""
    step = -(-max(cells.shape) // MOST_SIDE)
    shown = cells[::step, ::step]
    text = "".join(map(str, np.clip(shown, 0, 9).astype(int).ravel()))
    return View("grid", {"width": shown.shape[1], "height": shown.shape[0], "cells": text}, legend)


def points(x: np.ndarray, y: np.ndarray, value: np.ndarray | None = None) -> View:
    """Agents in a plane, each coloured by a value from −1 to 1."""
    return View("points", {"x": _rounded(x), "y": _rounded(y), "value": None if value is None else _rounded(value)})


def network(x: np.ndarray, y: np.ndarray, edges: Sequence[tuple[int, int]], value: np.ndarray) -> View:
    """Nodes with places and values from −1 to 1, and edges between their numbers."""
    pairs = [[int(one), int(other)] for one, other in edges]
    return View("network", {"x": _rounded(x), "y": _rounded(y), "value": _rounded(value), "edges": pairs})


def bars(heights: np.ndarray, labels: Sequence[str], curve: Sequence[tuple[float, float]] = ()) -> View:
    """A bar for each label and, beside them, a curve in the unit square (a Lorenz curve, say)."""
    return View(
        "bars", {"heights": _rounded(heights), "labels": list(labels), "curve": [_rounded(np.array(p)) for p in curve]}
    )


def columns(labels: Sequence[str], series: Mapping[str, np.ndarray]) -> View:
    """Bars side by side for each label, one of each series; they may go below zero."""
    told = [{"name": name, "heights": _rounded(heights)} for name, heights in series.items()]
    return View("columns", {"labels": list(labels), "series": told})


def frame_turns(turns: int) -> int:
    """Every how many turns a frame is kept, so that a run has at most 200."""
    return -(-turns // MOST_FRAMES)


def _rounded(values: np.ndarray) -> list[float]:
    rounded: list[float] = np.round(np.asarray(values, dtype=float), 4).tolist()
    return rounded
