"""Where a series is now: last value, moving averages of three speeds, trend and unrest, all on the square-root scale.

    average <- average + a (z - average)     a per minute: .5, .15, .03; a per step of s minutes: 1 - (1 - a)^s

A value after a gap stands for all the steps since the last one: averages go the way of that many, and what it changed
is shared out among them. The first samples count as a plain mean, so that a young series does not start from nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from edgewarm.forecast.rows import Rows
from edgewarm.model.demand import BoolArray, FloatArray

PER_MINUTE = np.array([0.5, 0.15, 0.03])
SLOPE_GAIN = 0.3
UNREST_PER_MINUTE = 0.01


@cache
def gains(step_seconds: float) -> FloatArray:
    """Of the averages, per step, (3, 1)."""
    return np.asarray(1 - (1 - PER_MINUTE[:, None]) ** (step_seconds / 60))


@dataclass
class Levels(Rows):
    """`last` (N,), `average` (3, N) fast to slow, `slope` and `drift` (N,) per step, `unrest` (N,) mean |change| of
    one step, `samples` (N,) seen, `age` (N,) steps since the last of them."""

    step_seconds: float
    last: FloatArray
    average: FloatArray
    slope: FloatArray
    drift: FloatArray
    unrest: FloatArray
    samples: FloatArray
    age: FloatArray

    @classmethod
    def blank(cls, rows: int, step_seconds: float) -> Levels:
        one = (np.zeros(rows) for _ in range(5))
        return cls(step_seconds, np.full(rows, np.nan), np.full((3, rows), np.nan), *one)

    @property
    def slow(self) -> FloatArray:
        """The slowest average (N,): what everything else is measured from."""
        return np.asarray(self.average[2])

    @property
    def level(self) -> FloatArray:
        """The same, 0 where nothing was seen."""
        return np.where(np.isnan(self.slow), 0.0, self.slow)

    def learn(self, z: FloatArray) -> None:
        """Take the values of one step, (N,); NaN leaves all as it was, one step older."""
        known = np.isfinite(z)
        if not self.samples.all():
            fresh = known & (self.samples == 0)
            self.last = np.where(fresh, z, self.last)
            self.average = np.where(fresh, z, self.average)
        self.samples += known
        steps = self.age + 1
        self.age = np.where(known, 0.0, steps)
        now = np.where(known, z, self.last)
        change = np.where(known & (self.samples > 1), now - self.last, 0.0)
        pace = 1 / np.maximum(self.samples, 1)
        usual = gains(self.step_seconds)
        gain = np.where(steps > 1, 1 - (1 - usual) ** steps, usual) if (steps > 1).any() else usual
        self._unsettle(known, np.abs(change) / np.sqrt(steps), pace)
        self.slope += SLOPE_GAIN * known * (change / steps - self.slope)
        trend = np.where(known, gain[1] * (now - self.average[1]) / steps, 0.0)
        self.drift += usual[1] / 2 * known * (trend - self.drift)
        self.average += np.maximum(gain, pace) * known * (now - self.average)
        self.last = now

    def _unsettle(self, known: BoolArray, change: FloatArray, pace: FloatArray) -> None:
        slowest = UNREST_PER_MINUTE * self.step_seconds / 60
        self.unrest += np.maximum(pace, slowest) * known * (change - self.unrest)
