"""A reliability table: what came of probabilities like this one, over the whole fleet, and the correction it asks for.

    shift(bin) = ln((k + a) / (s + a)) - ln((n - k + a) / (n - s + a))       added to the log-odds of P

n predictions in the bin said s events together and k came; a pseudo-events on both sides keep rare bins still. Between
the typical predictions of the bins the corrected log-odds are interpolated, and made rising (pool adjacent violators),
so that a higher P stays the higher one. Old steps fade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray

BINS = 25
LEAST = 1e-4  # no probability is said to be below it, or above 1 - it
EDGE = float(np.log(LEAST / (1 - LEAST)))
CENTRES: FloatArray = EDGE + (np.arange(BINS, dtype=np.float64) + 0.5) * (-2 * EDGE / BINS)
MIDDLES: FloatArray = 1 / (1 + np.exp(-CENTRES))
MEMORY = 0.995
PSEUDO_EVENTS = 4.0


def bounded(probability: FloatArray) -> FloatArray:
    """Within [LEAST, 1 - LEAST]."""
    result: FloatArray = np.minimum(np.maximum(probability, LEAST), 1 - LEAST)  # np.clip is slow on few rows
    return result


def log_odds(probability: FloatArray) -> FloatArray:
    """ln(p / (1 - p)) of a bounded probability."""
    result: FloatArray = np.log(probability / (1 - probability))
    return result


def rising(values: FloatArray, weights: FloatArray) -> FloatArray:
    """The closest non-decreasing (B,) in weighted squares: pool adjacent violators (Barlow et al., 1972)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, count = value, weight, 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, many = blocks.pop()
            mean = (mean * mass + before * heavy) / (mass + heavy)
            mass, count = mass + heavy, count + many
        blocks.append((mean, mass, count))
    return np.repeat([mean for mean, _, _ in blocks], [count for _, _, count in blocks])


@dataclass
class Reliability:
    """By bin of log-odds (B,): predictions `seen`, their `said` sum, and what `came`."""

    seen: FloatArray
    said: FloatArray
    came: FloatArray

    @classmethod
    def blank(cls) -> Self:
        return cls(np.zeros(BINS), np.zeros(BINS), np.zeros(BINS))

    def corrected(self, probability: FloatArray) -> FloatArray:
        """The probabilities, any shape, as the table would have them: in (0, 1), in the same order."""
        a, misses = PSEUDO_EVENTS, self.seen - self.came
        shift = np.log((self.came + a) / (self.said + a)) - np.log((misses + a) / (self.seen - self.said + a))
        typical = log_odds((self.said + MIDDLES) / (self.seen + 1))
        knots = rising(typical + shift, self.seen + a)
        odds = log_odds(bounded(probability))
        inside = np.interp(odds, typical, knots)
        beyond = np.minimum(odds - typical[0], 0.0) + np.maximum(odds - typical[-1], 0.0)
        return bounded(1 / (1 + np.exp(-(inside + beyond))))

    def learn(self, probability: FloatArray, arrived: BoolArray, memory: float = MEMORY) -> None:
        """One step: what was said, before correction, and whether it came, both (M,); what is older fades."""
        odds = log_odds(bounded(probability))
        at = np.minimum((odds - EDGE) * (BINS / (-2 * EDGE)), BINS - 1).astype(np.int64)
        self.seen = self.seen * memory + np.bincount(at, minlength=BINS)
        self.said = self.said * memory + np.bincount(at, weights=probability, minlength=BINS)
        self.came = self.came * memory + np.bincount(at, weights=arrived, minlength=BINS)
