"""Residual quantiles that hold their coverage on any data: online quantile tracking, one per row, expert and window.

    q <- q + g (tau - 1{r <= s q})          r = actual - point, s = running mean |r|

the quantile tracker of Angelopoulos, Candes & Tibshirani, "Conformal PID Control for Time Series Prediction" (2023).
The gain shrinks with the window's end, because labels come that much later: g = min(.05, .2 / steps).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edgewarm.forecast.protocol import IntArray
from edgewarm.model.demand import BoolArray, FloatArray

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99)
TAU: FloatArray = np.array(LEVELS)
MEAN_ABSOLUTE_TO_SD = 1.2533  # sqrt(pi / 2): sd of a normal residual whose mean absolute value is 1
START = np.array([NormalDist().inv_cdf(level) for level in LEVELS]) * MEAN_ABSOLUTE_TO_SD


def gains(ends: IntArray) -> FloatArray:
    """Tracker gain (K,) per window end in steps."""
    result: FloatArray = np.minimum(0.05, 0.2 / ends)
    return result


@dataclass
class Tracker:
    """Arrays of N rows, E experts, K windows, Q levels.

    `scale` (N, E, K) running mean |residual|; `seen` (N, E, K) residuals so far; `quantile` (N, E, K, Q) in units of
    scale; `loss` (N, E, K) running mean pinball loss over the levels, the score by which experts compete.
    """

    scale: FloatArray
    seen: FloatArray
    quantile: FloatArray
    loss: FloatArray

    @classmethod
    def blank(cls, rows: int, experts: int, windows: int) -> Tracker:
        shape = (rows, experts, windows)
        quantile = np.broadcast_to(START, (*shape, len(LEVELS))).copy()
        return cls(np.zeros(shape), np.zeros(shape), quantile, np.zeros(shape))

    def learn(self, residual: FloatArray, gain: FloatArray) -> None:
        """Take one residual per row, expert and window, (N, E, K); NaN leaves that cell as it was."""
        known: BoolArray = np.isfinite(residual)
        r = np.where(known, residual, 0.0)
        spread = self.spread()
        error = r[..., None] - spread
        pinball = np.maximum(TAU * error, (TAU - 1) * error).mean(axis=-1)
        self.seen += known
        pace = np.where(known, np.maximum(1 / np.maximum(self.seen, 1), 0.002), 0.0)
        self.loss += pace * (pinball - self.loss)
        self._track(error, known, gain)
        self.scale += pace * (np.abs(r) - self.scale)

    def _track(self, error: FloatArray, known: BoolArray, gain: FloatArray) -> None:
        """Move each quantile; ties (constant series: r = s q = 0) stay put, or the tracker would drift for ever."""
        below = np.where(error == 0.0, TAU, error < 0.0)
        step = np.maximum(gain, np.minimum(0.25, 1 / np.maximum(self.seen, 1)))
        self.quantile += np.where(known, step, 0.0)[..., None] * (TAU - below)

    def spread(self) -> FloatArray:
        """Residual quantiles (N, E, K, Q) in the model's scale, sorted so that they never cross."""
        result: FloatArray = np.sort(self.quantile, axis=-1) * self.scale[..., None]
        return result
