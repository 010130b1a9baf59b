"""Additive Holt-Winters with fixed coefficients, for many histories side by side.

    l[t] = alpha (y[t] - s[t-m]) + (1 - alpha) (l[t-1] + b[t-1])
    b[t] = beta (l[t] - l[t-1]) + (1 - beta) b[t-1]
    s[t] = gamma (y[t] - l[t-1] - b[t-1]) + (1 - gamma) s[t-m]
    forecast h steps ahead = l + h b + s[t + h - m]

Holt (1957), Winters (1960), as in Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", 8.3. It begins with
l = mean of the values that open each period, b = (mean of period 2 - mean of period 1) / m, s = period 1 - l.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewarm.model.demand import FloatArray

HUGE = 1e12  # a recursion that diverges stays a number


@dataclass(frozen=True)
class Coefficients:
    """Smoothing of level, trend and season, each within 0..1."""

    alpha: float
    beta: float
    gamma: float


def forecasts(histories: FloatArray, season: int, coefficients: Coefficients, steps: int = 1) -> FloatArray:
    """What each history (N, n) expects `steps` <= season after its end: (N,). ValueError for less than two seasons."""
    count = histories.shape[1]
    if count < 2 * season:
        raise ValueError(f"two seasons of {season} values are needed, got {count} values")
    if not 1 <= steps <= season:
        raise ValueError(f"steps must be within one season, got {steps}")
    a, b, g = coefficients.alpha, coefficients.beta, coefficients.gamma
    level = histories[:, ::season].mean(axis=1)
    trend = (histories[:, season : 2 * season] - histories[:, :season]).mean(axis=1) / season
    seasonal = (histories[:, :season] - level[:, None]).T.copy()  # phase first: a row of it is one assignment
    for t, value in enumerate(np.ascontiguousarray(histories.T)):
        phase, line = t % season, level + trend
        new = a * (value - seasonal[phase]) + (1 - a) * line
        trend = _number(b * (new - level) + (1 - b) * trend)
        seasonal[phase] = _number(g * (value - line) + (1 - g) * seasonal[phase])
        level = _number(new)
    result: FloatArray = level + steps * trend + seasonal[(count + steps - 1) % season]
    return result


def _number(values: FloatArray) -> FloatArray:
    result: FloatArray = np.minimum(np.maximum(values, -HUGE), HUGE)  # what np.clip does, at a third of its time
    return result
