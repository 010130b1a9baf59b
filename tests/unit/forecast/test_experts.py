"""What each expert says of a moment, and who speaks of something else a day ahead."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.cycle import Cycle
from edgewarm.forecast.experts import DAY_BEFORE, EXPERTS, LAST, PROFILE, SURGE, WEEK, points
from edgewarm.forecast.features import features
from edgewarm.forecast.last_days import of_last_days
from edgewarm.forecast.levels import Levels
from edgewarm.forecast.ridge import Ridge
from edgewarm.forecast.seasons import Seasons
from edgewarm.model.demand import FloatArray, IntArray

pytestmark = pytest.mark.unit

HOUR, DAY = 3600.0, 24
AHEAD = np.array([1, DAY])


def said(*z: float, step_seconds: float = HOUR, ahead: IntArray = AHEAD) -> FloatArray:
    """What all experts say (A, E), an hour and a day ahead unless told, after these steps."""
    levels, seasons = Levels.blank(1, step_seconds), Seasons.blank(1, step_seconds)
    for step, value in enumerate(z):
        seasons.learn(step, np.array([value]), levels.slow)
        levels.learn(np.array([value]))
    last = len(z) - 1
    x = features(seasons, levels, Cycle.blank(1, step_seconds), last, ahead)
    days = of_last_days(seasons, levels.last, last + ahead[ahead >= seasons.slots], (0.5,))[:, 0]
    found = points(seasons, levels, last, ahead, Ridge.blank(1, len(ahead)).predict(x), days)
    return np.asarray(found[..., 0])


def of_weekdays(*levels: float) -> list[float]:
    """Days that are flat, of these levels."""
    return [level for level in levels for _ in range(DAY)]


def test_an_hour_ahead_the_day_before_is_yesterday_and_a_day_ahead_last_week() -> None:
    """Seven days of levels 1 to 7, and it is the last hour of the seventh: tomorrow is a first day, as in last week."""
    found = said(*of_weekdays(1, 2, 3, 4, 5, 6, 7))
    assert found[0, DAY_BEFORE] == 7.0  # the same hour, one day before the next
    assert found[1, DAY_BEFORE] == 1.0
    profile = 4.0  # the mean of the seven
    assert found[:, WEEK] == pytest.approx((profile + 1.0) / 2)  # it is a first day in an hour, too


def test_theta_goes_on_with_half_of_the_drift_and_surge_with_half_of_the_slope_for_as_long_as_they_trust_it() -> None:
    """A line that rises by .1 a minute: theta trusts it for an hour, surge for a quarter of one."""
    rising = said(*np.linspace(5.0, 35.0, 301), step_seconds=60.0, ahead=np.array([1, 11, 15, 30, 60, 120]))
    moved = rising - rising[0]
    assert moved[:, EXPERTS.index("theta")] == pytest.approx([0.0, 0.5, 0.7, 1.45, 2.95, 2.95], rel=1e-6)
    assert moved[:, SURGE] == pytest.approx([0.0, 0.5, 0.7, 0.7, 0.7, 0.7], rel=1e-6)


def test_a_day_ahead_the_surge_speaks_of_the_last_three_hours() -> None:
    found = said(*of_weekdays(4), 4.0, 9.0)
    assert found[0, SURGE] > 9.0  # a rise under way
    assert 4.0 < found[1, SURGE] < found[1, LAST] == 9.0


def test_before_a_week_is_over_last_week_is_what_the_day_profile_says() -> None:
    found = said(*of_weekdays(1, 2, 6))
    assert found[1, DAY_BEFORE] == pytest.approx((1 + 2 + 6) / 3)
    assert found[1, WEEK] == found[1, DAY_BEFORE]


def test_an_hour_ahead_the_day_profile_is_a_mean_and_a_day_ahead_the_median_of_the_last_days() -> None:
    """One day of six was ten times as busy. It is noon of the seventh: tomorrow noon, with two hours around."""
    found = said(*of_weekdays(1, 1, 10, 1, 1, 1), *[1.0] * 13)
    assert found[0, PROFILE] > 2.0
    assert found[1, PROFILE] == pytest.approx(1.0)
