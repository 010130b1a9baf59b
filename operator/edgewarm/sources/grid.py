"""Points at any times -> a regular grid: index = round((t - start) / step), absent points NaN.

Within a series the last of several points at one index wins. Where two series claim the same index the sum is unknown,
so the point is NaN; series that follow each other in time (a label changed) join. A demand that is to be split is the
sum of its series; an unknown one makes the sum unknown. Negative and infinite become NaN.
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
    """Collects the points of one policy; with `adds` its series are added up."""

    def __init__(self, grid: Grid, adds: bool = False) -> None:
        self._grid = grid
        self._adds = adds
        self._values = np.full(grid.size, np.nan)
        self._claims = np.zeros(grid.size, dtype=np.uint8)

    def add(self, stretch: Stretch, times: FloatArray, values: FloatArray) -> None:
        """One series' points within one stretch; points outside of it belong to another request."""
        where = self._grid.indexes(times)
        inside = (where >= stretch.first) & (where < stretch.stop)
        where = where[inside]
        claimed = np.unique(where)
        before = np.where(self._claims[claimed] > 0, self._values[claimed], 0.0) if self._adds else 0.0
        self._values[where] = np.where(values[inside] >= 0, values[inside], np.nan)
        self._values[claimed] += before
        self._claims[claimed] = np.minimum(self._claims[claimed] + 1, 2)

    def history(self) -> History:
        once = (self._claims > 0) if self._adds else (self._claims == 1)
        known = np.isfinite(self._values) & once
        return History(self._grid.start, self._grid.step_seconds, np.where(known, self._values, np.nan))
