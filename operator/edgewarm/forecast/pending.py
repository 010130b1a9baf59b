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
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray, IntArray


@dataclass
class Pending(Rows):
    """All slots of all windows in one axis: `points` (S, E, N), `quantiles` (S, Q, N), and for the windows of single
    steps the `features` (P, F, N) and the `level` (P, N) they were told from."""

    waits: IntArray
    strides: IntArray
    offsets: IntArray
    points: FloatArray
    quantiles: FloatArray
    features: FloatArray
    level: FloatArray

    @classmethod
    def blank(cls, rows: int, windows: Windows, step_seconds: float) -> Pending:
        strides = windows.strides(step_seconds)
        waits = windows.ends + windows.late(step_seconds)
        slots = -(-waits // strides)
        total, single = int(slots.sum()), int(slots[: windows.points].sum())
        return cls(
            waits=waits,
            strides=strides,
            offsets=np.cumsum(slots) - slots,
            points=np.full((total, len(EXPERTS), rows), np.nan),
            quantiles=np.full((total, len(LEVELS), rows), np.nan),
            features=np.full((single, len(NAMES), rows), np.nan),
            level=np.full((single, rows), np.nan),
        )

    def due(self, step: int) -> IntArray:
        """Windows that are tested at this step."""
        return np.flatnonzero((step - self.waits) % self.strides == 0)

    def issuing(self, step: int) -> IntArray:
        """Windows that are issued at this step."""
        return np.flatnonzero(step % self.strides == 0)

    def tested(self, which: IntArray, step: int) -> IntArray:
        """Slots of the forecasts of these windows that are tested at this step."""
        return self.slots(which, step - self.waits[which])

    def slots(self, which: IntArray, issued_at: int | IntArray) -> IntArray:
        """Slots of the forecasts of these windows that are issued at this step, or at one step each."""
        strides = self.strides[which]
        return np.asarray(self.offsets[which] + issued_at // strides % -(-self.waits[which] // strides))
