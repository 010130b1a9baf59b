"""The day profile: what this minute of the day usually looks like, and how far today is from it.

On the square-root scale z = sqrt(y), which evens out the variance of counts and stays exact under rescaling:

    p[slot] <- p[slot] + max(1/n, 1/4) (z - p[slot])       profile, an average of about the last four days
    d       <- d + .25 (z - p[slot] - d)                    today's deviation
    z(t+s)  =  p[slot + s] + d .98^s
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray

DAY_SECONDS = 86400.0
DEVIATION_GAIN = 0.25
DEVIATION_DECAY = 0.98


@dataclass
class DayProfile:
    """N rows: `mean` (N, S) per slot of the day, NaN before its first visit; `visits` (N, S); `deviation` (N,)."""

    mean: FloatArray
    visits: FloatArray
    deviation: FloatArray

    @classmethod
    def blank(cls, rows: int, slots: int) -> DayProfile:
        return cls(np.full((rows, slots), np.nan), np.zeros((rows, slots)), np.zeros(rows))

    @property
    def slots(self) -> int:
        return int(self.mean.shape[1])

    def learn(self, step: int, z: FloatArray) -> None:
        """Take the value of one step, (N,); NaN changes nothing but lets today's deviation fade."""
        slot = step % self.slots
        known = np.isfinite(z)
        before = np.where(np.isfinite(self.mean[:, slot]), self.mean[:, slot], z)
        surprise = np.where(known, z - before - self.deviation, -(1 - DEVIATION_DECAY) * self.deviation)
        self.deviation += np.where(known, DEVIATION_GAIN, 1.0) * np.nan_to_num(surprise)
        self.visits[:, slot] += known
        pace = np.maximum(1 / np.maximum(self.visits[:, slot], 1), 0.25)
        self.mean[:, slot] = np.where(known, before + pace * (z - before), self.mean[:, slot])

    def ahead(self, step: int, steps: IntArray) -> FloatArray:
        """Expected z (N, len(steps)) that many steps after `step`; NaN where the slot was never visited."""
        expected = self.mean[:, (step + steps) % self.slots]
        return np.asarray(expected + self.deviation[:, None] * DEVIATION_DECAY**steps)
