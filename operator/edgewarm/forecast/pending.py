"""Forecasts under way: what was issued and has not yet come true, in slots by time and never by count.

A window that ends `b` steps on, is issued each `s` steps and tested `l` steps late has ceil((b + l) / s) slots: the one
issued at step t stands in slot t / s modulo their number until it is tested at t + b + l.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.experts import EXPERTS
from edgewarm.forecast.features import NAMES
from edgewarm.forecast.mixture import LEVELS
from edgewarm.forecast.rows import Rows
from edgewarm.forecast.windows import Windows, base_stride
from edgewarm.model.demand import FloatArray, IntArray

NONE: IntArray = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Schedule:
    """When each window is issued and tested, in steps, always at multiples of `base`: `waits` from one to the other,
    `strides` between issues, `count` of slots and the `first` one of each, all (K,)."""

    base: int
    waits: IntArray
    strides: IntArray
    count: IntArray
    first: IntArray

    @classmethod
    def of(cls, windows: Windows, step_seconds: float) -> Schedule:
        strides = windows.strides(step_seconds)
        waits = windows.ends + windows.late(step_seconds)
        count = -(-waits // strides)
        return cls(base_stride(step_seconds), waits, strides, count, np.cumsum(count) - count)

    def due(self, step: int) -> IntArray:
        """Windows that are tested at this step."""
        return NONE if step % self.base else np.flatnonzero((step - self.waits) % self.strides == 0)

    def issuing(self, step: int) -> IntArray:
        """Windows that are issued at this step."""
        return NONE if step % self.base else np.flatnonzero(step % self.strides == 0)

    def resting(self, step: int) -> IntArray:
        """Windows that are not."""
        return np.flatnonzero(step % self.strides)

    def tested(self, which: IntArray, step: int) -> IntArray:
        """Slots of the forecasts of these windows that are tested at this step."""
        return self.slots(which, step - self.waits[which])

    def slots(self, which: IntArray, issued_at: int | IntArray) -> IntArray:
        """Slots of the forecasts of these windows that are issued at this step, or at one step each."""
        return np.asarray(self.first[which] + issued_at // self.strides[which] % self.count[which])


@dataclass
class Pending(Rows):
    """All slots of all windows in one axis: `points` (S, E, N), `quantiles` (S, Q, N), and for the windows of single
    steps the `features` (P, F, N) and the `level` (P, N) they were told from."""

    schedule: Schedule
    points: FloatArray
    quantiles: FloatArray
    features: FloatArray
    level: FloatArray

    @classmethod
    def blank(cls, rows: int, windows: Windows, step_seconds: float) -> Pending:
        schedule = Schedule.of(windows, step_seconds)
        total, single = int(schedule.count.sum()), int(schedule.count[: windows.points].sum())
        return cls(
            schedule=schedule,
            points=np.full((total, len(EXPERTS), rows), np.nan),
            quantiles=np.full((total, len(LEVELS), rows), np.nan),
            features=np.full((single, len(NAMES), rows), np.nan),
            level=np.full((single, rows), np.nan),
        )

    def forget(self, steps: range) -> None:
        """Nothing was issued at these steps: what stands in their slots is older, and is not tested for them."""
        for window, stride in enumerate(self.schedule.strides.tolist()):
            first = -(-steps.start // stride) * stride
            issued = np.arange(first, steps.stop, stride)[-self.schedule.count[window] :]
            slots = self.schedule.slots(np.full(len(issued), window), issued)
            self.points[slots] = np.nan
            self.level[slots[slots < len(self.level)]] = np.nan
