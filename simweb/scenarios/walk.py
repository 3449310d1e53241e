"""Random walks on a bounded square grid, one agent after the other, all at once."""

from __future__ import annotations

import numpy as np


class Walk:
    """Agents on a `side` × `side` grid with walls, as many to a cell as come; they start anywhere."""

    def __init__(self, agents: int, side: int, rng: np.random.Generator) -> None:
        self._rng = rng
        self.cell = rng.integers(side * side, size=agents)
        self._residents = np.bincount(self.cell, minlength=side * side)
        y, x = np.divmod(np.arange(side * side), side)
        steps = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]
        inside = np.stack(
            [(y + dy >= 0) & (y + dy < side) & (x + dx >= 0) & (x + dx < side) for dy, dx in steps], axis=1
        )
        offset = np.array([dy * side + dx for dy, dx in steps])
        self._ways = inside.sum(axis=1)
        by_use = np.argsort(~inside, axis=1, kind="stable")  # ways that stay inside come first
        self._offset = offset.astype(np.int32)[by_use].ravel()
        self._sortable = np.uint16 if side * side <= 2**16 else np.int64  # NumPy sorts 16 bits by radix, much faster

    def step(self, order: np.ndarray) -> np.ndarray:
        """Number the agents anew by `order`; then each in turn, 0 first, moves to a random neighbouring cell.

        Returns whom each met: an agent drawn from those in its new cell at that moment, or itself if there was nobody.
        These are the residents of the cell who have not left yet and the newcomers who arrived before.
        """
        n = len(order)
        old = self.cell[order]
        way = (self._rng.random(n) * self._ways[old]).astype(np.int64)
        new = self.cell = old + self._offset[old * 8 + way]
        events = np.empty(2 * n, dtype=self._sortable)
        events[::2], events[1::2] = old, new  # 2i: agent i leaves; 2i + 1: it arrives
        by_cell = np.argsort(events, kind="stable")  # and by time within each cell
        arrives = by_cell & 1 == 1
        by_cell >>= 1  # from here on agents; in place, as fresh memory costs more than the arithmetic
        arrival = np.flatnonzero(arrives)
        listed = np.empty(2 * n, dtype=by_cell.dtype)
        arrived, left = listed[:n], listed[n:]
        np.take(by_cell, arrival, out=arrived, mode="clip")
        np.take(by_cell, np.flatnonzero(~arrives), out=left, mode="clip")
        place = np.arange(n)
        arrivals, residents = np.bincount(new, minlength=len(self._ways)), self._residents
        self._residents = arrivals
        cell = new.take(arrived)
        earlier = place - (np.cumsum(arrivals) - arrivals).take(cell)
        gone = arrival - place  # departures listed before this arrival, whatever the cell
        present = np.cumsum(residents).take(cell)
        present -= gone
        present += earlier
        drawn = (self._rng.random(n) * present).astype(np.int64)
        gone -= place
        gone += n
        gone *= drawn >= earlier
        among = place - earlier
        among += drawn
        among += gone
        met = np.empty(n, dtype=np.int64)
        met[arrived] = np.where(present > 0, listed.take(among, mode="clip"), arrived)
        return met
