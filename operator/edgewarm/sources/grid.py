"""Points at any times -> a regular grid: index = round((t - start) / step), absent points NaN.

Within a series the last of several points at one index wins. Where two series claim the same index the sum is unknown,
so the point is NaN; series that follow each other in time (a label changed) join. Negative and infinite become NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgewarm.model.demand import FloatArray, History


@dataclass(frozen=True, slots=True)
class Grid:
    """start, start + step, ... <= end: `size` points, seconds."""

    start: float
    step_seconds: float
    size: int

    @classmethod
    def between(cls, start: float, end: float, step_seconds: float) -> Grid:
        if not step_seconds > 0:
            raise ValueError(f"step must be > 0 s, got {step_seconds}")
        return cls(start, step_seconds, max(0, math.floor((end - start) / step_seconds + 1e-6) + 1))

    def at(self, index: int) -> float:
        return self.start + index * self.step_seconds

    def indexes(self, times: FloatArray) -> NDArray[np.int64]:
        """Nearest index per time; what lies outside becomes -1 or `size`, however far away it is."""
        nearest = np.rint((times - self.start) / self.step_seconds)
        return np.clip(nearest, -1, self.size).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a grid: indexes first <= i < stop, what one request asks for."""

    first: int
    stop: int


class Filler:
    """Collects the points of one policy."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._values = np.full(grid.size, np.nan)
        self._claims = np.zeros(grid.size, dtype=np.uint8)

    def add(self, stretch: Stretch, times: FloatArray, values: FloatArray) -> None:
        """One series' points within one stretch; points outside of it belong to another request."""
        where = self._grid.indexes(times)
        inside = (where >= stretch.first) & (where < stretch.stop)
        where = where[inside]
        self._values[where] = values[inside]
        claimed = np.unique(where)
        self._claims[claimed] = np.minimum(self._claims[claimed] + 1, 2)

    def history(self) -> History:
        known = np.isfinite(self._values) & (self._values >= 0) & (self._claims == 1)
        return History(self._grid.start, self._grid.step_seconds, np.where(known, self._values, np.nan))
