"""What the last seven days were at a time of day, as quantiles: what an expert says that has a distribution of its own.

    values     means of the quarter of an hour that the time is in, of two before and of two after it, on each of the
               seven days; of the quarter under way the last value, of those to come what they were a week ago
    quantile   linear between the sorted values, the i-th of n at the level (i - 1/2) / n

Hazen 1914; definition 5 of Hyndman & Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50(4),
1996.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgewarm.forecast.seasons import WEEK_DAYS, Seasons
from edgewarm.model.demand import FloatArray, IntArray

NEIGHBOURS = (0, -2, -1, 1, 2)  # quarters of an hour; first the one that the time is in


def of_last_days(seasons: Seasons, last: FloatArray, steps: IntArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles (F, Q, N) for `steps` (F,), each a day to a week ahead; NaN where nothing is known.

    `last` (N,) is the last value.
    """
    values = seasons.quarters(steps, WEEK_DAYS, NEIGHBOURS)
    values[:, 0] = last / seasons.unit
    ordered = np.sort(values.transpose(0, 2, 1), axis=-1)  # unknown ones last
    count = np.isfinite(ordered).sum(axis=-1)[..., None]
    most = np.maximum(count - 1, 0)
    place = np.minimum(np.maximum(count * np.asarray(levels) - 0.5, 0.0), most)
    low = place.astype(np.int64)
    below = np.take_along_axis(ordered, low, axis=-1).astype(np.float64)
    above = np.take_along_axis(ordered, np.minimum(low + 1, most), axis=-1)
    found = below + (place - low) * (above - below)
    return np.asarray(found.transpose(0, 2, 1) * seasons.unit)
