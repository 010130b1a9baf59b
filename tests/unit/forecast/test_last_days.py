"""Quantiles of the last seven days at a time of day: sorted values, and nothing of what has not come yet."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest

from edgewarm.forecast.experts import PROFILE
from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.last_days import of_last_days
from edgewarm.forecast.mixture import LEVELS
from edgewarm.forecast.seasons import Seasons
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit

HOUR, DAY = 3600.0, 24


def told(z: list[float], *levels: float) -> list[float]:
    """Quantiles of the same hour of tomorrow, after these hours."""
    seasons = Seasons.blank(1, HOUR)
    for step, value in enumerate(z):
        seasons.learn(step, np.array([value]), np.array([np.nan]))
    found = of_last_days(seasons, np.array(z[-1:]), np.array([len(z) - 1 + DAY]), levels)
    return [float(value) for value in found[0, :, 0]]


def test_the_quantiles_are_those_of_five_hours_of_seven_days() -> None:
    """Noon of the eighth of eight flat days, 1 to 8. For noon of the ninth: three hours of 8; of one in the afternoon
    and two, which have not come yet, what they were on the first day, 1; and five of 2 to 7 each. That is 35:
    1 1 2 2 2 2 2 3 3 3 3 3 4 4 4 4 4 5 ... and the q-quantile is the one at 35 q - 1/2, counted from 0."""
    hours = [float(day) for day in range(1, 9) for _ in range(DAY)][: 7 * DAY + 13]
    assert told(hours, 0.5) == pytest.approx([5.0])  # at 17
    assert told(hours, 0.9) == pytest.approx([7.0])  # at 31, of 27 to 31
    assert told(hours, 32 / 35) == pytest.approx([7.5])  # at 31.5, between a 7 and an 8
    assert told(hours, 0.0, 1.0) == pytest.approx([1.0, 8.0])


def test_before_anything_is_known_of_other_days_it_is_the_last_value() -> None:
    assert told([3.0], 0.1, 0.5, 0.9) == pytest.approx([3.0, 3.0, 3.0])
    assert np.isnan(told([np.nan], 0.5)).all()


def test_unknown_hours_count_for_nothing() -> None:
    """Two days of 2, an outage of three days, and 4 since."""
    hours = [2.0] * 2 * DAY + [np.nan] * 3 * DAY + [4.0] * 2 * DAY
    assert told(hours, 0.0, 1.0) == pytest.approx([2.0, 4.0])


def test_a_day_ahead_the_day_profile_alone_says_just_that() -> None:
    hours = [float(day) for day in range(1, 9) for _ in range(DAY)][: 7 * DAY + 13]
    fleet = FleetModel(1, HOUR, Windows.of((1, DAY)))
    for step, z in enumerate(hours):
        fleet.update(step, np.array([z * z]), np.array([False]))
    state = fleet.state()
    state["mixture.weight"][:], state["mixture.weight"][:, PROFILE] = 0.0, 1.0
    for learned in ("mixture.quantile", "mixture.correction", "clock.visits"):
        state[learned][:] = 0.0
    found = FleetModel.from_state(state).forecast().at_ahead[0, 1]
    assert np.sqrt(found) == pytest.approx(told(hours, *LEVELS), rel=1e-6)


def widths_a_day_ahead(demand: FloatArray, steps: Collection[int]) -> list[float]:
    """p90 less p10 of the value a day after each of these steps of 900 s."""
    fleet, widths = FleetModel(1, 900.0, Windows.of((1, 96))), []
    for step, value in enumerate(demand[: max(steps) + 1]):
        fleet.update(step, np.array([value]), np.array([False]))
        if step in steps:
            found = fleet.forecast().at_ahead[0, 1]
            widths.append(float(found[LEVELS.index(0.9)] - found[LEVELS.index(0.1)]))
    return widths


def test_a_day_ahead_hours_that_differ_from_day_to_day_are_told_wider_than_hours_that_do_not() -> None:
    """Mornings are 100 every day, afternoons between 50 and 150, another number each day."""
    random = np.random.default_rng(5)
    days = [np.repeat([100.0, random.uniform(50.0, 150.0)], 48) for _ in range(10)]
    demand = np.concatenate(days) * random.uniform(0.99, 1.01, 10 * 96)
    morning, afternoon = widths_a_day_ahead(demand, (9 * 96 + 6 * 4, 9 * 96 + 18 * 4))
    assert morning < 0.7 * afternoon
