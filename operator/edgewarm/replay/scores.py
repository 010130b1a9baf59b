"""How forecasts are scored against what came; each score a pure function of arrays, NaN is not scored.

    rho_tau(y, q)   = max(tau (y - q), (tau - 1)(y - q))
    scaled pinball  = 2 x mean of rho over levels and origins / scale
    scale           = mean |y(t) - y(t - 1 day)| of the training part, at least .1 x its mean |y(t) - y(t - 1)|
    MASE            = mean |y - q_.5| / scale
    CRPS            = 2 x sum over levels of w_tau rho_tau: the integral over (0, 1) of 2 rho, each level standing for
                      the levels nearer to it than to its neighbours (w_tau is the width of that part; they add up to 1)
    coverage        = share of targets at or below the quantile

A quantile that differs from its target by the rounding of floats only is equal to it (`settled`): in a root that is
squared again a constant is missed by its last digits, which is no loss and no miss.

Pinball at .5 is half the absolute error, hence the 2. Scaling: Hyndman & Koehler, "Another look at measures of forecast
accuracy" (2006); CRPS as an integral of pinball: Gneiting & Ranjan, "Comparing Density Forecasts" (2011), eq. 9.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewarm.model.demand import BoolArray, FloatArray, IntArray

HOURS = 24
TERCILES = 3
ROUNDING = 1e-10  # of a target; the model says a constant to 6e-12 of it
SMALLEST_SHARE = 0.1  # of last value's error, below which a season that repeats exactly makes no scale


def settled(actual: FloatArray, quantiles: FloatArray) -> FloatArray:
    """The quantiles (O, Q), those that are a target (O,) but for rounding as that target."""
    target = np.asarray(actual)[:, None]
    result: FloatArray = np.where(np.abs(target - quantiles) <= ROUNDING * np.abs(target), target, quantiles)
    return result


def pinball(actual: FloatArray, quantiles: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Loss (..., Q) in demand units of `quantiles` (..., Q) at Q `levels`, for `actual` (...)."""
    tau = np.asarray(levels)
    error = np.asarray(actual)[..., None] - quantiles
    result: FloatArray = np.maximum(tau * error, (tau - 1) * error)
    return result


def scale(values: FloatArray, season: int) -> float:
    """What losses of a series are divided by, from its training part.

    Without two values a season apart the mean one-step change; 1 for a series that never changes.
    """
    seasonal, last = _mean_change(values, season), _mean_change(values, 1) or 0.0
    return (last if seasonal is None else max(seasonal, SMALLEST_SHARE * last)) or 1.0


def _mean_change(values: FloatArray, lag: int) -> float | None:
    """None where no two known values are so far apart."""
    changes = np.abs(values[lag:] - values[: max(len(values) - lag, 0)])
    changes = changes[np.isfinite(changes)]
    return float(changes.mean()) if changes.size else None


def scaled_pinball(actual: FloatArray, quantiles: FloatArray, levels: Sequence[float], unit: float) -> float:
    """Twice the mean loss of forecasts (O, Q) over origins and levels, in units of `unit`."""
    return 2 * _mean(pinball(actual, quantiles, levels).mean(axis=-1)) / unit


def crps(actual: FloatArray, quantiles: FloatArray, levels: Sequence[float]) -> float:
    """Continuous ranked probability score in demand units, approximated on the grid of levels."""
    tau = np.asarray(levels)
    edges = np.concatenate([[0.0], (tau[1:] + tau[:-1]) / 2, [1.0]])
    return 2 * _mean(pinball(actual, quantiles, levels) @ np.diff(edges))


def mase(actual: FloatArray, median: FloatArray, unit: float) -> float:
    """Mean absolute scaled error of the medians (O,)."""
    return _mean(np.abs(actual - median)) / unit


def coverage(actual: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Share (Q,) of targets (O,) at or below each quantile (O, Q)."""
    return _shares(actual[:, None] <= quantiles, _scored(actual, quantiles))


def strictly_below(actual: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Share (Q,) of targets below each quantile; where it differs from coverage the demand has atoms (zeros, say)."""
    return _shares(actual[:, None] < quantiles, _scored(actual, quantiles))


def coverage_by(actual: FloatArray, quantiles: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Coverage (G, Q) within each of `groups` groups; `group` (O,) is -1 for none. NaN where a group is empty."""
    scored = _scored(actual, quantiles)
    covered = actual[:, None] <= quantiles
    return np.stack([_shares(covered, scored & (group == number)) for number in range(groups)])


def hour_of_day(times: FloatArray) -> IntArray:
    """Hour (UTC) of Unix seconds."""
    result: IntArray = (np.floor(times) // 3600 % HOURS).astype(np.int64)
    return result


def terciles(values: FloatArray) -> IntArray:
    """0, 1, 2 for the lowest, middle and highest third of the known values; -1 where unknown."""
    known = np.isfinite(values)
    result = np.full(len(values), -1)
    if known.any():
        low, high = np.quantile(values[known], [1 / 3, 2 / 3])
        result[known] = (values[known] > low).astype(int) + (values[known] > high)
    return result


def volatility(values: FloatArray, window: int) -> FloatArray:
    """Mean |one-step change| of the last `window` steps (T,), up to and with each step; NaN where none is known."""
    changes = np.abs(np.diff(values, prepend=np.nan))
    known = np.isfinite(changes)
    sums, counts = (_trailing(np.where(known, part, 0.0), window) for part in (changes, known.astype(float)))
    result: FloatArray = np.where(counts > 0.5, sums / np.maximum(counts, 1), np.nan)
    return result


def _trailing(values: FloatArray, window: int) -> FloatArray:
    total = np.concatenate([np.zeros(window), np.cumsum(values)])
    result: FloatArray = total[window:] - total[:-window]
    return result


def _scored(actual: FloatArray, quantiles: FloatArray) -> BoolArray:
    result: BoolArray = np.isfinite(actual) & np.isfinite(quantiles).all(axis=-1)
    return result


def _shares(hits: BoolArray, where: BoolArray) -> FloatArray:
    return hits[where].mean(axis=0) if where.any() else np.full(hits.shape[-1], np.nan)


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
