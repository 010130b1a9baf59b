"""The fixed grid of forecast windows, and what history says about each of them.

Two shapes are enough for a replica: the demand a pod decided now will meet (one step, `b` steps ahead), and the largest
demand before a removed pod could be back (all of the next `b` steps). Both end `b` steps ahead, so a forecast issued at
step k is verified at step k + b.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray

AHEAD = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 60, 1440)
UNTIL = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 60)


@dataclass(frozen=True)
class Windows:
    """K windows: `ends` (K,) in steps; the first `points` of them are single steps, the others maxima from now on."""

    ends: IntArray
    points: int

    @classmethod
    def of(cls, ahead: tuple[int, ...], until: tuple[int, ...] = ()) -> Self:
        """Single steps `ahead` and maxima `until`, both rising counts of steps >= 1; ValueError otherwise."""
        for name, steps in (("ahead", ahead), ("until", until)):
            if any(later <= earlier for earlier, later in pairwise((0, *steps))):
                raise ValueError(f"{name} must be rising counts of steps of at least 1, got {steps}")
        return cls(np.array(ahead + until, dtype=np.int64), len(ahead))

    @property
    def ahead(self) -> IntArray:
        return self.ends[: self.points]

    @property
    def until(self) -> IntArray:
        return self.ends[self.points :]

    @property
    def count(self) -> int:
        return len(self.ends)

    @property
    def reach(self) -> int:
        """Steps of a path that the maxima need."""
        return int(self.until.max(initial=1))

    def of_path(self, path: FloatArray, far: FloatArray) -> FloatArray:
        """Window values of a predicted path: `path` (N, reach) for steps 1..reach, `far` (N, P) for the P points."""
        highest = np.maximum.accumulate(path, axis=1)
        result: FloatArray = np.concatenate([far, highest[:, self.until - 1]], axis=1)
        return result

    def of_recent(self, recent: FloatArray) -> FloatArray:
        """What the windows that end now turned out to be: `recent` (N, reach), newest first; NaN where unknown."""
        highest = np.maximum.accumulate(recent, axis=1)
        now = np.repeat(recent[:, :1], self.points, axis=1)
        result: FloatArray = np.concatenate([now, highest[:, self.until - 1]], axis=1)
        return result


GRID = Windows.of(AHEAD, UNTIL)
