"""Linear regression of one series on its trend and its time of day, with errors that die away: the model `Linear`.

    y(t) = a + b t + sum_k (c_k cos 2 pi k t / m + d_k sin 2 pi k t / m) + e(t)        k = 1..6, m: steps of a day
    e(t) = phi e(t - 1) + noise                                          what is left of the last error is carried on

Dynamic harmonic regression with first-order autoregressive errors (Hyndman & Athanasopoulos, "Forecasting: Principles
and Practice", 3rd ed., 10.5). Least squares, reweighted after Huber (1964), so that an outage is not a rule.
"""

from __future__ import annotations

import numpy as np

from edgewarm.model.demand import FloatArray, IntArray

HARMONICS = 6
PERIODS = 2  # of history, before a time of day is believed
ROUNDS = 5  # of reweighting
HUBER = 1.345 * 1.2533  # mean absolute errors, beyond which a value counts less (95 % efficient on normal errors)


def linear(values: FloatArray, ahead: int, season: int) -> FloatArray:
    """What is expected of the next `ahead` steps, (ahead,), after `values` (T,), NaN where unknown, one known at least.

    The trend goes on for as long as it was seen.
    """
    past, future = np.arange(len(values)), np.arange(len(values), len(values) + ahead)
    known = np.isfinite(values)
    seasonal = season > 2 * HARMONICS and known.sum() > PERIODS * season
    x = _columns(past, len(values), season if seasonal else None)
    found = _coefficients(x[known], values[known])
    expected = _columns(future, len(values), season if seasonal else None) @ found
    return np.asarray(expected + _carried(values - x @ found, ahead))


def _columns(steps: IntArray, length: int, season: int | None) -> FloatArray:
    """Regressors (steps, F)."""
    trend = np.minimum(steps, 2 * length) / length - 0.5
    found = [np.ones(len(steps)), trend]
    if season is not None:
        for k in range(1, HARMONICS + 1):
            angle = 2 * np.pi * k * steps / season
            found += [np.cos(angle), np.sin(angle)]
    return np.stack(found, axis=1)


def _coefficients(x: FloatArray, y: FloatArray) -> FloatArray:
    weight = np.ones(len(y))
    for _ in range(ROUNDS):
        root = np.sqrt(weight)
        found = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
        size = np.abs(y - x @ found)
        limit = HUBER * size.mean()
        weight = np.minimum(1.0, limit / np.maximum(size, limit)) if limit > 0 else weight
    return np.asarray(found)


def _carried(error: FloatArray, ahead: int) -> FloatArray:
    """What is left of the last known error in each of the next steps."""
    known = np.where(np.isfinite(error), error, 0.0)
    power = float(known @ known)
    phi = max(float(known[1:] @ known[:-1]) / power, 0.0) if power > 0 else 0.0  # Yule-Walker, so below 1
    last = int(np.flatnonzero(np.isfinite(error))[-1])
    steps = np.arange(len(error) - last, len(error) - last + ahead)
    return np.asarray(error[last] * phi**steps)
