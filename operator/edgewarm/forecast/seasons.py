"""What this time of the day, of the hour and of the week usually looks like, on the square-root scale z = sqrt(y).

    day[slot]   <- day[slot] + max(1/n, .12) (z - day[slot])           an average of about the last week of days
    deviation   <- deviation + .25 (z - day[slot] - deviation)         how far today is from it; fades by .98 a minute
    hour[slot]  <- hour[slot] + .15 (z - slow average - hour[slot])    minute of the hour: jobs that start on the hour
    week[slot]  =  mean of z in that quarter of an hour a week ago

No season is assumed: each is only a feature and an expert, and counts as far as it was right before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.rows import RowsInUnits, SingleArray, no_unit, ordered_sum
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

DAY_SECONDS, HOUR_SECONDS, WEEK_DAYS = 86400.0, 3600.0, 7
QUARTER_SECONDS = 900.0
DAY_GAIN = 0.12
MANY_DAYS = 100  # of visits to a slot: more than 1 / DAY_GAIN change nothing
PACES = np.maximum(1 / np.maximum(np.arange(MANY_DAYS + 1), 1), DAY_GAIN)  # of a slot's mean, by visits
HOUR_GAIN = 0.15
DEVIATION_GAIN = 0.25
FADING_PER_MINUTE = 0.98

ByteArray = NDArray[np.uint8]


@dataclass
class Seasons(RowsInUnits):
    """In units of the row, NaN where nothing was seen: `day` (S, N), `hour` (M, N), `week` (W, N), and `ring` (L, N), z
    of the last day, by step modulo L. `visits` (S, N) of the slots of the day; `deviation` (N,); `sum` and `count` (N,)
    of the quarter of the week under way."""

    step_seconds: float
    day: SingleArray
    visits: ByteArray
    deviation: FloatArray
    hour: SingleArray
    week: SingleArray
    sum: FloatArray
    count: FloatArray
    ring: SingleArray

    @classmethod
    def blank(cls, rows: int, step_seconds: float) -> Seasons:
        slots = max(1, round(DAY_SECONDS / step_seconds))
        minutes = max(1, round(HOUR_SECONDS / step_seconds))
        quarters = WEEK_DAYS * min(slots, round(DAY_SECONDS / QUARTER_SECONDS))
        nothing = np.float32(np.nan)
        return cls(
            unit=no_unit(rows),
            step_seconds=step_seconds,
            day=np.full((slots, rows), nothing),
            visits=np.zeros((slots, rows), dtype=np.uint8),
            deviation=np.zeros(rows),
            hour=np.zeros((minutes, rows), dtype=np.float32),
            week=np.full((quarters, rows), nothing),
            sum=np.zeros(rows),
            count=np.zeros(rows),
            ring=np.full((max(slots, 2 * minutes) + 1, rows), nothing),
        )

    @property
    def slots(self) -> int:
        """Steps of a day."""
        return len(self.day)

    @property
    def minutes(self) -> int:
        """Steps of an hour, at least one."""
        return len(self.hour)

    def learn(self, step: int, z: FloatArray, slow: FloatArray) -> None:
        """Take the value of one step, (N,), beside the slow average before it; NaN only lets deviations fade."""
        self.measure(z)  # so that none of what follows is too large for single precision
        known = np.isfinite(z)
        self.ring[step % len(self.ring)] = z / self.unit
        self._learn_day(step % self.slots, z, known)
        self._learn_hour(step % self.minutes, z - slow)
        self._learn_week(step, z, known)

    def _learn_day(self, slot: int, z: FloatArray, known: BoolArray) -> None:
        mean = self.day[slot] * self.unit
        before = np.where(np.isnan(mean), z, mean)
        above = z - before
        self.deviation += np.where(known, DEVIATION_GAIN * (above - self.deviation), -self._fading * self.deviation)
        visits = self.visits[slot] = np.minimum(self.visits[slot] + known, MANY_DAYS)
        self.day[slot] = np.where(known, before + PACES[visits] * above, mean) / self.unit

    def _learn_hour(self, minute: int, above: FloatArray) -> None:
        """`above` (N,) the slow average, NaN for none."""
        mean = self.hour[minute] * self.unit
        moved = mean + HOUR_GAIN * (above - mean)
        self.hour[minute] = np.where(np.isfinite(moved), moved, mean) / self.unit

    def _learn_week(self, step: int, z: FloatArray, known: BoolArray) -> None:
        self.sum += np.where(known, z, 0.0)
        self.count += known
        self._end_quarter(step)

    def _end_quarter(self, step: int) -> None:
        if (step + 1) % self._quarter == 0:
            mean = self.sum / np.maximum(self.count, 1) / self.unit
            self.week[step // self._quarter % len(self.week)] = np.where(self.count > 0, mean, np.nan)
            self.sum[:], self.count[:] = 0.0, 0.0

    def turn(self, row: int, steps: int) -> None:
        """Clocks were set ahead by so many steps: what this row does at a time of day, it does that much sooner."""
        for profile, by in (
            (self.day, steps),
            (self.visits, steps),
            (self.hour, steps),
            (self.week, steps // self._quarter),
        ):
            profile[:, row] = np.roll(profile[:, row], -by)

    def skip(self, steps: range) -> None:
        """Let unknown steps pass: what `learn` makes of as many NaN."""
        self.ring[np.array(steps[-len(self.ring) :]) % len(self.ring)] = np.nan
        for step in steps:
            self.deviation += -self._fading * self.deviation
            self._end_quarter(step)

    @property
    def _fading(self) -> float:
        """Share of the deviation that one unknown step takes away."""
        return float(1 - FADING_PER_MINUTE ** (self.step_seconds / 60))

    @property
    def _quarter(self) -> int:
        """Steps of a slot of the week."""
        return self.slots * WEEK_DAYS // len(self.week)

    def usual(self, steps: IntArray) -> FloatArray:
        """The day profile at these steps, (len(steps), N)."""
        return np.asarray(self.day[steps % self.slots] * self.unit)

    def usual_of_hour(self, steps: IntArray) -> FloatArray:
        """What the minute of the hour adds at these steps."""
        return np.asarray(self.hour[steps % self.minutes] * self.unit)

    def week_ago(self, steps: IntArray) -> FloatArray:
        """The mean of the same quarter of an hour a week before these steps, which are at most a week ahead."""
        return np.asarray(self.week[steps // self._quarter % len(self.week)] * self.unit)

    def quarters(self, steps: IntArray, days: int, around: Sequence[int]) -> SingleArray:
        """Means of quarters of an hour (len(steps), days x around, N), in units: those `around` the one that each step
        is in, one day before it and so on. What has not come yet is that of a week before."""
        before = np.add.outer(-np.arange(1, days + 1) * (len(self.week) // WEEK_DAYS), np.asarray(around)).ravel()
        return np.asarray(self.week[np.add.outer(steps // self._quarter, before) % len(self.week)])

    def week_ago_shaped(self, steps: IntArray) -> FloatArray:
        """The same, and within the quarter of an hour as the day profile runs: means alone blunt what is steep."""
        quarter = steps // self._quarter * self._quarter
        day = self.usual(quarter[:, None] + np.arange(self._quarter))
        shape = self.usual(steps) - ordered_sum(day) / self._quarter
        week = self.week_ago(steps)
        return np.where(np.isfinite(shape), week + shape, week)

    def past(self, steps: IntArray) -> FloatArray:
        """z at these steps of the last day."""
        return np.asarray(self.ring[steps % len(self.ring)] * self.unit)

    def fading(self, steps: IntArray) -> FloatArray:
        """What is left of today's deviation that many steps on, (len(steps), 1)."""
        return np.asarray(FADING_PER_MINUTE ** (steps[:, None] * self.step_seconds / 60))
