"""What is known about the arrivals of N rows just before a step: how long ago, how regular, which of the last steps.

    age        steps since the last arrival, 1 right after it; NEVER where there was none
    interval   the gap between the last two arrivals, 0 where there is none yet
    repeats    how often that gap was the same as the one before, in a row

Age bins are single steps up to 64, then four to an octave. An arrival may have been missed in an unknown step, so the
ages after it are not `sure` until the next arrival: they are used, but nothing is learned from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edgewarm.model.demand import BoolArray, IntArray

NEVER = 4095
SINGLE = 64
_AGES = np.arange(NEVER + 1)
AGE_BIN: IntArray = np.where(
    _AGES <= SINGLE, _AGES, SINGLE + 1 + np.floor(4 * np.log2(np.maximum(_AGES, 1) / SINGLE))
).astype(np.int64)
AGE_BINS = int(AGE_BIN[-1]) + 1
LAGS = 64  # steps of which it is remembered whether something came
RHYTHM = 6  # the last steps that are told apart as one pattern
PAIRED = 16  # ages and intervals that are told apart as a pair
RELATIONS, REPEATS, SPANS = 8, 6, 3
RELATIVE = np.array([-2, -1, 0, 1]).reshape(-1, 1, 1)  # ages one before, at and after the interval are told apart
TIMERS = RELATIONS * REPEATS * SPANS


@dataclass
class Idle:
    """`age`, `interval`, `repeats` (N,), `sure` (N,), and `recent` (N, LAGS): arrivals, newest first."""

    age: IntArray
    interval: IntArray
    repeats: IntArray
    sure: BoolArray
    recent: BoolArray

    @classmethod
    def blank(cls, rows: int) -> Self:
        return cls(
            age=np.full(rows, NEVER),
            interval=np.zeros(rows, dtype=np.int64),
            repeats=np.zeros(rows, dtype=np.int64),
            sure=np.ones(rows, dtype=np.bool_),
            recent=np.zeros((rows, LAGS), dtype=np.bool_),
        )

    def ages(self, steps: int) -> IntArray:
        """Age (N, steps) at the next steps, if nothing comes before; ages stop short of NEVER."""
        later = np.minimum(self.age[:, None] + np.arange(steps), NEVER - 1)
        return np.where(self.age[:, None] == NEVER, NEVER, later)

    def patterns(self, steps: int) -> IntArray:
        """The last RHYTHM steps as one number (N, steps), seen from the next steps if nothing comes before."""
        now = self.recent[:, :RHYTHM] @ (1 << np.arange(RHYTHM))
        shift = np.minimum(np.arange(steps), RHYTHM)
        result: IntArray = (now[:, None] << shift) & ((1 << RHYTHM) - 1)
        return result

    def pairs(self, ages: IntArray) -> IntArray:
        """The context (age, interval), both capped."""
        interval = np.minimum(self.interval, PAIRED - 1)[:, None]
        result: IntArray = np.minimum(ages, PAIRED - 1) * PAIRED + interval
        return result

    def timers(self, ages: IntArray) -> IntArray:
        """The context (age against the interval, repeats, length of the interval)."""
        gap = self.interval[:, None]
        late = ages - gap
        relation = 1 + (late > RELATIVE).sum(axis=0) + (late > gap) + (late > 3 * gap)
        relation = np.where(gap == 0, 0, relation)
        span = (self.interval > 1).astype(np.int64) + (self.interval > 10)
        steady = np.minimum(self.repeats, REPEATS - 1) * SPANS + span
        result: IntArray = relation * (REPEATS * SPANS) + steady[:, None]
        return result

    def skip(self, steps: int) -> None:
        """Steps of which nothing is known."""
        if steps > 0:
            self.age = self.ages(steps + 1)[:, -1]
            self.sure = np.zeros(len(self.age), dtype=np.bool_)
            shift = min(steps, LAGS)
            blank = np.zeros((len(self.age), shift), dtype=np.bool_)
            self.recent = np.concatenate([blank, self.recent[:, : LAGS - shift]], axis=1)

    def learn(self, arrived: BoolArray, known: BoolArray) -> None:
        """One step, (N,): what came, where that is `known`."""
        timed = arrived & self.sure & (self.age < NEVER)
        same = self.age == self.interval
        self.repeats = np.where(timed, np.where(same, self.repeats + 1, 0), np.where(arrived, 0, self.repeats))
        self.interval = np.where(timed, self.age, self.interval)
        self.age = np.where(arrived, 1, self.ages(2)[:, 1])
        self.sure = np.where(arrived, True, self.sure & known)
        self.recent = np.concatenate([arrived[:, None], self.recent[:, :-1]], axis=1)


def rate_class(rate: NDArray[np.float64], classes: int) -> IntArray:
    """Octaves of the arrival rate per step, from 1 / 1024 up."""
    octave = np.minimum(np.log2(np.maximum(rate * 1024, 1.0)), classes - 1)
    return np.asarray(octave, dtype=np.int64)
