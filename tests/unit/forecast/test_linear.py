"""The model Linear: exact where its assumptions hold, unmoved by an outage, and bounded where nobody knows."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.linear import linear
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit

DAY = 48


def day(steps: FloatArray) -> FloatArray:
    return np.asarray(100 + 30 * np.cos(2 * np.pi * steps / DAY) + 10 * np.sin(6 * np.pi * steps / DAY))


PAST, FUTURE = np.arange(4.0 * DAY), np.arange(4.0 * DAY, 5.0 * DAY)


def test_a_trend_and_a_day_are_carried_on() -> None:
    found = linear(day(PAST) + 0.5 * PAST, DAY, DAY)
    assert found == pytest.approx(day(FUTURE) + 0.5 * FUTURE, rel=1e-6)


def test_less_than_two_days_have_no_day() -> None:
    found = linear(10.0 + PAST[: 2 * DAY], 3, DAY)
    assert found == pytest.approx([10.0 + 2 * DAY + ahead for ahead in range(3)])


def test_a_trend_goes_on_for_as_long_as_it_was_seen() -> None:
    found = linear(np.arange(30.0), 100, DAY)
    assert found[29] == pytest.approx(59.0)
    assert found[-1] == pytest.approx(60.0)


def test_unknown_values_are_passed_over() -> None:
    values = day(PAST)
    values[50:70] = np.nan
    values[-3:] = np.nan
    assert linear(values, DAY, DAY) == pytest.approx(day(FUTURE), rel=1e-6)


def test_an_outage_is_not_a_rule() -> None:
    values = day(PAST)
    values[60:64] = 0.0
    assert linear(values, DAY, DAY) == pytest.approx(day(FUTURE), rel=0.05)


def test_what_is_left_of_the_last_error_dies_away() -> None:
    error = np.zeros(len(PAST))
    error[-6:] = 20.0
    found = linear(day(PAST) + error, DAY, DAY) - day(FUTURE)
    assert found[0] > 10.0
    assert abs(found[-1]) < 5.0
    assert found[0] > found[3] > found[9]


@pytest.mark.parametrize("value", [0.0, 7.0, 1e12])
def test_a_constant_stays_what_it_is(value: float) -> None:
    assert linear(np.full(100, value), 20, 10) == pytest.approx(value, rel=1e-9)


def test_one_known_value_is_enough_to_say_something() -> None:
    assert np.isfinite(linear(np.array([np.nan, 5.0, np.nan]), 4, DAY)).all()
