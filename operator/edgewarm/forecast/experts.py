"""The experts: seven simple answers to what comes next, each right in its own kind of time.

    ridge           regression on all features                            what usually follows what is seen now
    last value      z                                                     the random walk: what every forecast must beat
    day profile     day[then] + today's deviation, fading                 Holt-Winters' level + season, no trend
    week            mean of last week and the day profile                 weekdays that differ
    theta           average + half the drift                              theta method with theta = 2 (Assimakopoulos &
                                                                          Nikolopoulos 2000; Hyndman & Billah 2003)
    day before      z one day before                                      the seasonal naive
    surge           z + half the slope, at most 15 min of it              a rise under way

A day ahead and later the last value is the day before, and a rise under way says nothing. There two speak of what
lasts so long: *day before* of last week, shaped within its quarters of an hour as the day profile is (*week* takes that
too), and *surge* of the average of three hours. And *day profile* says the median of the last seven days at that time;
their other quantiles are its spread (forecast.last_days).

All on the square-root scale. An expert that knows nothing says what the day profile says, or else the
last value.
"""

from __future__ import annotations

import numpy as np

from edgewarm.forecast.features import days_back
from edgewarm.forecast.levels import Levels
from edgewarm.forecast.seasons import HOUR_SECONDS, QUARTER_SECONDS, Seasons
from edgewarm.model.demand import FloatArray, IntArray

EXPERTS = ("ridge", "last value", "day profile", "week", "theta", "day before", "surge")
RIDGE, LAST, PROFILE, WEEK, DAY_BEFORE, SURGE = (
    EXPERTS.index(name) for name in ("ridge", "last value", "day profile", "week", "day before", "surge")
)


def points(
    seasons: Seasons, levels: Levels, step: int, ahead: IntArray, regressed: FloatArray, days: FloatArray
) -> FloatArray:
    """What each expert expects `ahead` (A,) steps after `step`, (A, E, N).

    `regressed` (A, N) is what the ridge expects above the slow average; `days` are the medians of the last days, one
    (N,) for each of `ahead` that is a day or more, NaN where nothing is known.
    """
    then = step + ahead
    later = seasons.usual(then)
    hour, quarter = (seconds / levels.step_seconds for seconds in (HOUR_SECONDS, QUARTER_SECONDS))
    said = np.empty((len(ahead), len(EXPERTS), len(levels.last)))
    said[:, RIDGE] = levels.slow + regressed
    said[:, LAST] = levels.last
    said[:, PROFILE] = later + seasons.deviation * seasons.fading(ahead)
    said[:, WEEK] = (later + seasons.week_ago(then)) / 2
    said[:, 4] = levels.average[0] + levels.drift * np.minimum(ahead, hour)[:, None] / 2
    said[:, DAY_BEFORE] = seasons.past(then - days_back(seasons, ahead))
    said[:, SURGE] = levels.last + levels.slope * np.minimum(ahead, quarter)[:, None] / 2
    usual = np.where(np.isfinite(said[:, PROFILE]), said[:, PROFILE], levels.last)
    far = ahead >= seasons.slots
    if far.any():
        said[far, DAY_BEFORE] = seasons.week_ago_shaped(then[far])
        said[far, WEEK] = (later[far] + said[far, DAY_BEFORE]) / 2
        said[far, SURGE] = levels.hours
        said[far, PROFILE] = np.where(np.isfinite(days), days, said[far, PROFILE])
    np.copyto(said, usual[:, None], where=~np.isfinite(said))
    return np.maximum(said, 0.0, out=said)
