"""What this time of the day, of the hour and of the week usually looks like, on the square-root scale z = sqrt(y).

    day[slot]   <- day[slot] + max(1/n, .12) (z - day[slot])           an average of about the last week of days
    deviation   <- deviation + .25 (z - day[slot] - deviation)         how far today is from it; fades by .98 a minute
    hour[slot]  <- hour[slot] + .15 (z - slow average - hour[slot])    minute of the hour: jobs that start on the hour
    week[slot]  =  mean of z in that quarter of an hour a week ago

No season is assumed: each is only a feature and an expert, and counts as far as it was right before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.rows import Rows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

DAY_SECONDS, HOUR_SECONDS, WEEK_DAYS = 86400.0, 3600.0, 7
QUARTER_SECONDS = 900.0
DAY_GAIN = 0.12
MANY_DAYS = 100  # of visits to a slot: more than 1 / DAY_GAIN change nothing
HOUR_GAIN = 0.15
DEVIATION_GAIN = 0.25
FADING_PER_MINUTE = 0.98


@dataclass
class Seasons(Rows):
    """`day` (S, N) with `visits` (S, N), `deviation` (N,), `hour` (M, N), `week` (W, N) with the `sum` and `count` (N,)
    of the quarter under way, `ring` (L, N): z of the last day, by step modulo L. NaN where nothing was seen."""

    step_seconds: float
    day: FloatArray
    visits: FloatArray
    deviation: FloatArray
    hour: FloatArray
    week: FloatArray
    sum: FloatArray
    count: FloatArray
    ring: FloatArray

    @classmethod
    def blank(cls, rows: int, step_seconds: float) -> Seasons:
        slots = max(1, round(DAY_SECONDS / step_seconds))
        minutes = max(1, round(HOUR_SECONDS / step_seconds))
        quarters = WEEK_DAYS * min(slots, round(DAY_SECONDS / QUARTER_SECONDS))
        return cls(
            step_seconds=step_seconds,
            day=np.full((slots, rows), np.nan),
            visits=np.zeros((slots, rows), dtype=np.uint8),
            deviation=np.zeros(rows),
            hour=np.zeros((minutes, rows)),
            week=np.full((quarters, rows), np.nan),
            sum=np.zeros(rows),
            count=np.zeros(rows),
            ring=np.full((max(slots, 2 * minutes) + 1, rows), np.nan),
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
        known = np.isfinite(z)
        self.ring[step % len(self.ring)] = z
        self._learn_day(step % self.slots, z, known)
        minute = step % self.minutes
        self.hour[minute] += np.where(known & np.isfinite(slow), HOUR_GAIN * (z - slow - self.hour[minute]), 0.0)
        self._learn_week(step, z, known)

    def _learn_day(self, slot: int, z: FloatArray, known: BoolArray) -> None:
        mean = self.day[slot]
        before = np.where(np.isnan(mean), z, mean)
        surprise = np.where(known, DEVIATION_GAIN * (z - before - self.deviation), -self._fading * self.deviation)
        self.deviation += surprise
        visits = self.visits[slot] = np.minimum(self.visits[slot] + known, MANY_DAYS)
        pace = np.maximum(1 / np.maximum(visits, 1), DAY_GAIN)
        self.day[slot] = np.where(known, before + pace * (z - before), mean)

    def _learn_week(self, step: int, z: FloatArray, known: BoolArray) -> None:
        self.sum += np.where(known, z, 0.0)
        self.count += known
        self._end_quarter(step)

    def _end_quarter(self, step: int) -> None:
        if (step + 1) % self._quarter == 0:
            mean = self.sum / np.maximum(self.count, 1)
            self.week[step // self._quarter % len(self.week)] = np.where(self.count > 0, mean, np.nan)
            self.sum, self.count = np.zeros_like(self.sum), np.zeros_like(self.count)

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
        return np.asarray(self.day[steps % self.slots])

    def usual_of_hour(self, steps: IntArray) -> FloatArray:
        """What the minute of the hour adds at these steps."""
        return np.asarray(self.hour[steps % self.minutes])

    def week_ago(self, steps: IntArray) -> FloatArray:
        """The mean of the same quarter of an hour a week before these steps, which are at most a week ahead."""
        return np.asarray(self.week[steps // self._quarter % len(self.week)])

    def past(self, steps: IntArray) -> FloatArray:
        """z at these steps of the last day."""
        return np.asarray(self.ring[steps % len(self.ring)])

    def fading(self, steps: IntArray) -> FloatArray:
        """What is left of today's deviation that many steps on, (len(steps), 1)."""
        return np.asarray(FADING_PER_MINUTE ** (steps[:, None] * self.step_seconds / 60))
