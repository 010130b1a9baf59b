"""What is replayed: a trace, where its test span begins, what a pod serves and how long it takes to start.

Row i stands for the time of `trace.values[i]`. A decision at row i knows the values of rows before i (metrics lag a
step); a pod that it adds serves from row i + ceil(lead time / step) on, a pod that it removes serves no more at row i.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgewarm.forecast.intermittent import counted, intermittent
from edgewarm.model.demand import BoolArray, FloatArray, IntArray
from edgewarm.model.policy import Bounds
from edgewarm.replay.starts import ROUNDING, Starts
from edgewarm.replay.trace import Trace

WIDE = Bounds(1, 1000)
AUTO_LEVEL, AUTO_PODS = 0.995, 25
WARM_UP_SECONDS = 3600.0


def auto_capacity(training: FloatArray) -> float:
    """Demand per pod at which the training part's p99.5 is 25 pods; ValueError where it has no demand."""
    known = training[np.isfinite(training)]
    level = float(np.quantile(known, AUTO_LEVEL)) if len(known) else 0.0
    if level <= 0:
        raise ValueError("there is no demand in the training part")
    return level / AUTO_PODS


@dataclass(frozen=True)
class Scene:
    """Rows before `begin` are history; the others are the test span that costs are counted over."""

    trace: Trace
    begin: int
    capacity: float
    starts: Starts
    bounds: Bounds = WIDE

    @property
    def rows(self) -> int:
        return len(self.trace.values)

    @property
    def step_seconds(self) -> float:
        return self.trace.step_seconds

    @property
    def lead_rows(self) -> int:
        """Steps from a decision until a pod of median start time serves."""
        return math.ceil(self.starts.median_seconds / self.step_seconds - ROUNDING)

    @property
    def warm(self) -> int:
        """The row from which policies that must be asked row by row are asked: an hour before the test span."""
        return max(0, self.begin - self.steps(WARM_UP_SECONDS))

    def steps(self, seconds: float) -> int:
        """A duration in steps, at least one."""
        return max(1, round(seconds / self.step_seconds))

    @cached_property
    def known(self) -> BoolArray:
        """Rows (T,) whose demand is known."""
        return np.isfinite(self.trace.values)

    @cached_property
    def need(self) -> IntArray:
        """Pods needed (T,); 0 where demand is unknown."""
        pods = np.ceil(np.where(self.known, self.trace.values, 0.0) / self.capacity - ROUNDING)
        return np.maximum(pods, 0).astype(np.int64)

    @cached_property
    def asleep(self) -> bool:
        """Zero pods are allowed, and demand is intermittent: a question of whether, not of how much."""
        demand = self.trace.values[None]
        return self.bounds.low == 0 and bool(intermittent(*counted(demand))[0])

    @cached_property
    def seen(self) -> FloatArray:
        """Demand (T,) as a decision at each row knows it: of the row before; in a gap the last known one, else 0."""
        late = np.concatenate([[np.nan], self.trace.values[:-1]])
        last = np.maximum.accumulate(np.where(np.isfinite(late), np.arange(len(late)), -1))
        result: FloatArray = np.where(last >= 0, late[np.maximum(last, 0)], 0.0)
        return result

    @cached_property
    def load(self) -> FloatArray:
        """`seen` in pods, not rounded (T,)."""
        return self.seen / self.capacity
