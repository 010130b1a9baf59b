"""What the ridge regression sees of a series at one moment, for each step it looks ahead.

Everything but the unrest is a difference from the slow average, so a change of level changes no coefficient. An
unknown lag says what the day profile says, and an unknown profile that all is as on average.

    jump = sign(d) max(0, |d| - 3 unrest)        d: last value less slow average

One coefficient of d cannot say that a little more than usual is noise, which goes, and a lot more an event, which
stays, or the other way round. With a piece of its own beyond a knot the regression learns either (linear splines:
Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning", 2nd ed., section 5.2).
"""

from __future__ import annotations

import numpy as np

from edgewarm.forecast.cycle import Cycle
from edgewarm.forecast.levels import Levels
from edgewarm.forecast.seasons import Seasons
from edgewarm.model.demand import FloatArray, IntArray

NAMES = (
    "unrest",
    "last value",
    "jump",
    "average of 7 min",
    "day profile then",
    "day profile now",
    "day before",
    "hour before",
    "mean of two hours before",
    "minute of the hour",
    "week before",
    "cycle then",
    "cycle now",
)
PRIOR = np.array([0.0, 0.3, 0.0, 0.7, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
"""Coefficients that are believed before anything is learned: the level moves on, and follows the day profile."""
FAR = 3.0  # unrests from the slow average: beyond it a value counts as a jump


def features(seasons: Seasons, levels: Levels, cycle: Cycle, step: int, ahead: IntArray) -> FloatArray:
    """Features (A, F, N) at `step`, the last one learned, of the demand `ahead` (A,) steps later."""
    then, slow = step + ahead, levels.slow
    hours = -(-ahead // seasons.minutes) * seasons.minutes
    back = np.concatenate([then - days_back(seasons, ahead), then - hours, then - hours - seasons.minutes])
    day_before, hour_before, two_before = seasons.past(back).reshape(3, len(ahead), -1)
    usual = seasons.usual(np.append(then, step))
    later, now = usual[:-1], usual[-1]
    profiled = np.isfinite(later) & np.isfinite(now)
    result = np.empty((len(ahead), len(NAMES), len(slow)))
    result[:, 0] = levels.unrest
    result[:, 1] = levels.last - slow
    result[:, 2] = jump(levels)
    result[:, 3] = levels.average[0] - slow
    result[:, 4] = np.where(profiled, later - slow, 0.0)
    result[:, 5] = np.where(profiled, now - slow, 0.0)
    lags = day_before, hour_before, (hour_before + two_before) / 2, seasons.week_ago(then)
    for index, lag in zip((6, 7, 8, 10), lags, strict=True):
        above = lag - slow
        result[:, index] = np.where(np.isfinite(above), above, result[:, 4])
    result[:, 9] = seasons.usual_of_hour(then)
    result[:, 11] = cycle.before(seasons, then, step) - slow
    result[:, 12] = cycle.before(seasons, np.array([step]), step) - slow
    np.copyto(result, 0.0, where=~np.isfinite(result))
    return result


def jump(levels: Levels) -> FloatArray:
    """How far the last value lies from the slow average beyond what is usual, (N,); NaN where nothing was seen."""
    moved = levels.last - levels.slow
    return np.asarray(np.copysign(np.maximum(np.abs(moved) - FAR * levels.unrest, 0.0), moved))


def days_back(seasons: Seasons, ahead: IntArray) -> IntArray:
    """Whole days in steps from the time `ahead` back to the last known one at that time of day."""
    days: IntArray = -(-ahead // seasons.slots) * seasons.slots
    return days
