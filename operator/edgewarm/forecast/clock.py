"""What each quarter of an hour of the day has taught: which expert is right then, and how wide the errors are then.

    record[e, q]  <- f record[e, q] + c x evidence[e]             evidence: log weight that fixed share just gave e
    tilt          =  exp(record - highest record)                 multiplies the weights of windows that end in q
    size[k, q]    <- size + p (|z - median| / scale - size)       beside the same over the whole day
    widening      =  1 + d / (2 (d + 3)) (size / size of the day - 1)         d: days seen

A morning rise is the time that matters, and neither the expert that foresees it nor its uncertainty is that of the
whole day. Evidence fades by a fifth a day. This is fixed share with the time of day as context; windows of more than
an hour are tested too seldom for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.forecast.experts import EXPERTS
from edgewarm.forecast.rows import Rows, SingleArray, ordered_sum
from edgewarm.forecast.seasons import DAY_SECONDS, QUARTER_SECONDS
from edgewarm.forecast.windows import Windows, base_stride
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

FADING_PER_DAY = 0.8
WEIGHT = 8.0  # of what was learned at this time of day beside what was learned last
SLOWEST = 0.1  # of the running mean of a quarter, per day
SLOWEST_OF_DAY = 0.005
SETTLED_DAYS = 3.0
WIDEST, NARROWEST = 4.0, 0.5


@dataclass(frozen=True)
class Rhythm:
    """`steps` of a day, `issues` of a quarter of an hour, and which windows (K,) end `soon`: they alone are tilted and
    widened."""

    steps: int
    issues: float
    soon: BoolArray


@dataclass
class Clock(Rows):
    """`record` (E, B, N) of B quarters of an hour; `size` (K, B, N), `visits` (B, N), `usual` (K, N) over the day."""

    rhythm: Rhythm
    record: SingleArray
    size: SingleArray
    visits: SingleArray
    usual: FloatArray

    @classmethod
    def blank(cls, rows: int, windows: Windows, step_seconds: float) -> Clock:
        steps = max(1, round(DAY_SECONDS / step_seconds))
        stride = base_stride(step_seconds)
        quarters = min(steps, round(DAY_SECONDS / QUARTER_SECONDS))
        soon = (windows.strides(step_seconds) == stride) & ~windows.far(step_seconds)  # few steps may be a day
        return cls(
            rhythm=Rhythm(steps, max(1.0, steps / quarters / stride), soon),
            record=np.zeros((len(EXPERTS), quarters, rows), dtype=np.float32),
            size=np.zeros((windows.count, quarters, rows), dtype=np.float32),
            visits=np.zeros((quarters, rows), dtype=np.float32),
            usual=np.zeros((windows.count, rows)),
        )

    def quarter(self, step: IntArray) -> IntArray:
        """The quarter of an hour of the day that each step is in."""
        return np.asarray(step % self.rhythm.steps * len(self.visits) // self.rhythm.steps)

    def turn(self, row: int, steps: int) -> None:
        """Clocks were set ahead by so many steps: what quarters of the day taught counts that much sooner."""
        by = -round(steps * len(self.visits) / self.rhythm.steps)
        for taught in (self.record, self.size):
            taught[..., row] = np.roll(taught[..., row], by, axis=1)
        self.visits[:, row] = np.roll(self.visits[:, row], by)

    def tilt(self, quarters: IntArray) -> SingleArray:
        """Factors (K, E, N) of the weights of windows that end in these quarters (K,), at most 1."""
        record = self.record[:, quarters].transpose(1, 0, 2)
        factors = np.exp(record - record.max(axis=1, keepdims=True))
        return np.asarray(np.where(self.rhythm.soon[:, None, None], factors, np.float32(1.0)))

    def widening(self, quarters: IntArray) -> FloatArray:
        """Factors (K, N) of the scale of windows that end in these quarters (K,)."""
        days = self.visits[quarters] / self.rhythm.issues
        own, started = self.size[np.arange(len(quarters)), quarters], self.usual > 0
        ratio = np.where(started & (days > 0), own / np.where(started, self.usual, 1.0), 1.0)
        blend = 1 + self.rhythm.soon[:, None] * days / (2 * (days + SETTLED_DAYS)) * (ratio - 1)
        return np.asarray(np.minimum(np.maximum(blend, NARROWEST), WIDEST))

    def learn(self, quarters: IntArray, evidence: SingleArray, size: FloatArray) -> None:
        """Take `evidence` (K, E, N) and the `size` (K, N) of errors in scales, NaN for none; windows ended in
        `quarters` (K,), each of which is taught by its own."""
        known, soon = np.isfinite(size), self.rhythm.soon
        for quarter in set(quarters[soon].tolist()):
            self._learn_quarter(quarter, soon & (quarters == quarter), evidence, known)
        pace = np.maximum(1 / np.maximum(self.visits[quarters], 1), SLOWEST / self.rhythm.issues)
        at = np.arange(len(quarters)), quarters
        own = self.size[at]
        self.size[at] = own + np.where(known, pace * (size - own), 0.0)
        first = np.where(self.usual > 0, SLOWEST_OF_DAY, 1.0)
        self.usual += np.where(known, first * (size - self.usual), 0.0)

    def _learn_quarter(self, quarter: int, part: BoolArray, evidence: SingleArray, known: BoolArray) -> None:
        """Of the windows that ended `soon`, `part` (K,) did in this quarter."""
        count = np.count_nonzero(part)
        share = count / np.count_nonzero(self.rhythm.soon)
        seen = share * known[part].any(axis=0)
        fading = (FADING_PER_DAY ** (seen / self.rhythm.issues)).astype(np.float32)
        mean = ordered_sum(evidence[part], axis=0) / np.float32(count)
        self.record[:, quarter] = fading * self.record[:, quarter] + np.float32(WEIGHT * share) * mean
        self.visits[quarter] += seen
