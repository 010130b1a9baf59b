"""Residual quantiles that hold their coverage on any data: the calibrator that naive rivals are given.

    q <- q + g (tau - 1{r <= s q})          r = actual - point, s = local scale of |r|

the quantile tracker of Angelopoulos, Candes & Tibshirani, "Conformal PID Control for Time Series Prediction" (2023).
The gain shrinks with the window's end, because labels come that much later: g = min(.05, .2 / steps).

The scale is kept by quarter of an hour of the day as well, and counts by its days, d, with weight d / (2 (d + 3)): the
same advantage that the fleet model has (forecast.clock).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray, IntArray

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99)
TAU: FloatArray = np.array(LEVELS)
MEAN_ABSOLUTE_TO_SD = 1.2533  # sqrt(pi / 2): sd of a normal residual whose mean absolute value is 1
START = np.array([NormalDist().inv_cdf(level) for level in LEVELS]) * MEAN_ABSOLUTE_TO_SD
QUARTERS = 96
SLOWEST = 0.002  # of the running means over the whole day: about eight hours of minutes
SETTLED_DAYS = 3.0  # of a quarter of an hour, before its own record counts for much
SLOWEST_LOCAL = 0.02  # of those of one quarter of an hour: about three days


def gains(ends: IntArray) -> FloatArray:
    """Tracker gain (K,) per window end in steps."""
    result: FloatArray = np.minimum(0.05, 0.2 / ends)
    return result


@dataclass
class Tracker:
    """Arrays of N rows, E experts, K windows, Q levels, B quarters of an hour.

    `scale` (N, E, K) and `local_scale` (N, E, K, B): running mean |residual|; `seen` (N, E, K): residuals so far;
    `quantile` (N, E, K, Q) in units of scale; `visits` (N, B): steps seen in that quarter, `steps_a_quarter` of them a
    day.
    """

    scale: FloatArray
    local_scale: FloatArray
    seen: FloatArray
    quantile: FloatArray
    visits: FloatArray
    steps_a_quarter: float

    @classmethod
    def blank(cls, rows: int, experts: int, windows: int, steps_a_quarter: float) -> Tracker:
        shape = (rows, experts, windows)
        quantile = np.broadcast_to(START, (*shape, len(LEVELS))).copy()
        local = (*shape, QUARTERS)
        return cls(
            np.zeros(shape),
            np.zeros(local),
            np.zeros(shape),
            quantile,
            np.zeros((rows, QUARTERS)),
            steps_a_quarter,
        )

    def learn(self, residual: FloatArray, gain: FloatArray, quarter: int) -> None:
        """Take one residual per row, expert and window, (N, E, K), of windows that end in this quarter; NaN is none."""
        known: BoolArray = np.isfinite(residual)
        r = np.where(known, residual, 0.0)
        error = r[..., None] - self._spread(self._scale_at(quarter))
        self.seen += known
        self.visits[:, quarter] += known.any(axis=(1, 2))
        self._track(error, known, gain)
        pace = np.where(known, np.maximum(1 / np.maximum(self.seen, 1), SLOWEST), 0.0)
        slowest = np.maximum(1 / np.maximum(self.visits[:, quarter], 1), SLOWEST_LOCAL)[:, None, None]
        local = np.where(known, slowest, 0.0)
        self.scale += pace * (np.abs(r) - self.scale)
        self.local_scale[..., quarter] += local * (np.abs(r) - self.local_scale[..., quarter])

    def _track(self, error: FloatArray, known: BoolArray, gain: FloatArray) -> None:
        """Move each quantile; ties (r = s q = 0) stay put, or the tracker would drift for ever on a constant series.

        They are sorted at once: a level that learned from the error of another one would drift for ever too.
        """
        below = np.where(error == 0.0, TAU, error < 0.0)
        step = np.where(known, np.maximum(gain, np.minimum(0.25, 1 / np.maximum(self.seen, 1))), 0.0)[..., None]
        self.quantile += step * (TAU - below)
        self.quantile.sort(axis=-1)

    def _days(self, quarters: int | IntArray) -> FloatArray:
        """On how many days these quarters were seen."""
        return np.asarray(self.visits[:, quarters] / self.steps_a_quarter)

    def _scale_at(self, quarter: int) -> FloatArray:
        """The scale (N, E, K) in one quarter."""
        days = self._days(quarter)[:, None, None]
        return self._blend(self.local_scale[..., quarter], days)

    def _blend(self, local: FloatArray, days: FloatArray) -> FloatArray:
        weight = 0.5 * days / (days + SETTLED_DAYS)
        blend: FloatArray = self.scale + weight * (local - self.scale)
        return blend

    def _spread(self, scale: FloatArray) -> FloatArray:
        result: FloatArray = self.quantile * scale[..., None]
        return result

    def spread(self, quarters: IntArray) -> FloatArray:
        """Residual quantiles (N, E, K, Q), sorted, so they never cross; `quarters` (K,) is when each window ends."""
        return self._spread(self._blend(self._of_windows(self.local_scale, quarters), self._days(quarters)[:, None, :]))

    @staticmethod
    def _of_windows(array: FloatArray, quarters: IntArray) -> FloatArray:
        """(N, E, K, B) at one quarter per window: (N, E, K)."""
        return np.asarray(np.take_along_axis(array, quarters[None, None, :, None], axis=-1)[..., 0])
