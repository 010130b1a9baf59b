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
    visits: FloatArray
    usual: FloatArray

    @classmethod
    def blank(cls, rows: int, windows: Windows, step_seconds: float) -> Clock:
        steps = max(1, round(DAY_SECONDS / step_seconds))
        stride = base_stride(step_seconds)
        quarters = min(steps, round(DAY_SECONDS / QUARTER_SECONDS))
        return cls(
            rhythm=Rhythm(steps, max(1.0, steps / quarters / stride), windows.strides(step_seconds) == stride),
            record=np.zeros((len(EXPERTS), quarters, rows), dtype=np.float32),
            size=np.zeros((windows.count, quarters, rows), dtype=np.float32),
            visits=np.zeros((quarters, rows)),
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

    def tilt(self, quarters: IntArray, which: IntArray | slice) -> SingleArray:
        """Factors (D, E, N) of the weights of windows that end in these quarters, at most 1."""
        record = np.moveaxis(self.record[:, quarters], 1, 0)
        factors = np.exp(record - record.max(axis=1, keepdims=True))
        return np.asarray(np.where(self.rhythm.soon[which, None, None], factors, np.float32(1.0)))

    def widening(self, quarters: IntArray, which: IntArray | slice) -> FloatArray:
        """Factors (D, N) of the scale of windows that end in these quarters."""
        usual = self.usual[which]
        days = self.visits[quarters] / self.rhythm.issues
        own = self.size[which, quarters] if not isinstance(which, slice) else self.size[range(len(usual)), quarters]
        ratio = np.where((usual > 0) & (days > 0), own / np.where(usual > 0, usual, 1.0), 1.0)
        blend = 1 + self.rhythm.soon[which, None] * days / (2 * (days + SETTLED_DAYS)) * (ratio - 1)
        return np.asarray(np.minimum(np.maximum(blend, NARROWEST), WIDEST))

    def learn(self, which: IntArray, quarters: IntArray, evidence: SingleArray, size: FloatArray) -> None:
        """Take `evidence` (D, E, N) and the `size` (D, N) of errors in scales, NaN for none; windows ended in
        `quarters` (D,), each of which is taught by its own."""
        known = np.isfinite(size)
        soon = self.rhythm.soon[which]
        for quarter in np.unique(quarters[soon]):
            part = soon & (quarters == quarter)
            share = part.sum() / soon.sum()
            seen = share * known[part].any(axis=0)
            fading = (FADING_PER_DAY ** (seen / self.rhythm.issues)).astype(np.float32)
            mean = ordered_sum(evidence[part], axis=0) / np.float32(part.sum())
            self.record[:, quarter] = fading * self.record[:, quarter] + np.float32(WEIGHT * share) * mean
            self.visits[quarter] += seen
        pace = np.maximum(1 / np.maximum(self.visits[quarters], 1), SLOWEST / self.rhythm.issues)
        own = self.size[which, quarters]
        self.size[which, quarters] = own + np.where(known, pace * (size - own), 0.0)
        usual = self.usual[which]
        first = np.where(usual > 0, SLOWEST_OF_DAY, 1.0)
        self.usual[which] = usual + np.where(known, first * (size - usual), 0.0)
