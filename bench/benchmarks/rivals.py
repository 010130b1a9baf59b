"""What every forecast must beat: last value and seasonal naive, with quantiles of their own trailing residuals.

    last value       y_tau(o + h) = y(o)           + Q_tau{ y(s) - y(s - h)   : o - 2 d < s <= o }
    seasonal naive   y_tau(o + h) = y(o + h - 1 d) + Q_tau{ y(s) - y(s - 1 d) : o - 2 d < s <= o }

Both use nothing after the origin o. An unknown value is replaced by the last known one as a point, and gives no
residual. At h = 1 day the two are the same forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.scores import LEVELS
from benchmarks.traces import Trace
from edgewarm.model.demand import FloatArray

RESIDUAL_DAYS = 2
RIVALS = ("last value", "seasonal naive")


@dataclass(frozen=True)
class Past:
    """A trace with its holes as they are, and with the last known value in them."""

    values: FloatArray
    held: FloatArray
    day: int

    @classmethod
    def of(cls, trace: Trace) -> Past:
        known = np.where(np.isfinite(trace.values), np.arange(len(trace.values)), trace.start)
        return cls(trace.values, trace.values[np.maximum.accumulate(known)], trace.day)

    def last_value(self, origin: int, ahead: int) -> FloatArray:
        """Quantiles (Q,) of the value `ahead` steps after `origin`."""
        return self._around(self.held[origin], origin, ahead)

    def seasonal(self, origin: int, ahead: int) -> FloatArray:
        """The same from the value of one day before; `ahead` is at most a day."""
        return self._around(self.held[origin + ahead - self.day], origin, self.day)

    def _around(self, point: float, origin: int, lag: int) -> FloatArray:
        seen = np.arange(max(origin - RESIDUAL_DAYS * self.day + 1, lag), origin + 1)
        residuals = self.values[seen] - self.held[seen - lag]
        residuals = residuals[np.isfinite(residuals)]
        spread = np.quantile(residuals, LEVELS) if residuals.size else np.zeros(len(LEVELS))
        result: FloatArray = np.maximum(point + spread, 0.0)
        return result


def scale(past: Past, start: int, end: int) -> float:
    """What losses are divided by: the larger of the training part's day-ahead error and .1 of its one-step error."""
    return max(_mean_error(past, start, end, past.day), 0.1 * _mean_error(past, start, end, 1))


def _mean_error(past: Past, start: int, end: int, lag: int) -> float:
    errors = np.abs(past.values[start + lag : end] - past.values[start : end - lag])
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else 0.0
