"""The grid of forecast windows, what history says about each of them, and how often each is put to the test.

Two shapes are enough for a replica: the demand a pod decided now will meet (one step, `b` steps ahead), and the largest
demand before a removed pod could be back (all of the next `b` steps). Both end `b` steps ahead. A forecast of every
window is *issued* each `stride` steps and verified when the window has passed: neighbours in time share most of their
errors, so every seventh minute teaches nearly as much as every minute, and costs a seventh. Seven divides neither the
hour nor the day, but the week: tests wander over the clock, and a job of each fifth minute is not met always or never.
Long windows are issued more seldom, each so many sevens, for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np

from edgewarm.forecast.seasons import DAY_SECONDS
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

AHEAD = (1, 2, 3, 5, 8, 15, 30, 60, 1440)
UNTIL = (1, 2, 3, 5, 8, 15, 30, 60)
ISSUE_SECONDS = 420.0
ISSUES_A_WINDOW = 48  # of a long window, about: one that ends a day ahead each 28 minutes, or each 35 of 300 s steps
SEVEN = 7


@dataclass(frozen=True)
class Windows:
    """K windows: `ends` (K,) in steps; the first `points` of them are single steps, the others maxima from now on."""

    ends: IntArray
    points: int

    @classmethod
    def of(cls, ahead: tuple[int, ...], until: tuple[int, ...] = ()) -> Self:
        """Single steps `ahead` and maxima `until`, rising counts of steps >= 1; each of `until` is one of `ahead`.

        ValueError otherwise.
        """
        for name, steps in (("ahead", ahead), ("until", until)):
            if any(later <= earlier for earlier, later in pairwise((0, *steps))):
                raise ValueError(f"{name} must be rising counts of steps of at least 1, got {steps}")
        if set(until) - set(ahead):
            raise ValueError(f"until must be among ahead, got {sorted(set(until) - set(ahead))} besides {ahead}")
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

    @cached_property
    def until_index(self) -> IntArray:
        """Where each of `until` stands in `ahead`."""
        return np.searchsorted(self.ahead, self.until)

    def strides(self, step_seconds: float) -> IntArray:
        """Steps between two issues of each window, (K,)."""
        base = base_stride(step_seconds)
        sevens = base if base % SEVEN == 0 else SEVEN * base
        seldom = np.maximum(self.ends // ISSUES_A_WINDOW // sevens, 1) * sevens
        return np.where(self.ends >= ISSUES_A_WINDOW * base, seldom, base)

    def far(self, step_seconds: float) -> BoolArray:
        """Which of them end a day ahead or later, (K,)."""
        return np.asarray(self.ends >= round(DAY_SECONDS / step_seconds))

    def far_points(self, step_seconds: float) -> slice:
        """The single steps among them."""
        return slice(self.points - int(self.far(step_seconds)[: self.points].sum()), self.points)

    def of_path(self, path: FloatArray) -> FloatArray:
        """Window values (K, ...) of predictions `path` (points, ...) at `ahead`."""
        result = np.empty((self.count, *path.shape[1:]))
        result[: self.points] = path
        result[self.points :] = np.maximum.accumulate(path, axis=0)[self.until_index]
        return result

    def late(self, step_seconds: float) -> IntArray:
        """Steps by which the test of each window waits for the next issue, (K,), so that all are tested together."""
        return -self.ends % base_stride(step_seconds)

    def of_recent(self, recent: FloatArray, late: IntArray) -> FloatArray:
        """What windows that ended `late` (K,) steps ago turned out to be, (K, N); NaN where a step is unknown.

        `recent` (more than reach + late, N) is newest first.
        """
        result = np.empty((self.count, recent.shape[1]))
        result[: self.points] = recent[late[: self.points]]
        if len(self.until):
            starts = late[self.points :]
            spans = np.array([starts, starts + self.until]).T.ravel()
            result[self.points :] = np.maximum.reduceat(recent, spans, axis=0)[::2]
        return result


def base_stride(step_seconds: float) -> int:
    """Steps between two issues of short windows."""
    return max(1, round(ISSUE_SECONDS / step_seconds))


GRID = Windows.of(AHEAD, UNTIL)
