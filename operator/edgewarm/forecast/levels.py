"""Where a series is now: last value, moving averages of three speeds, trend and unrest, all on the square-root scale.

    average <- average + a (z - average)     a per minute: .15, .03, .006; a per step of s minutes: 1 - (1 - a)^s

A value after a gap stands for all the steps since the last one: averages go the way of that many, and what it changed
is shared out among them. The first samples count as a plain mean, so that a young series does not start from nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from edgewarm.forecast.rows import Rows
from edgewarm.model.demand import BoolArray, FloatArray

PER_MINUTE = np.array([0.15, 0.03, 0.006])
SLOPE_GAIN = 0.3
UNREST_PER_MINUTE = 0.01
FAST, SLOW, HOURS, UNREST, SLOPE, DRIFT = range(6)  # of the running means; the averages first, fast to slow
YOUNG = 4  # running means that are plain ones of the first samples: the averages and the unrest


@cache
def gains(step_seconds: float) -> FloatArray:
    """Of the running means, per step, (6, 1)."""
    averages = 1 - (1 - PER_MINUTE) ** (step_seconds / 60)
    others = UNREST_PER_MINUTE * step_seconds / 60, SLOPE_GAIN, averages[FAST] / 2
    return np.append(averages, others)[:, None]


@cache
def settled(step_seconds: float) -> float:
    """Samples after which no running mean is a plain one any more."""
    return float(1 / gains(step_seconds)[:YOUNG].min())


@dataclass
class Levels(Rows):
    """`last` (N,), `means` (6, N): averages of three speeds, mean |change| of one step, slope and drift per step;
    `samples` (N,) seen, `age` (N,) steps since the last of them."""

    step_seconds: float
    last: FloatArray
    means: FloatArray
    samples: FloatArray
    age: FloatArray

    @classmethod
    def blank(cls, rows: int, step_seconds: float) -> Levels:
        means = np.zeros((len(gains(step_seconds)), rows))
        means[:UNREST] = np.nan
        return cls(step_seconds, np.full(rows, np.nan), means, np.zeros(rows), np.zeros(rows))

    @property
    def average(self) -> FloatArray:
        """The averages, fast to slow, (3, N)."""
        return np.asarray(self.means[:UNREST])

    @property
    def slow(self) -> FloatArray:
        """The average of half an hour (N,): what everything else is measured from."""
        return np.asarray(self.means[SLOW])

    @property
    def hours(self) -> FloatArray:
        """The average of three hours (N,)."""
        return np.asarray(self.means[HOURS])

    @property
    def unrest(self) -> FloatArray:
        return np.asarray(self.means[UNREST])

    @property
    def slope(self) -> FloatArray:
        return np.asarray(self.means[SLOPE])

    @property
    def drift(self) -> FloatArray:
        return np.asarray(self.means[DRIFT])

    @property
    def level(self) -> FloatArray:
        """The average of half an hour, 0 where nothing was seen."""
        return np.where(np.isnan(self.slow), 0.0, self.slow)

    def learn(self, z: FloatArray) -> None:
        """Take the values of one step, (N,); NaN leaves all as it was, one step older."""
        known = np.isfinite(z)
        if known.all() and not self.age.any() and (self.samples >= settled(self.step_seconds)).all():
            usual = gains(self.step_seconds)  # what most steps are: the same numbers, sooner
            self.samples += 1
            self._move(usual, self._targets(z, z - self.last, 1.0, usual[FAST]), z)
        else:
            self._learn_known(z, known)

    def _learn_known(self, z: FloatArray, known: BoolArray) -> None:
        if not self.samples.all():
            fresh = known & (self.samples == 0)
            self.last[:] = np.where(fresh, z, self.last)
            self.means[:UNREST] = np.where(fresh, z, self.average)
        self.samples += known
        steps = self.age + 1
        self.age[:] = np.where(known, 0.0, steps)
        now = np.where(known, z, self.last)
        change = np.where(known & (self.samples > 1), now - self.last, 0.0)
        gain = self._gains(steps)
        target = self._targets(now, change, steps, gain[FAST])
        target[UNREST:] = np.where(known, target[UNREST:], 0.0)
        gain[:YOUNG] = np.maximum(gain[:YOUNG], 1 / np.maximum(self.samples, 1))
        self._move(gain * known, target, now)

    def _gains(self, steps: FloatArray) -> FloatArray:
        """Of the running means, (6, N), when a value stands for so many `steps` (N,)."""
        usual = gains(self.step_seconds)
        result = np.repeat(usual, len(steps), axis=1)
        if (steps > 1).any():
            result[:UNREST] = np.where(steps > 1, 1 - (1 - usual[:UNREST]) ** steps, usual[:UNREST])
        return result

    def _targets(self, now: FloatArray, change: FloatArray, steps: FloatArray | float, gain: FloatArray) -> FloatArray:
        """What the running means are moved towards, (6, N); `gain` is that of the fastest average."""
        target = np.empty_like(self.means)
        target[:UNREST] = now
        target[UNREST] = np.abs(change) / np.sqrt(steps)
        target[SLOPE] = change / steps
        target[DRIFT] = gain * (now - self.means[FAST]) / steps
        return target

    def _move(self, gain: FloatArray, target: FloatArray, now: FloatArray) -> None:
        target -= self.means
        target *= gain
        self.means += target
        self.last[:] = now
