"""Forecasts of parts that add up to the forecast of the whole.

    minimise    sum_i (x_i - m_i)^2 / v_i     subject to    sum_i x_i = m,   x_i >= 0
    solved by   x_i = max(0, m_i + v_i t)     with the one t at which they add up

m is the median of the whole, m_i and v_i are the median and the variance of part i: who is less sure gives way more.
Without the bound at 0 this is MinT with a diagonal covariance in the limit of a whole without error: the whole is
calibrated and decided on, so it is not revised. Wickramasuriya, Athanasopoulos & Hyndman 2019, "Optimal forecast
reconciliation for hierarchical and grouped time series through trace minimization", JASA 114(526), their WLS.

Medians add up, other quantiles do not: each part's are shifted with its median.
"""

from __future__ import annotations

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.model.quantiles import Quantiles

LEAST_SHARE = 1e-9  # of the whole: a standard deviation that no part is below, so that somebody can give way
LEAST_WHOLE = 1e-90  # its share can still be squared
NORMAL_WIDTH = 2.563  # from p10 to p90 of a normal distribution, in standard deviations


def reconciled(whole: float, medians: FloatArray, variances: FloatArray) -> FloatArray:
    """The x (N,) of the formula for medians and variances (N,), all >= 0 and N >= 1; their sum is `whole`."""
    weights = variances + (LEAST_SHARE * max(whole, float(medians.sum()), LEAST_WHOLE)) ** 2
    zero_at = -medians / weights  # part i is above 0 for t above this
    order = np.argsort(zero_at)
    sums, slopes = np.cumsum(medians[order]), np.cumsum(weights[order])
    times = (whole - sums) / slopes  # if only the first k parts are above 0
    later = np.append(zero_at[order][1:], np.inf)
    first = int(np.argmax(times <= later))
    parts: FloatArray = np.maximum(medians + weights * times[first], 0.0)
    return parts


def variance(quantiles: Quantiles) -> float:
    """Of a normal distribution with the same p10 and p90."""
    return ((quantiles.at(0.9) - quantiles.at(0.1)) / NORMAL_WIDTH) ** 2


def shifted(quantiles: Quantiles, median: float) -> Quantiles:
    """The same spread around another median, cut off at 0."""
    shift = median - quantiles.at(0.5)
    return Quantiles(quantiles.levels, tuple(max(0.0, value + shift) for value in quantiles.values))
