"""Forecasts under way: what was issued and has not yet come true, in slots by time and never by count.

A window that ends `b` steps on, is issued each `s` steps and tested `l` steps late has ceil((b + l) / s) slots: the one
issued at step t stands in slot t / s modulo their number until it is tested at t + b + l.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.experts import EXPERTS, LAST
from edgewarm.forecast.features import NAMES
from edgewarm.forecast.mixture import LEVELS
from edgewarm.forecast.rows import RowsInUnits, SingleArray, no_unit
from edgewarm.forecast.windows import Windows, base_stride
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

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

    def tested(self, which: IntArray, step: int) -> IntArray:
        """Slots of the forecasts of these windows that are tested at this step, where they are."""
        return self.slots(which, step - self.waits[which])

    def slots(self, which: IntArray, issued_at: int | IntArray) -> IntArray:
        """Slots of the forecasts of these windows that are issued at this step, or at one step each."""
        return np.asarray(self.first[which] + issued_at // self.strides[which] % self.count[which])


@dataclass
class Pending(RowsInUnits):
    """All slots of all windows in one axis: the `last` value (S, N) that each forecast was made from, NaN where none is
    to be tested; above it, in units of the row, the `points` (S, E, N) and `quantiles` (S, Q, N), and for windows of
    single steps the `level` (P, N); in units their `features` (P, F, N). For those a day ahead, whose slots begin with
    `far`, the `spread` (D, Q, N) of the last days, in units too."""

    schedule: Schedule
    far: int
    last: FloatArray
    points: SingleArray
    quantiles: SingleArray
    features: SingleArray
    level: SingleArray
    spread: SingleArray

    @classmethod
    def blank(cls, rows: int, windows: Windows, step_seconds: float) -> Pending:
        schedule = Schedule.of(windows, step_seconds)
        total, single = int(schedule.count.sum()), int(schedule.count[: windows.points].sum())
        far = int(schedule.count[: windows.far_points(step_seconds).start].sum())
        return cls(
            unit=no_unit(rows),
            schedule=schedule,
            far=far,
            last=np.full((total, rows), np.nan),
            points=np.zeros((total, len(EXPERTS), rows), dtype=np.float32),
            quantiles=np.zeros((total, len(LEVELS), rows), dtype=np.float32),
            features=np.zeros((single, len(NAMES), rows), dtype=np.float32),
            level=np.zeros((single, rows), dtype=np.float32),
            spread=np.zeros((single - far, len(LEVELS), rows), dtype=np.float32),
        )

    def put(self, slots: IntArray, points: FloatArray, quantiles: FloatArray, untested: BoolArray) -> None:
        """Keep what was said of D windows, `points` (D, E, N) and `quantiles` (D, Q, N); the `untested` (D, N) are not
        to be tested."""
        last = points[0, LAST]
        self.measure(last)
        self.last[slots] = np.where(untested, np.nan, last)
        self.points[slots] = self.multiples(points - last)
        self.quantiles[slots] = self.multiples(quantiles - last)

    def put_features(self, slots: IntArray, features: FloatArray, level: FloatArray) -> None:
        """Keep what the regression saw, `features` (D, F, N) and the `level` (N,), of windows that were `put`."""
        self.features[slots] = self.multiples(features)
        self.level[slots] = self.multiples(level - self.last[slots])

    def put_spread(self, slots: IntArray, spread: FloatArray) -> None:
        """Keep how far the last days' quantiles (D, Q, N) lay from their median, of windows a day ahead."""
        self.spread[slots - self.far] = self.multiples(spread)

    def spread_of(self, slots: IntArray) -> FloatArray:
        """The spread (D, Q, N) in these slots, which are of windows a day ahead."""
        return np.asarray(self.unit * self.spread[slots - self.far])

    def said(self, slots: IntArray) -> tuple[FloatArray, FloatArray]:
        """The points (D, E, N) and quantiles (D, Q, N) in these slots, NaN where there is nothing to test."""
        last = self.last[slots, None]
        return last + self.unit * self.points[slots], last + self.unit * self.quantiles[slots]

    def seen(self, slots: IntArray) -> tuple[FloatArray, FloatArray]:
        """The features (D, F, N), and the level (D, N), NaN where there is nothing to test."""
        return self.unit * self.features[slots], self.last[slots] + self.unit * self.level[slots]

    def forget(self, steps: range) -> None:
        """Nothing was issued at these steps: what stands in their slots is older, and is not tested for them."""
        for window, stride in enumerate(self.schedule.strides.tolist()):
            first = -(-steps.start // stride) * stride
            issued = np.arange(first, steps.stop, stride)[-self.schedule.count[window] :]
            self.last[self.schedule.slots(np.full(len(issued), window), issued)] = np.nan
