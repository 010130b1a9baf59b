"""Day, hour and week: what is remembered, what fades, and what is unknown."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.seasons import Seasons

pytestmark = pytest.mark.unit

HOUR, DAY = 3600.0, 24
ZERO = np.zeros(1)


def after(*values: float, first: int = 0) -> Seasons:
    """One row of hourly steps."""
    seasons = Seasons.blank(1, HOUR)
    for index, value in enumerate(values):
        seasons.learn(first + index, np.array([value]), ZERO)
    return seasons


def test_the_day_profile_is_a_mean_first_and_then_forgets() -> None:
    seasons = after(4.0, first=0)
    for day, value in enumerate((8.0, 3.0), start=1):
        seasons.learn(day * DAY, np.array([value]), ZERO)
    assert seasons.usual(np.array([5 * DAY]))[0, 0] == pytest.approx((4 + 8 + 3) / 3)
    for day in range(3, 40):
        seasons.learn(day * DAY, np.array([0.0]), ZERO)
    assert seasons.usual(np.array([0]))[0, 0] < 0.1


def test_what_was_never_seen_is_unknown() -> None:
    seasons = after(4.0)
    assert np.isnan(seasons.usual(np.array([1]))[0, 0])
    assert np.isnan(seasons.week_ago(np.array([7 * DAY + 1]))[0, 0])
    assert np.isnan(seasons.past(np.array([-3]))[0, 0])


def test_the_week_remembers_its_quarter() -> None:
    seasons = Seasons.blank(1, 300.0)
    for step, value in enumerate((3.0, 6.0, 9.0)):
        seasons.learn(step, np.array([value]), ZERO)
    week = 7 * 288
    assert seasons.week_ago(np.array([week, week + 2, week + 3]))[:, 0].tolist() == pytest.approx(
        [6, 6, np.nan], nan_ok=True
    )


def test_the_week_is_shaped_within_its_quarter_as_the_day_profile_is() -> None:
    """Last week 3, 6, 9 in one quarter of an hour, all other days 1, 1, 4: the mean 6 of the one, the shape of both."""
    seasons = Seasons.blank(1, 300.0)
    for day in range(7):
        for step, value in enumerate((3.0, 6.0, 9.0) if day == 0 else (1.0, 1.0, 4.0)):
            seasons.learn(day * 288 + step, np.array([value]), ZERO)
    then = 7 * 288 + np.arange(3)
    profile = seasons.usual(then)[:, 0]
    assert profile == pytest.approx([1 + 2 / 7, 1 + 5 / 7, 4 + 5 / 7])  # plain means of seven days, so far
    assert seasons.week_ago_shaped(then)[:, 0] == pytest.approx(6 + profile - profile.mean())


def test_the_deviation_of_today_fades_by_a_fiftieth_a_minute() -> None:
    seasons = Seasons.blank(1, 60.0)
    assert seasons.fading(np.array([0, 1, 60]))[:, 0] == pytest.approx([1, 0.98, 0.98**60])


def test_an_unknown_step_leaves_the_profile() -> None:
    seasons = after(4.0)
    seasons.learn(DAY, np.array([np.nan]), ZERO)
    assert seasons.usual(np.array([0]))[0, 0] == 4.0
    assert seasons.visits[0, 0] == 1


def test_the_last_day_is_kept_by_step() -> None:
    seasons = after(*[float(step) for step in range(2 * DAY)])
    assert seasons.past(np.array([2 * DAY - 1, DAY]))[:, 0].tolist() == [2 * DAY - 1, DAY]
